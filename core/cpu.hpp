// Which body of a hot loop this machine can run, and what the processor offers.
#pragma once

#include <string>
#include <vector>

namespace synfire {

/// True when loops marked SYNFIRE_WIDE may be called (AVX-512 F/BW/CD/DQ/VL). SYNFIRE_WIDE=0 in the
/// environment turns them off, for tests that compare both.
bool cpu_runs_wide_loops();

/// "avx2", "avx512f", … as the processor reports them; for `synfire info`.
std::vector<std::string> cpu_features();

}  // namespace synfire
