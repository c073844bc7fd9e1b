#include "learning/gradient/schedules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace synfire::learning {
namespace {

/// Half a cosine from `rate` at part 0 to `minimum` at part 1 and beyond.
double half_cosine(double rate, double minimum, double part) {
  return minimum + (rate - minimum) * (1 + std::cos(std::numbers::pi * std::min(part, 1.0))) / 2;
}

/// The part of its period that a schedule with restarts is in, in [0, 1).
double part_of_period(const training::WarmRestarts& restarts, double epoch) {
  double period = restarts.period;
  if (restarts.growth == 1) return std::fmod(epoch, period) / period;
  while (epoch >= period) {
    epoch -= period;
    period *= restarts.growth;
  }
  return epoch / period;
}

struct RateAt {
  double rate, epoch, epochs, factor;

  double operator()(const training::ConstantRate&) const { return rate; }
  double operator()(const training::StepRate& s) const {
    return rate * std::pow(s.factor, std::floor(epoch / s.every));
  }
  double operator()(const training::ExponentialRate& s) const { return rate * std::pow(s.factor, epoch); }
  double operator()(const training::CosineRate& s) const {
    return half_cosine(rate, s.minimum, epoch / (s.epochs > 0 ? s.epochs : epochs));
  }
  double operator()(const training::WarmRestarts& s) const {
    return half_cosine(rate, s.minimum, part_of_period(s, epoch));
  }
  double operator()(const training::Plateau& s) const { return std::max(rate * factor, s.minimum); }
};

bool is_better(const training::Plateau& plateau, bool accuracy, double metric, double best) {
  if (std::isnan(best)) return !std::isnan(metric);
  return accuracy ? metric > best * (1 + plateau.threshold) : metric < best * (1 - plateau.threshold);
}

}  // namespace

RateSchedule::RateSchedule(const Chosen& schedule, const std::optional<Chosen>& warm_up, double rate,
                           double epochs)
    : kind_(one_chosen<training::Schedules>(schedule, "schedule")), rate_(rate), epochs_(epochs) {
  if (!warm_up) return;
  warm_up_ = values_of<training::WarmUp>(*warm_up);
  if (warm_up_->epochs < epochs) return;
  throw Error(ErrorKind::input, warm_up->where,
              fmt::format("warm_up: {} epochs, but the training has {} in all", warm_up_->epochs, epochs));
}

double RateSchedule::after_warm_up(double epoch) const {
  const double before = warm_up_ ? warm_up_->epochs : 0;
  return std::visit(RateAt{rate_, epoch, epochs_ - before, state_.factor}, kind_);
}

double RateSchedule::rate(double epoch) const {
  if (!warm_up_) return after_warm_up(epoch);
  if (epoch >= warm_up_->epochs) return after_warm_up(epoch - warm_up_->epochs);
  return after_warm_up(0) * (warm_up_->from + (1 - warm_up_->from) * epoch / warm_up_->epochs);
}

bool RateSchedule::watches_accuracy() const {
  const auto* plateau = std::get_if<training::Plateau>(&kind_);
  return plateau != nullptr && plateau->metric != 0;  // words as their positions: loss, accuracy
}

void RateSchedule::report(double epoch, double loss, double accuracy) {
  const auto* plateau = std::get_if<training::Plateau>(&kind_);
  if (plateau == nullptr || (warm_up_ && epoch <= warm_up_->epochs)) return;
  const double metric = watches_accuracy() ? accuracy : loss;
  if (is_better(*plateau, watches_accuracy(), metric, state_.best)) {
    state_.best = metric;
    state_.waited = 0;
  } else {
    ++state_.waited;
  }
  if (state_.cooling > 0) {
    --state_.cooling;
    state_.waited = 0;
  }
  if (state_.waited <= plateau->patience) return;
  state_.factor *= plateau->factor;
  state_.cooling = static_cast<std::uint32_t>(plateau->cooldown);
  state_.waited = 0;
}

}  // namespace synfire::learning
