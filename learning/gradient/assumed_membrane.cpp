#include "learning/gradient/assumed_membrane.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/loops.hpp"
#include "core/math.hpp"
#include "core/noise.hpp"
#include "networks/training.hpp"

namespace synfire::learning {
namespace {

constexpr std::size_t group = noise::group_size;

/// Uniform deviates in [-1, 1).
SYNFIRE_HD void to_both_sides(std::array<float, group>& values) {
  for (float& value : values) value = 2 * value - 1;
}

/// Uniform deviates in [0, 1) to normal ones, half of them as radius and half as angle (Box & Muller 1958).
SYNFIRE_HD void to_normal(std::array<float, group>& values) {
  constexpr float turn = 6.28318530717958648f;
  for (std::size_t i = 0; i < group / 2; ++i) {
    const float radius = math::sqrt(-2 * math::log(1 - values[i])), angle = turn * values[i + group / 2];
    values[i] = radius * math::cos(angle);
    values[i + group / 2] = radius * math::sin(angle);
  }
}

/// Mean of the membranes and the largest distance from it, which is 0 where they are all the same.
template <class Real> struct Extent {
  explicit Extent(std::span<const Real> values) {
    double sum = 0;
    for (const Real value : values) sum += double(value);
    mean = sum / double(values.size());
    // The mean of equal numbers may differ from them by rounding.
    if (std::all_of(values.begin(), values.end(), [&](Real value) { return value == values[0]; })) return;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (std::abs(double(values[i]) - mean) > largest) largest = std::abs(double(values[i]) - mean), at = i;
  }
  double mean = 0, largest = 0;
  std::size_t at = 0;  ///< of the largest
};

}  // namespace

template <class Real>
std::optional<AssumedMembrane<Real>> AssumedMembrane<Real>::of(const Chosen& membrane, RandomKey key) {
  const auto kind = one_chosen<training::Membranes>(membrane, "membrane");
  if (const auto* noise = std::get_if<training::MembraneNoise>(&kind))
    return AssumedMembrane(key, 0.5, noise->beta, 0, noise->distribution == 0);
  if (const auto* normalised = std::get_if<training::NormalisedMembrane>(&kind))
    return AssumedMembrane(key, 0.5 - 1 / normalised->alpha, normalised->beta, normalised->alpha,
                           normalised->distribution == 0);
  return std::nullopt;
}

template <class Real>
void AssumedMembrane<Real>::draw(std::int64_t step, std::uint32_t part, std::uint32_t sample,
                                 std::span<Real> noise) const {
  const std::size_t groups = (noise.size() + group - 1) / group;
  float largest = 0;
  run_loop([&]() SYNFIRE_INLINE {
    for (std::size_t g = 0; g < groups; ++g) {
      std::array<float, group> values;
      noise::draw_group(key_, step, static_cast<std::uint32_t>(sample * groups + g), part, values.data());
      if (gaussian_) {
        to_normal(values);
      } else {
        to_both_sides(values);
      }
      const std::size_t size = std::min(group, noise.size() - g * group);
      for (std::size_t i = 0; i < size; ++i)
        largest = std::max(largest, values[i] < 0 ? -values[i] : values[i]);
      for (std::size_t i = 0; i < size; ++i) noise[g * group + i] = Real(values[i]);
    }
  });
  const Real scale = Real(gaussian_ ? amplitude_ / std::max(largest, 1e-30f) : amplitude_);
  for (Real& value : noise) value *= scale;
}

template <class Real>
void AssumedMembrane<Real>::add(std::span<const Real> input, std::span<const Real> before, std::int64_t step,
                                std::uint32_t part, std::uint32_t sample, std::span<Real> x) const {
  draw(step, part, sample, x);
  double offset = beta_, scale = 0;
  if (remembers()) {
    const Extent<Real> extent(before);
    if (extent.largest > 0) scale = 1 / (alpha_ * extent.largest);
    offset -= extent.mean * scale;
  }
  const Real shift = Real(offset), factor = Real(scale);
  const std::size_t size = x.size();
  if (factor == Real(0)) {
    for (std::size_t i = 0; i < size; ++i) x[i] += input[i] + shift;
  } else {
    for (std::size_t i = 0; i < size; ++i) x[i] += input[i] + (before[i] * factor + shift);
  }
}

// With c = V - mean V and m = |c_k| the largest of n, N = c / (alpha m) + beta has dN_i/dV_j = (d_ij - 1/n) /
// (alpha m)
// - c_i sign(c_k) (d_kj - 1/n) / (alpha m^2).
template <class Real>
void AssumedMembrane<Real>::reverse(std::span<const Real> before, std::span<const Real> d_x,
                                    std::span<Real> d_before) const {
  if (!remembers()) return;
  const Extent<Real> extent(before);
  if (!(extent.largest > 0)) return;
  const double n = double(before.size()), scale = 1 / (alpha_ * extent.largest);
  double sum = 0, along = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    sum += double(d_x[i]);
    along += double(d_x[i]) * (double(before[i]) - extent.mean);
  }
  const double sign = double(before[extent.at]) > extent.mean ? 1 : -1;
  const double by_largest = sign * along * scale / extent.largest;
  const Real factor = Real(scale), shift = Real((by_largest - sum * scale) / n);
  for (std::size_t i = 0; i < before.size(); ++i) d_before[i] += d_x[i] * factor + shift;
  d_before[extent.at] -= Real(by_largest);
}

template class AssumedMembrane<float>;
template class AssumedMembrane<double>;

}  // namespace synfire::learning
