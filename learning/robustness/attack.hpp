// Samples changed by little, so that a network errs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/array.hpp"
#include "core/random.hpp"
#include "learning/gradient/network.hpp"

namespace synfire::learning {

/// All of them look for a larger loss L within the ball |x' - x| <= eps of pixels, all of which stay between
/// 0 and 1.
enum class AttackKind : std::uint8_t {
  fgsm,  ///< x' = x + eps sign(dL/dx) (Goodfellow et al. 2015)
  bim,   ///< steps of eps / N along the sign (Kurakin et al. 2017)
  mim,   ///< the same along the sign of g <- g + (dL/dx) / |dL/dx|_1 (Dong et al. 2018)
  pgd,   ///< from a point drawn from the ball, steps of 2.5 eps / N, and back into the ball (Madry et al.
         ///< 2018)
  spgd,  ///< the same without a gradient: mean over K directions u of +-1 of u (L(x + d u) - L(x - d u)) / 2
         ///< d
  noise  ///< a normal deviate of standard deviation eps, cut at the ball: no attack, but a control
};

/// In the order of the enumeration.
std::span<const std::string_view> attack_names();
std::string_view name_of(AttackKind kind);

struct Attack {
  AttackKind kind = AttackKind::pgd;
  double eps = 8.0 / 255;           ///< in pixels, which are 0 to 1
  std::uint32_t steps = 10;         ///< N, of all but fgsm and noise
  std::optional<double> step = {};  ///< in pixels, in place of the one that is said above
  std::uint32_t directions = 16;    ///< K of spgd in each step
};

/// How the values of a sample come from pixels of 0 to 1: (pixel - mean) / deviation, by channel.
struct PixelScale {
  std::vector<double> mean, deviation;  ///< of each channel, of all if there is one; empty: 0 and 1

  double low(std::size_t channel) const { return (0 - at(mean, channel, 0)) / unit(channel); }
  double high(std::size_t channel) const { return (1 - at(mean, channel, 0)) / unit(channel); }
  double unit(std::size_t channel) const {
    return at(deviation, channel, 1);
  }  ///< of a pixel, in one of a value

 private:
  static double at(const std::vector<double>& of, std::size_t channel, double otherwise) {
    return of.empty() ? otherwise : of[of.size() == 1 ? 0 : channel];
  }
};

/// Between which values the values of a batch stay within `eps` (in pixels) of where they are, and pixels
/// between 0 and 1. A value that is no pixel, such as a zero at the border, is left where it is.
template <class Real> struct PixelBall {
  PixelBall(const Batch<Real>& batch, const PixelScale& scale, std::size_t channels, double eps)
      : low(batch.values.size()), high(batch.values.size()) {
    for (std::size_t i = 0; i < low.size(); ++i) {
      const std::size_t c = i % channels;
      const double x = double(batch.values[i]), far = eps / scale.unit(c);
      low[i] = Real(std::max(x - far, std::min(x, scale.low(c))));
      high[i] = Real(std::min(x + far, std::max(x, scale.high(c))));
    }
  }
  void project(Batch<Real>& batch) const {
    for (std::size_t i = 0; i < low.size(); ++i)
      batch.values[i] = std::clamp(batch.values[i], low[i], high[i]);
  }

  LargeVector<Real> low, high;
};

/// Attacks the samples of batches with the gradients or answers of one network.
template <class Real> class Attacker {
 public:
  /// The network takes images that are the same in all steps: [samples, features] values in a batch.
  Attacker(Network<Real>& network, const Loss<Real>& loss, PixelScale scale, std::uint64_t seed);

  /// Moves all samples of the batch. `first` is the number of its first sample: what is drawn depends on it,
  /// on the seed and on the kind of attack alone, and so does what comes out.
  void move(const Attack& attack, std::uint64_t first, Batch<Real>& batch);

 private:
  void ascend(const Attack& attack, std::uint64_t first, Batch<Real>& batch, const PixelBall<Real>& ball);
  void add_normal(const Attack& attack, std::uint64_t first, Batch<Real>& batch) const;
  void estimate(const Attack& attack, std::uint64_t first, std::uint32_t step, const Batch<Real>& batch);
  std::vector<double> losses(const Batch<Real>& batch);
  double unit(std::size_t element) const { return scale_.unit(element % channels_); }

  Network<Real>& network_;
  const Loss<Real>& loss_;
  PixelScale scale_;
  RandomKey key_;
  std::size_t features_, channels_;
  std::uint64_t passes_ = 0;  // so far: noise within the network differs from pass to pass
  std::vector<Real> slopes_;  // of the loss, by value
};

}  // namespace synfire::learning
