// Tiny numbers count as zero while the engine runs: decaying currents would else become denormal numbers, on
// which processors are ten times slower.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace synfire {

/// Sets flush-to-zero and denormals-are-zero for the calling thread, and restores the old state at the end.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | flush_to_zero | denormals_are_zero); }
  ~FlushDenormals() { _mm_setcsr(before_); }
#else
  FlushDenormals() = default;
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

#if defined(__x86_64__)
 private:
  static constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
  unsigned before_;
#endif
};

}  // namespace synfire
