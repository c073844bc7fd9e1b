// Runs a hot loop in the widest form this machine has.
#pragma once

#include "core/cpu.hpp"
#include "core/host_device.hpp"

namespace synfire {

namespace detail {
template <class Body> SYNFIRE_WIDE void run_wide(const Body& body) { body(); }
}  // namespace detail

/// Calls a loop body (a lambda marked SYNFIRE_INLINE) compiled for AVX-512 where the processor has it, else
/// for the baseline. The two give the same bits.
template <class Body> void run_loop(const Body& body) {
  if (cpu_runs_wide_loops()) {
    detail::run_wide(body);
  } else {
    body();
  }
}

/// For loops that wait for another thread: lets the processor do something else for some tens of cycles.
inline void pause_thread() {
#if SYNFIRE_HAS_WIDE
  __builtin_ia32_pause();
#endif
}

}  // namespace synfire
