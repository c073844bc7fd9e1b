#include "learning/gradient/optimisers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/loops.hpp"
#include "core/math.hpp"
#include "learning/gradient/moves.hpp"
#include "learning/gradient/weight_blocks.hpp"

namespace synfire::learning {
namespace {

/// One pass over [begin, end): the move, then the bounds.
template <class Real, class Move>
void sweep(const Move& move, Weights<Real>& weights, std::span<Real* const> memory, std::size_t begin,
           std::size_t end) {
  Real* const values = weights.values.data();
  const Real* const gradient = weights.gradient.data();
  std::array<Real*, Move::slots> slots{};
  for (std::size_t s = 0; s < Move::slots; ++s) slots[s] = memory[s];
  const Real low = weights.low, high = weights.high;
  run_loop([=]() SYNFIRE_INLINE {
    SYNFIRE_INDEPENDENT
    for (std::size_t i = begin; i < end; ++i) {
      std::array<Real, Move::slots> remembered{};
      for (std::size_t s = 0; s < Move::slots; ++s) remembered[s] = slots[s][i];
      Real value = move(values[i], gradient[i], remembered);
      for (std::size_t s = 0; s < Move::slots; ++s) slots[s][i] = remembered[s];
      value = value < low ? low : value;
      values[i] = value > high ? high : value;
    }
  });
}

template <class Real> void check_gradient(const Weights<Real>& weights) {
  if (weights.gradient.size() == weights.size()) return;
  throw Error(ErrorKind::internal, fmt::format("optimiser: {} has {} values but {} gradients", weights.name,
                                               weights.size(), weights.gradient.size()));
}

}  // namespace

template <class Real>
Optimiser<Real>::Optimiser(const Chosen& chosen)
    : kind_(one_chosen<training::Optimisers>(chosen, "optimiser")) {}

template <class Real> double Optimiser<Real>::learning_rate() const {
  return std::visit([](const auto& kind) { return kind.learning_rate; }, kind_);
}

template <class Real> std::vector<std::string_view> Optimiser<Real>::slots() const {
  return std::visit([](const auto& kind) { return moves::slots_of(kind); }, kind_);
}

template <class Real> void Optimiser<Real>::prepare(std::span<Weights<Real>* const> weights) {
  const auto names = slots();
  for (const auto* array : weights)
    for (const auto slot : names)
      state_.push_back(
          {fmt::format("{}.{}", array->name, slot), array->shape, std::vector<Real>(array->size(), Real(0))});
  prepared_ = true;
}

template <class Real>
void Optimiser<Real>::step(std::span<Weights<Real>* const> weights, double learning_rate) {
  for (const auto* array : weights) check_gradient(*array);
  if (!prepared_) prepare(weights);
  const std::size_t slots_each = slots().size();
  bool same = state_.size() == weights.size() * slots_each;
  for (std::size_t s = 0; same && s < state_.size(); ++s)
    same = state_[s].values.size() == weights[s / slots_each]->size();
  if (!same) throw Error(ErrorKind::internal, "optimiser: these are not the arrays of the steps before");
  ++steps_;
  std::vector<Real*> memory;
  for (auto& array : state_) memory.push_back(array.values.data());
  const auto run = [&]<class Kind>(const Kind& kind) {
    for_each_block(weights,
                   [&](Weights<Real>& array, std::size_t, std::size_t a, std::size_t begin, std::size_t end) {
                     const auto own = std::span<Real* const>(memory).subspan(a * slots_each, slots_each);
                     moves::with_move<Real>(kind, array.decays, learning_rate * array.rate, steps_,
                                            [&](const auto& move) { sweep(move, array, own, begin, end); });
                   });
  };
  std::visit(run, kind_);
}

template <class Real> std::vector<NamedArray<Real>> Optimiser<Real>::state() const { return state_; }

template <class Real>
void Optimiser<Real>::load(std::span<Weights<Real>* const> weights, std::vector<NamedArray<Real>> state,
                           std::uint64_t steps) {
  Optimiser fresh = *this;
  fresh.state_.clear();
  fresh.prepare(weights);
  if (steps == 0 && state.empty()) state = fresh.state_;
  for (std::size_t s = 0; s < std::max(state.size(), fresh.state_.size()); ++s) {
    if (s >= state.size())
      throw Error(ErrorKind::input,
                  fmt::format("state of the optimiser: '{}' is missing", fresh.state_[s].name));
    if (s >= fresh.state_.size() || state[s].name != fresh.state_[s].name)
      throw Error(
          ErrorKind::input,
          fmt::format("state of the optimiser: '{}' is not of this network and optimiser", state[s].name));
    if (state[s].values.size() != fresh.state_[s].values.size())
      throw Error(ErrorKind::input,
                  fmt::format("state of the optimiser: '{}' has {} numbers instead of {}", state[s].name,
                              state[s].values.size(), fresh.state_[s].values.size()));
  }
  fresh.state_ = std::move(state);
  fresh.steps_ = steps;
  *this = std::move(fresh);
}

template <class Real> double gradient_norm(std::span<Weights<Real>* const> weights) {
  constexpr std::size_t lanes = 8;
  std::vector<double> sums(count_blocks(weights));
  for (const auto* array : weights) check_gradient(*array);
  for_each_block(weights, [&](const Weights<Real>& array, std::size_t number, std::size_t, std::size_t begin,
                              std::size_t end) {
    const Real* const gradient = array.gradient.data();
    double& sum = sums[number];
    run_loop([&]() SYNFIRE_INLINE {
      std::array<double, lanes> partial{};
      std::size_t i = begin;
      for (; i + lanes <= end; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane)
          partial[lane] += double(gradient[i + lane]) * double(gradient[i + lane]);
      for (; i < end; ++i) partial[0] += double(gradient[i]) * double(gradient[i]);
      for (const double part : partial) sum += part;
    });
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

namespace {

template <class Real, class Change>
void change_gradients(std::span<Weights<Real>* const> weights, const Change& change) {
  for_each_block(weights,
                 [&](Weights<Real>& array, std::size_t, std::size_t, std::size_t begin, std::size_t end) {
                   Real* const gradient = array.gradient.data();
                   run_loop([=]() SYNFIRE_INLINE {
                     SYNFIRE_INDEPENDENT
                     for (std::size_t i = begin; i < end; ++i) gradient[i] = change(gradient[i]);
                   });
                 });
}

template <class Real> struct Clipping {
  std::span<Weights<Real>* const> weights;
  double norm;

  void operator()(const training::ClipNorm& clip) const {
    const double factor = clip.most / (norm + 1e-6);
    if (!(factor < 1) || !std::isfinite(norm)) return;
    change_gradients(weights, [f = Real(factor)](Real g) SYNFIRE_INLINE { return g * f; });
  }
  void operator()(const training::ClipValue& clip) const {
    change_gradients(weights, [most = Real(clip.most)](Real g) SYNFIRE_INLINE {
      const Real above = g < -most ? -most : g;
      return above > most ? most : above;
    });
  }
};

}  // namespace

template <class Real> double clip_gradients(std::span<Weights<Real>* const> weights, const Chosen& chosen) {
  const double norm = gradient_norm(weights);
  std::visit(Clipping<Real>{weights, norm}, one_chosen<training::Clips>(chosen, "bound of gradients"));
  return norm;
}

template class Optimiser<float>;
template class Optimiser<double>;
template double gradient_norm<float>(std::span<Weights<float>* const>);
template double gradient_norm<double>(std::span<Weights<double>* const>);
template double clip_gradients<float>(std::span<Weights<float>* const>, const Chosen&);
template double clip_gradients<double>(std::span<Weights<double>* const>, const Chosen&);

}  // namespace synfire::learning
