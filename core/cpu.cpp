#include "core/cpu.hpp"

#include <cstdlib>
#include <string_view>

#include "core/host_device.hpp"

namespace synfire {

bool cpu_runs_wide_loops() {
#if SYNFIRE_HAS_WIDE
  static const bool wide = [] {
    const char* choice = std::getenv("SYNFIRE_WIDE");
    if (choice != nullptr && std::string_view(choice) == "0") return false;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  }();
  return wide;
#else
  return false;
#endif
}

std::vector<std::string> cpu_features() {
  std::vector<std::string> found;
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2")) found.emplace_back("avx2");
  if (__builtin_cpu_supports("fma")) found.emplace_back("fma");
  if (__builtin_cpu_supports("avx512f")) found.emplace_back("avx512f");
  if (__builtin_cpu_supports("avx512bw")) found.emplace_back("avx512bw");
  if (__builtin_cpu_supports("avx512vl")) found.emplace_back("avx512vl");
  if (__builtin_cpu_supports("avx512cd")) found.emplace_back("avx512cd");
#endif
  return found;
}

}  // namespace synfire
