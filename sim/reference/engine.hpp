// The yardstick: double precision, one thread, one neuron after another, no cleverness. Slow and easy to
// check.
#pragma once

#include "sim/plan.hpp"
#include "sim/record.hpp"
#include "sim/run.hpp"

namespace synfire {

/// Builds the network with the same connectivity, parameters and random draws as the fast engine. Of the
/// options only stop and progress apply.
std::unique_ptr<Engine> make_reference_engine(const BuildContext& context, const RunOptions& options);

}  // namespace synfire
