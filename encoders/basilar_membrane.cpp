#include "encoders/basilar_membrane.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/loops.hpp"
#include "core/math.hpp"

namespace synfire {
namespace {

using Complex = std::complex<double>;
using std::numbers::pi;
constexpr Complex i{0, 1};

constexpr double C0 = 1e9, a = 3500, alpha = 3, rho = 1, depth = 0.1, m = 0.05;
const double R0 = 0.15 * std::sqrt(C0 * m);

constexpr Complex times(Complex x, Complex y) {
  return {x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real()};
}

// J0 + i Y0 by their power series.
Complex hankel_near(Complex z) {
  const Complex quarter = -times(z, z) * 0.25;
  Complex term = 1, bessel = 1, rest = 0;
  double harmonic = 0;
  for (int k = 1; k < 60; ++k) {
    term = times(term, quarter) * (1.0 / (double(k) * k));
    harmonic += 1.0 / k;
    bessel += term;
    rest -= term * harmonic;
    if (std::norm(term) < 1e-36 * std::norm(bessel)) break;
  }
  const Complex neumann = (2 / pi) * (times(std::log(z * 0.5) + std::numbers::egamma, bessel) + rest);
  return bessel + times(i, neumann);
}

// By Hankel's asymptotic series, up to its smallest term.
Complex hankel_far(Complex z) {
  const Complex inverse = 1.0 / (8.0 * z);
  Complex term = 1, sum = 1;
  for (int k = 1; k < 40; ++k) {
    const Complex next = times(term, times(Complex(0, -double(2 * k - 1) * (2 * k - 1) / k), inverse));
    if (std::norm(next) >= std::norm(term) || std::norm(next) < 1e-34) break;
    term = next;
    sum += term;
  }
  return times(std::sqrt(2.0 / (pi * z)), times(std::exp(times(i, z - pi / 4)), sum));
}

Complex hankel(Complex z) { return std::norm(z) < 64 ? hankel_near(z) : hankel_far(z); }

}  // namespace

struct MembraneTable::Node {
  double w, q;
  Complex g0, log_num, factor, base;  // base: 2 w Z / P(w, 0)

  explicit Node(double angular_frequency) : w(angular_frequency), q(std::sqrt(a + m * w * w)) {
    g0 = wave_number(impedance(0));
    log_num = -alpha * std::sqrt(C0 - a - w * (m * w + i * R0)) +
              i * alpha * (2 * a + w * (2 * m * w + i * R0)) / (2 * q);
    factor = 2 * std::numbers::sqrt2 * i * w / (alpha * q * std::sqrt(2 * depth));
    const double u = 2 * w / alpha * std::sqrt(2 / (depth * C0));
    const Complex Z = std::sqrt(2 * C0 / depth) * (i * std::cyl_bessel_j(0.0, u) + std::cyl_neumann(0.0, u)) /
                      (std::cyl_bessel_j(1.0, u) - i * std::cyl_neumann(1.0, u));
    base = 2 * w * Z / pressure(0, g0);
  }

