#include "learning/robustness/attack.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace synfire::learning {
namespace {

constexpr std::array<std::string_view, 6> names = {"fgsm", "bim", "mim", "pgd", "spgd", "noise"};
// Apart from the passes of training and judging, whose numbers the noise of neurons hangs on as well.
constexpr std::uint64_t attacking = std::uint64_t(1) << 38;

double sign(double x) { return x > 0 ? 1 : (x < 0 ? -1 : 0); }

double step_of(const Attack& attack) {
  if (attack.kind == AttackKind::fgsm) return attack.eps;
  if (attack.step) return *attack.step;
  const bool projected = attack.kind == AttackKind::pgd || attack.kind == AttackKind::spgd;
  return (projected ? 2.5 : 1) * attack.eps / attack.steps;
}

bool starts_anywhere(AttackKind kind) { return kind == AttackKind::pgd || kind == AttackKind::spgd; }

}  // namespace

std::span<const std::string_view> attack_names() { return names; }
std::string_view name_of(AttackKind kind) { return names[static_cast<std::size_t>(kind)]; }

/// Where values may lie.
template <class Real>
Attacker<Real>::Attacker(Network<Real>& network, const Loss<Real>& loss, PixelScale scale, std::uint64_t seed)
    : network_(network),
      loss_(loss),
      scale_(std::move(scale)),
      key_(seed, "attack"),
      features_(network.shape(0).features.size()),
      channels_(network.shape(0).features.channels) {}

template <class Real>
void Attacker<Real>::move(const Attack& attack, std::uint64_t first, Batch<Real>& batch) {
  if (attack.eps == 0) return;
  passes_ = attacking + (std::uint64_t(attack.kind) << 36) + first * 4096;
  const PixelBall<Real> ball(batch, scale_, channels_, attack.eps);
  if (attack.kind == AttackKind::noise) {
    add_normal(attack, first, batch);
    ball.project(batch);
  } else {
    ascend(attack, first, batch, ball);
  }
}

template <class Real>
void Attacker<Real>::ascend(const Attack& attack, std::uint64_t first, Batch<Real>& batch,
                            const PixelBall<Real>& ball) {
  const std::size_t size = batch.values.size();
  if (starts_anywhere(attack.kind)) {
    for (std::size_t b = 0; b < batch.samples; ++b) {
      RandomStream random(key_, first + b, std::uint32_t(attack.kind));
      for (std::size_t i = b * features_; i < (b + 1) * features_; ++i)
        batch.values[i] += Real((2 * random.uniform() - 1) * attack.eps / unit(i));
    }
    ball.project(batch);
  }
  const double step = step_of(attack);
  const std::uint32_t steps = attack.kind == AttackKind::fgsm ? 1 : attack.steps;
  std::vector<double> momentum(attack.kind == AttackKind::mim ? size : 0, 0.0);
  slopes_.resize(size);
  for (std::uint32_t k = 0; k < steps; ++k) {
    if (attack.kind == AttackKind::spgd) {
      estimate(attack, first, k, batch);
    } else {
      network_.differentiate(batch, loss_, passes_++, slopes_);
    }
    for (std::size_t b = 0; b < batch.samples && !momentum.empty(); ++b) {
      double norm = 0;
      for (std::size_t i = b * features_; i < (b + 1) * features_; ++i) norm += std::abs(double(slopes_[i]));
      for (std::size_t i = b * features_; i < (b + 1) * features_ && norm > 0; ++i)
        momentum[i] += double(slopes_[i]) / norm;
    }
    for (std::size_t i = 0; i < size; ++i)
      batch.values[i] += Real(step / unit(i) * sign(momentum.empty() ? double(slopes_[i]) : momentum[i]));
    ball.project(batch);
  }
}

template <class Real>
void Attacker<Real>::add_normal(const Attack& attack, std::uint64_t first, Batch<Real>& batch) const {
  for (std::size_t b = 0; b < batch.samples; ++b) {
    RandomStream random(key_, first + b, std::uint32_t(attack.kind));
    for (std::size_t i = b * features_; i < (b + 1) * features_; ++i)
      batch.values[i] += Real(attack.eps / unit(i) * random.normal());
  }
}

// Each sample has directions of its own; half of eps is far enough for spikes to differ.
template <class Real>
void Attacker<Real>::estimate(const Attack& attack, std::uint64_t first, std::uint32_t step,
                              const Batch<Real>& batch) {
  const double reach = attack.eps / 2;
  std::fill(slopes_.begin(), slopes_.end(), Real(0));
  std::vector<double> signs(batch.values.size());
  Batch<Real> moved = batch;
  const auto losses_at = [&](double side) {
    for (std::size_t i = 0; i < signs.size(); ++i)
      moved.values[i] = batch.values[i] + Real(side * reach / unit(i) * signs[i]);
    return losses(moved);
  };
  for (std::uint32_t k = 0; k < attack.directions; ++k) {
    for (std::size_t b = 0; b < batch.samples; ++b) {
      RandomStream random(key_, first + b, 16 + step * attack.directions + k);
      for (std::size_t i = b * features_; i < (b + 1) * features_; ++i)
        signs[i] = random.uniform() < 0.5 ? -1 : 1;
    }
    const std::vector<double> above = losses_at(1), below = losses_at(-1);
    for (std::size_t i = 0; i < signs.size(); ++i) {
      const std::size_t b = i / features_;
      slopes_[i] += Real(signs[i] * (above[b] - below[b]) / (2 * reach * attack.directions));
    }
  }
}

template <class Real> std::vector<double> Attacker<Real>::losses(const Batch<Real>& batch) {
  const std::vector<Real> outputs = network_.predict(batch, passes_++);
  const std::size_t classes = network_.classes();
  std::vector<double> all(batch.samples);
  for (std::size_t b = 0; b < batch.samples; ++b)
    all[b] = loss_.evaluate(std::span(outputs).subspan(b * classes, classes),
                            std::span(batch.labels).subspan(b, 1), classes, 1);
  return all;
}

template class Attacker<float>;
template class Attacker<double>;

}  // namespace synfire::learning
