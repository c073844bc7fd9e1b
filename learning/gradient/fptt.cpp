#include "learning/gradient/fptt.hpp"

#include <numeric>

#include <fmt/format.h>

#include "core/loops.hpp"
#include "learning/gradient/weight_blocks.hpp"

namespace synfire::learning {

template <class Real>
Fptt<Real>::Fptt(const training::Fptt& parameters, std::size_t steps,
                 std::span<const std::uint64_t> frequencies)
    : p_(parameters),
      windows_(parameters.updates == 0 ? steps : static_cast<std::size_t>(parameters.updates)) {
  const double all = double(std::accumulate(frequencies.begin(), frequencies.end(), std::uint64_t(0)));
  for (const std::uint64_t count : frequencies) frequencies_.push_back(double(count) / all);
}

template <class Real> Loss<Real> Fptt<Real>::loss_of(const Loss<Real>& loss, std::size_t window) const {
  const double beta = p_.beta > 0 ? p_.beta : double(window + 1) / double(windows_);
  return beta < 1 ? loss.mixed(beta, frequencies_) : loss;
}

template <class Real>
PassResult Fptt<Real>::learn(Network<Real>& network, const Loss<Real>& loss, std::uint64_t iteration,
                             const Show& show, const Move& move, const std::function<void()>& after_window) {
  const auto weights = network.weights();
  if (state_.empty()) state_ = first_state(weights);
  PassResult all;
  for (std::size_t w = 0; w < windows_; ++w) {
    const Loss<Real> now = loss_of(loss, w);
    const Batch<Real>& batch = show({w, windows_});
    const PassResult result = network.learn(batch, now, iteration, {w, windows_});
    if (after_window) after_window();
    all.loss += result.loss / double(windows_);
    all.correct = result.correct;
    draw_to_average(weights);
    move(weights);
    if (p_.gradient == 1) network.learn(batch, now, iteration, {w, windows_, true});
    renew_average(weights);
  }
  return all;
}

template <class Real>
std::vector<NamedArray<Real>> Fptt<Real>::first_state(std::span<Weights<Real>* const> weights) {
  std::vector<NamedArray<Real>> state;
  for (const Weights<Real>* array : weights) {
    state.push_back({array->name + ".average", array->shape, array->values});
    state.push_back({array->name + ".gradient", array->shape, std::vector<Real>(array->size(), Real(0))});
  }
  return state;
}

// Adds the gradient of R, lambda alpha (W - A) - (1 - rho) g.
template <class Real> void Fptt<Real>::draw_to_average(std::span<Weights<Real>* const> weights) {
  const Real pull = Real(p_.lambda * p_.alpha), left = Real(1 - p_.rho);
  for_each_block(
      weights, [&](Weights<Real>& array, std::size_t, std::size_t a, std::size_t begin, std::size_t end) {
        Real* const gradient = array.gradient.data();
        const Real *const values = array.values.data(), *const average = state_[2 * a].values.data();
        const Real* const last = state_[2 * a + 1].values.data();
        run_loop([=]() SYNFIRE_INLINE {
          SYNFIRE_INDEPENDENT
          for (std::size_t i = begin; i < end; ++i)
            gradient[i] += pull * (values[i] - average[i]) - left * last[i];
        });
      });
}

// (11), with the gradient at the new weights, or what it would be if they were the minimum of l + R.
template <class Real> void Fptt<Real>::renew_average(std::span<Weights<Real>* const> weights) {
  const Real pull = Real(p_.lambda * p_.alpha), left = Real(1 - p_.rho), share = Real(0.5 / p_.alpha);
  const bool exact = p_.gradient == 1;
  for_each_block(
      weights, [&](Weights<Real>& array, std::size_t, std::size_t a, std::size_t begin, std::size_t end) {
        const Real *const gradient = array.gradient.data(), *const values = array.values.data();
        Real *const average = state_[2 * a].values.data(), *const last = state_[2 * a + 1].values.data();
        run_loop([=]() SYNFIRE_INLINE {
          SYNFIRE_INDEPENDENT
          for (std::size_t i = begin; i < end; ++i) {
            const Real estimate = left * last[i] - pull * (values[i] - average[i]);
            last[i] = exact ? gradient[i] : estimate;
            average[i] = Real(0.5) * (average[i] + values[i]) - share * last[i];
          }
        });
      });
}

template <class Real> void Fptt<Real>::end_epoch(std::span<Weights<Real>* const> weights) const {
  if (p_.average == 0 || state_.empty()) return;
  for (std::size_t a = 0; a < weights.size(); ++a)
    for (std::size_t i = 0; i < weights[a]->size(); ++i)
      weights[a]->values[i] = std::clamp(state_[2 * a].values[i], weights[a]->low, weights[a]->high);
}

template <class Real>
void Fptt<Real>::load(std::span<Weights<Real>* const> weights, std::vector<NamedArray<Real>> state) {
  if (state.empty()) return state_.clear();
  const auto own = first_state(weights);
  bool same = own.size() == state.size();
  for (std::size_t k = 0; same && k < own.size(); ++k)
    same = own[k].name == state[k].name && own[k].values.size() == state[k].values.size();
  if (!same)
    throw Error(ErrorKind::input, "the averages of `method: fptt` in the file are not of this network");
  state_ = std::move(state);
}

template class Fptt<float>;
template class Fptt<double>;

}  // namespace synfire::learning