  Complex impedance(double c) const {
    const double E = std::exp(-alpha * c / 2);
    return {C0 * E * E - a - m * w * w, -w * R0 * E};
  }
  Complex wave_number(Complex xi) const { return w * std::sqrt(rho / (depth * xi)); }
  Complex pressure(double c, Complex g) const {
    const double E = std::exp(-alpha * c / 2);
    const Complex den = alpha / (2 * E) *
                        (-2.0 * std::sqrt(Complex(C0 * E * E - a - m * w * w, -E * w * R0)) +
                         i * (2 * a + w * (2 * m * w + i * (E * R0))) / q);
    const Complex G = 2.0 * g0 / alpha - times(factor, std::log(log_num / den));
    return times(std::sqrt(G / g), hankel(G));
  }
  Complex response(double c) const {
    const Complex xi = impedance(c);
    return times(pressure(c, wave_number(xi)), base) / xi;
  }
};

Complex membrane_response(double angular_frequency, double place_cm) {
  return MembraneTable::Node(angular_frequency).response(place_cm);
}

namespace {

constexpr double fine = 0.008;
constexpr std::size_t coarse = 8;        // fine steps
constexpr std::size_t points = 6;        // of the interpolation
constexpr double about_resonance = 1.3;  // from here below it on the steps are fine

double log_hz_of(std::size_t node) {
  return std::log(MembraneTable::lowest_hz) + fine * (static_cast<double>(node) - double(points * coarse));
}

}  // namespace

MembraneTable::Place MembraneTable::tabulate(std::span<const Node> nodes, double place_cm) {
  Place place;
  const auto add = [&](Piece& piece, std::size_t node) {
    const Complex log_v = std::log(nodes[node].response(place_cm));
    double phase = log_v.imag();
    if (!piece.phase.empty()) phase += 2 * pi * std::round((piece.phase.back() - phase) / (2 * pi));
    piece.log_size.push_back(log_v.real());
    piece.phase.push_back(phase);
  };
  const double E2 = std::exp(-alpha * place_cm);
  const double resonance_hz = std::sqrt(std::max(C0 * E2 - a, 1.0) / m) / (2 * pi);
  const double begin = (std::log(resonance_hz) - about_resonance - log_hz_of(0)) / fine;
  const std::size_t first =
      coarse * std::max<std::size_t>(points, begin > 0 ? static_cast<std::size_t>(begin) / coarse : 0);
  place.below = {log_hz_of(0), fine * coarse, {}, {}};
  for (std::size_t node = 0; node <= first + points * coarse && node < nodes.size(); node += coarse)
    add(place.below, node);
  place.about = {log_hz_of(first), fine, {}, {}};
  double greatest = -1e300;
  std::size_t node = first;
  for (; node < nodes.size(); ++node) {
    add(place.about, node);
    const double size = place.about.log_size.back();
    if (size > greatest) place.best_hz = std::exp(log_hz_of(node));
    greatest = std::max(greatest, size);
    if (size < greatest + std::log(3e-9)) break;
  }
  const std::size_t last = std::min(node, nodes.size() - 1) - points / 2;  // with neighbours on both sides
  place.cutoff_hz = std::min(highest_hz, std::exp(log_hz_of(last)));
  return place;
}

MembraneTable::MembraneTable(std::size_t places) {
  std::vector<Node> nodes;
  const double end = std::log(highest_hz) + fine * (points + 1);
  for (std::size_t k = 0; log_hz_of(k) < end; ++k) nodes.emplace_back(2 * pi * std::exp(log_hz_of(k)));
  for (std::size_t k = 0; k < places; ++k) places_.push_back(tabulate(nodes, place_cm(k, places)));
}

namespace {

// Lagrange's weights of the nodes -2 … 3 at t in [0, 1].
SYNFIRE_HD void weigh(double t, double (&weight)[points]) {
  const double p2 = t + 2, p1 = t + 1, m1 = t - 1, m2 = t - 2, m3 = t - 3;
  weight[0] = -(p1 * t) * (m1 * m2) * (m3 * (1.0 / 120));
  weight[1] = (p2 * t) * (m1 * m2) * (m3 * (1.0 / 24));
  weight[2] = -(p2 * p1) * (m1 * m2) * (m3 * (1.0 / 12));
  weight[3] = (p2 * p1) * (t * m2) * (m3 * (1.0 / 12));
  weight[4] = -(p2 * p1) * (t * m1) * (m3 * (1.0 / 24));
  weight[5] = (p2 * p1) * (t * m1) * (m2 * (1.0 / 120));
}

void interpolate(const double* log_size, const double* phase, double first, double per_step,
                 std::span<const double> log_hz, double* real, double* imaginary) {
  const std::size_t count = log_hz.size();
  const double* at = log_hz.data();
  run_loop([=]() SYNFIRE_INLINE {
    SYNFIRE_INDEPENDENT
    for (std::size_t k = 0; k < count; ++k) {
      const double x = (at[k] - first) * per_step;
      const auto node = static_cast<std::int32_t>(x);
      double weight[points];
      weigh(x - node, weight);
      double size = 0, angle = 0;
      SYNFIRE_UNROLL
      for (std::int32_t p = 0; p < std::int32_t(points); ++p) {
        size += weight[p] * log_size[node + p - 2];
        angle += weight[p] * phase[node + p - 2];
      }
      const double radius = math::exp(size);
      real[k] = radius * math::cos(angle);
      imaginary[k] = radius * math::sin(angle);
    }
  });
}

}  // namespace

void MembraneTable::read(std::size_t index, std::span<const double> log_hz, std::span<double> real,
                         std::span<double> imaginary) const {
  const Place& place = places_[index];
  constexpr std::size_t middle = points / 2;
  const double boundary = place.about.first + place.about.step * static_cast<double>(middle);
  const auto split =
      static_cast<std::size_t>(std::lower_bound(log_hz.begin(), log_hz.end(), boundary) - log_hz.begin());
  const Piece &below = place.below, &about = place.about;
  interpolate(below.log_size.data(), below.phase.data(), below.first, 1 / below.step, log_hz.first(split),
              real.data(), imaginary.data());
  interpolate(about.log_size.data(), about.phase.data(), about.first, 1 / about.step, log_hz.subspan(split),
              real.data() + split, imaginary.data() + split);
}

}  // namespace synfire
