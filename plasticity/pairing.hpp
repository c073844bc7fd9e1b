// Which spikes a trace counts, and how a change depends on the weight: what the rules share.
#pragma once

#include <array>
#include <string_view>

#include "core/host_device.hpp"
#include "core/math.hpp"

namespace synfire::plasticity {

/// All spikes add to a trace; or the trace starts anew at every spike, so that only the nearest one counts.
inline constexpr std::array<std::string_view, 2> pairings = {"all_to_all", "nearest"};
enum class Pairing { all_to_all, nearest };

/// A trace (1 for each spike) after one more spike.
template <class Real> SYNFIRE_HD Real after_spike(Real trace, Real pairing) {
  return math::select(pairing == Real(Pairing::nearest), Real(1), trace + Real(1));
}

inline constexpr std::array<std::string_view, 4> weight_dependences = {"additive", "multiplicative", "gutig",
                                                                       "power_law"};
enum class WeightDependence { additive, multiplicative, gutig, power_law };

/// u^mu for u >= 0; 0^mu is 0 for mu > 0 and 1 for mu = 0.
template <class Real> SYNFIRE_HD Real power(Real u, Real mu) {
  if (mu == Real(0)) return Real(1);
  return u > Real(0) ? math::exp(mu * math::log(u)) : Real(0);
}

}  // namespace synfire::plasticity
