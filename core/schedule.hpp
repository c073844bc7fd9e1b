// A value that changes at given times: a rate, a current.
#pragma once

#include <utility>
#include <vector>

#include "core/distribution.hpp"
#include "core/error.hpp"

namespace synfire {

/// Piecewise constant in time: `value` holds from `time_ms` to the next entry; before the first it is 0.
struct Schedule {
  struct Piece {
    double time_ms = 0;
    double value = 0;
  };
  std::vector<Piece> pieces;  ///< times strictly ascending
  Position where;

  double at(double time_ms) const {
    double value = 0;
    for (const auto& piece : pieces) {
      if (piece.time_ms > time_ms) break;
      value = piece.value;
    }
    return value;
  }
};

/// What a user may write for a parameter: a number or distribution over the neurons, or a schedule over time.
using ParameterValue = std::variant<Distribution, Schedule>;

}  // namespace synfire
