#pragma once

#include <string_view>

#include "core/parameter.hpp"
#include "encoders/samples.hpp"

namespace synfire {

/// No code: each value is a current, I = amplitude v + offset, that is held while its sample is shown; after
/// the last sample there is none. The first layer of neurons then is the encoder, as in Rueckauer et al.
/// 2017, Front. Neurosci. 11:682.
struct EncodeDirect {
  struct Parameters {
    double amplitude = 1;
    double offset = 0;
  };
  static constexpr bool emits_current = true;
  static constexpr std::string_view key = "values";

  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("direct", "values as currents, held for as long as a sample is shown",
                    "Rueckauer et al. 2017, Front. Neurosci. 11:682",
                    field(&P::amplitude, "amplitude", Unit::pA, unbounded, "current of the value 1"),
                    field(&P::offset, "offset", Unit::pA, unbounded, "current of the value 0"));
  }

  static std::size_t neurons(std::size_t values, const Parameters&) { return values; }
};

}  // namespace synfire
