#include "learning/gradient/regularisers.hpp"

namespace synfire::learning {

template <class Real> RateRegulariser<Real>::RateRegulariser(const Chosen& chosen) {
  struct Read {
    RateRegulariser& to;
    void common(double weight, double norm, double of) const {
      to.weight_ = weight;
      to.squared_ = norm == 0;  // words as their positions: l2, l1; layer, neuron
      to.of_layer_ = of == 0;
    }
    void operator()(const training::TargetRate& rate) const {
      to.low_ = to.high_ = rate.target;
      common(rate.weight, rate.norm, rate.of);
    }
    void operator()(const training::RateBounds& rate) const {
      to.low_ = rate.low;
      to.high_ = rate.high;
      common(rate.weight, rate.norm, rate.of);
    }
  };
  std::visit(Read{*this}, one_chosen<training::Regularisers>(chosen, "regulariser"));
}

template <class Real> auto RateRegulariser<Real>::term(double rate) const -> Term {
  const double beyond = rate < low_ ? rate - low_ : (rate > high_ ? rate - high_ : 0);
  if (squared_) return {weight_ * beyond * beyond, weight_ * 2 * beyond};
  if (beyond == 0) return {0, 0};
  return {weight_ * (beyond < 0 ? -beyond : beyond), beyond < 0 ? -weight_ : weight_};
}

template <class Real>
double RateRegulariser<Real>::evaluate(std::span<const Real> rates, std::size_t neurons, double scale,
                                       std::span<Real> gradient) const {
  if (neurons == 0 || rates.size() % neurons != 0 || gradient.size() != rates.size())
    throw Error(ErrorKind::internal, "regulariser: rates, neurons and gradient do not fit each other");
  const double share = 1 / double(neurons);
  double sum = 0;
  for (std::size_t begin = 0; begin < rates.size(); begin += neurons) {
    const auto row = rates.subspan(begin, neurons);
    double total = 0;
    for (const Real rate : row) total += double(rate);
    const Term whole = term(total * share);
    double of_neurons = 0;
    for (std::size_t i = 0; i < neurons; ++i) {
      const Term one = of_layer_ ? whole : term(double(row[i]));
      of_neurons += one.value;
      gradient[begin + i] += Real(scale * share * one.derivative);
    }
    sum += of_layer_ ? whole.value : of_neurons * share;
  }
  return scale * sum;
}

template class RateRegulariser<float>;
template class RateRegulariser<double>;

}  // namespace synfire::learning
