#include "learning/gradient/surrogate.hpp"

#include <cstddef>

#include "core/loops.hpp"

namespace synfire::learning {
namespace {

constexpr std::string_view what = "surrogate";

template <class Real>
void all_slopes(const AnySurrogate<Real>& any, std::span<const Real> margins, std::span<Real> slopes) {
  if (margins.size() != slopes.size())
    throw Error(ErrorKind::internal, "surrogate: as many slopes as margins are needed");
  std::visit(
      [&](const auto& surrogate) {
        const auto own = surrogate;  // so that no write to the slopes can seem to change it
        const Real* from = margins.data();
        Real* to = slopes.data();
        const std::size_t count = margins.size();
        run_loop([=]() SYNFIRE_INLINE {
          SYNFIRE_INDEPENDENT
          for (std::size_t i = 0; i < count; ++i) to[i] = own.slope(from[i]);
        });
      },
      any);
}

}  // namespace

Surrogate::Surrogate(const Chosen& chosen)
    : single_(one_chosen<float, Surrogates>(chosen, what)),
      double_(one_chosen<double, Surrogates>(chosen, what)) {}

void Surrogate::slopes(std::span<const float> margins, std::span<float> slopes) const {
  all_slopes(single_, margins, slopes);
}
void Surrogate::slopes(std::span<const double> margins, std::span<double> slopes) const {
  all_slopes(double_, margins, slopes);
}
double Surrogate::slope(double margin) const {
  return std::visit([&](const auto& surrogate) { return surrogate.slope(margin); }, double_);
}
double Surrogate::primitive(double margin) const {
  return std::visit([&](const auto& surrogate) { return surrogate.primitive(margin); }, double_);
}

}  // namespace synfire::learning
