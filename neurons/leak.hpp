// The membrane of models that live in steps: H = from_V V + from_X X + offset before the spike test.
#pragma once

#include <array>
#include <string_view>

namespace synfire {

/// decay: H = decay V + X.  tau: H = V + (X - (V - V_reset)) / tau.
inline constexpr std::array<std::string_view, 2> leak_forms = {"decay", "tau"};

struct Leak {
  double from_V, from_X, offset;
};

inline Leak leak_of_tau(double tau, double V_reset) { return {1 - 1 / tau, 1 / tau, V_reset / tau}; }

/// `form` is a position in leak_forms.
inline Leak leak_of(double form, double decay, double tau, double V_reset) {
  return form == 0 ? Leak{decay, 1, 0} : leak_of_tau(tau, V_reset);
}

}  // namespace synfire
