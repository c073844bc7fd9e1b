// A command that the processes of a launcher such as mpirun share.
#pragma once

#include <functional>

#include "sim/ranks.hpp"

namespace synfire::cli {

/// Joins the ranks that were started, if several were, and calls `command` with them, else with a null
/// pointer. An error of all is thrown on rank 0 only; one on which they cannot agree any more ends the
/// process.
void on_all_ranks(const std::function<void(Ranks*)>& command);

}  // namespace synfire::cli
