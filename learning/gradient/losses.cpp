#include "learning/gradient/losses.hpp"

#include <algorithm>

#include "core/math.hpp"

namespace synfire::learning {
namespace {

// Each sets the gradient of one sample's loss with respect to its outputs, times `scale`, and gives that
// loss. An empty gradient is not wanted.

/// log sum_c e^(o_c), by the largest output, so that no output is too large.
template <class Real> double log_sum_exp(std::span<const Real> outputs) {
  const double largest = double(*std::max_element(outputs.begin(), outputs.end()));
  double sum = 0;
  for (const Real output : outputs) sum += math::exp(double(output) - largest);
  return largest + math::log(sum);
}

/// What a sample should be: its label, or in part the frequencies of the classes.
struct Target {
  std::size_t label;
  double part = 1;
  std::span<const double> frequencies = {};

  double operator()(std::size_t c, double smoothed) const {
    return part * smoothed + (part < 1 ? (1 - part) * frequencies[c] : 0);
  }
};

template <class Real>
double sample_loss(const training::CrossEntropy& loss, std::span<const Real> outputs, const Target& wanted,
                   double scale, std::span<Real> gradient) {
  const double log_sum = log_sum_exp(outputs), smoothing = loss.label_smoothing;
  const double spread = smoothing / double(outputs.size());
  double value = 0;
  for (std::size_t c = 0; c < outputs.size(); ++c) {
    const double log_probability = double(outputs[c]) - log_sum;
    const double target = wanted(c, spread + (c == wanted.label ? 1 - smoothing : 0));
    if (target != 0) value -= target * log_probability;
    if (!gradient.empty()) gradient[c] = Real(scale * (math::exp(log_probability) - target));
  }
  return value;
}

/// factor * mean over the classes of (o_c - target_c)^2.
template <class Real>
double squares(std::span<const Real> outputs, std::size_t label, double correct, double wrong, double factor,
               double scale, std::span<Real> gradient) {
  const double weight = factor / double(outputs.size());
  double value = 0;
  for (std::size_t c = 0; c < outputs.size(); ++c) {
    const double distance = double(outputs[c]) - (c == label ? correct : wrong);
    value += weight * distance * distance;
    if (!gradient.empty()) gradient[c] = Real(scale * 2 * weight * distance);
  }
  return value;
}

template <class Real>
double negative_log(std::span<const Real> outputs, const Target& wanted, double scale,
                    std::span<Real> gradient) {
  double value = 0;
  for (std::size_t c = 0; c < outputs.size(); ++c) {
    const double target = wanted(c, c == wanted.label ? 1 : 0);
    if (target != 0) value -= target * double(outputs[c]);
    if (!gradient.empty()) gradient[c] = Real(-scale * target);
  }
  return value;
}

template <class Real> struct Sample {
  std::span<const Real> outputs;
  Target target;
  double scale, steps;
  std::span<Real> gradient;

  double operator()(const training::CrossEntropy& loss) const {
    return sample_loss(loss, outputs, target, scale, gradient);
  }
  double operator()(const training::Mse& loss) const {
    return squares(outputs, target.label, loss.correct, loss.wrong, 1, scale, gradient);
  }
  // Counts are T times rates: (T o - T target)^2 / T.
  double operator()(const training::SpikeCount& loss) const {
    return squares(outputs, target.label, loss.correct, loss.wrong, steps, scale, gradient);
  }
  double operator()(const training::Reconstruction&) const {
    throw Error(ErrorKind::internal, "loss: a reconstruction has no labels");
  }
  double operator()(const training::Nll&) const { return negative_log(outputs, target, scale, gradient); }
};

}  // namespace

template <class Real>
Loss<Real>::Loss(const Chosen& chosen, std::uint32_t steps)
    : kind_(one_chosen<training::Losses>(chosen, "loss")), steps_(steps) {}

template <class Real> Loss<Real> Loss<Real>::mixed(double label, std::vector<double> frequencies) const {
  if (!std::holds_alternative<training::CrossEntropy>(kind_) && !std::holds_alternative<training::Nll>(kind_))
    throw Error(ErrorKind::internal, "loss: only logarithms of probabilities have targets that can be mixed");
  Loss made = *this;
  made.label_ = label;
  made.frequencies_ = std::move(frequencies);
  return made;
}

template <class Real>
double Loss<Real>::evaluate(std::span<const Real> outputs, std::span<const std::uint32_t> labels,
                            std::size_t classes, double scale, std::span<Real> gradient) const {
  const bool fits = classes > 0 && outputs.size() == labels.size() * classes &&
                    (gradient.empty() || gradient.size() == outputs.size()) &&
                    (label_ == 1 || frequencies_.size() == classes) &&
                    std::all_of(labels.begin(), labels.end(), [&](auto label) { return label < classes; });
  if (!fits) throw Error(ErrorKind::internal, "loss: outputs, labels and gradient do not fit each other");
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t begin = i * classes;
    const Sample<Real> sample{outputs.subspan(begin, classes),
                              {labels[i], label_, frequencies_},
                              scale,
                              steps_,
                              gradient.empty() ? gradient : gradient.subspan(begin, classes)};
    sum += std::visit(sample, kind_);
  }
  return scale * sum;
}

template <class Real>
double Loss<Real>::evaluate(std::span<const Real> outputs, std::span<const std::uint32_t> labels,
                            std::size_t classes, double scale) const {
  return evaluate(outputs, labels, classes, scale, {});
}

template <class Real> bool Loss<Real>::reconstructs() const {
  return std::holds_alternative<training::Reconstruction>(kind_);
}

template <class Real>
double Loss<Real>::distance(std::span<const Real> outputs, std::span<const Real> targets,
                            std::size_t elements, double scale, std::span<Real> gradient) const {
  if (outputs.size() != targets.size() || (!gradient.empty() && gradient.size() != outputs.size()))
    throw Error(ErrorKind::internal, "loss: outputs, targets and gradient do not fit each other");
  const double weight = scale / double(elements);
  double sum = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const double distance = double(outputs[i]) - double(targets[i]);
    sum += distance * distance;
    if (!gradient.empty()) gradient[i] = Real(2 * weight * distance);
  }
  return weight * sum;
}

template class Loss<float>;
template class Loss<double>;

}  // namespace synfire::learning
