#pragma once

#include <array>
#include <limits>
#include <string_view>

#include "core/parameter.hpp"

namespace synfire {

/// A current that is the same for every target: constant (direct current) between start and stop, or stepwise
/// when the amplitude is a schedule.
struct StepCurrent {
  struct Parameters {
    double amplitude = 0;
    double start = 0;
    double stop = std::numeric_limits<double>::infinity();
  };
  static constexpr bool emits_current = true;
  static constexpr std::array<std::string_view, 1> scheduled = {"amplitude"};

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("step_current", "constant or stepwise changing current",
                    "NEST dc_generator, step_current_generator",
                    field(&P::amplitude, "amplitude", Unit::pA, unbounded, "current"),
                    field(&P::start, "start", Unit::ms, non_negative, "the current flows from here"),
                    field(&P::stop, "stop", Unit::ms, non_negative, "and until here"));
  }
};

}  // namespace synfire
