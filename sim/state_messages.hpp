// The state of a run on its way between ranks: from all to the first, and back in sections.
#pragma once

#include <string>

#include "core/state.hpp"
#include "sim/ranks.hpp"

namespace synfire {

/// Moves what all ranks have to rank 0, one array of one rank at a time; elsewhere nothing is left. All must
/// call it.
void gather(Ranks& ranks, State& state);

/// The state that rank 0 has, for all ranks, one section at a time.
class SectionedState {
 public:
  /// `whole` counts on rank 0 only. With a null pointer it is all there is.
  SectionedState(Ranks* ranks, const State& whole) : ranks_(ranks), whole_(whole) {}

  /// A state that has the arrays below a path; good until the next call. All ranks must call it alike.
  const State& get(const std::string& path);

 private:
  Ranks* ranks_;
  const State& whole_;
  State section_;
};

}  // namespace synfire
