#include "learning/gradient/ordered_sum.hpp"

#include <algorithm>
#include <utility>

#include "core/loops.hpp"
#include "learning/gradient/rank_parts.hpp"

namespace synfire::learning {

template <class Real>
void OrderedSum<Real>::begin(std::span<const std::size_t> samples, std::span<Real> sum,
                             SpareArrays<Real>& spare) {
  terms_before_.assign(1, 0);
  for (const std::size_t count : samples) terms_before_.push_back(terms_before_.back() + (count > 0 ? 1 : 0));
  for (Term& term : waiting_) spare.give(std::move(term.own));  // of a pass that was given up
  waiting_.clear();
  sum_ = sum;
  spare_ = &spare;
}

template <class Real> typename OrderedSum<Real>::Term OrderedSum<Real>::open(std::size_t part) {
  Term term{0, part, sum_.data(), {}};
  if (terms_before_[part] == 0) return term;
  term.own = spare_->take(sum_.size());
  term.values = term.own.data();
  return term;
}

template <class Real> bool OrderedSum<Real>::has_terms(std::size_t level, std::size_t index) const {
  const std::size_t parts = terms_before_.size() - 1;
  const std::size_t first = std::min(index << level, parts), last = std::min((index + 1) << level, parts);
  return terms_before_[last] > terms_before_[first];
}

template <class Real> bool OrderedSum<Real>::meet(Term& term, Term& other) {
  const std::lock_guard lock(mutex_);
  const auto neighbour = std::find_if(waiting_.begin(), waiting_.end(), [&](const Term& t) {
    return t.level == term.level && t.index == (term.index ^ 1);
  });
  if (neighbour == waiting_.end()) {
    waiting_.push_back(std::move(term));
    return false;
  }
  other = std::move(*neighbour);
  waiting_.erase(neighbour);
  return true;
}

template <class Real> typename OrderedSum<Real>::Term OrderedSum<Real>::merged(Term left, Term right) {
  const Real* __restrict from = right.values;
  Real* __restrict to = left.values;
  const std::size_t size = sum_.size();
  run_loop([=]() SYNFIRE_INLINE {
    SYNFIRE_INDEPENDENT
    for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
  });
  spare_->give(std::move(right.own));
  return left;
}

template <class Real> void OrderedSum<Real>::add(Term term) {
  const std::size_t parts = terms_before_.size() - 1;
  while ((std::size_t(1) << term.level) < parts) {
    if (has_terms(term.level, term.index ^ 1)) {
      Term other;
      if (!meet(term, other)) return;
      if (other.index < term.index) std::swap(term, other);
      term = merged(std::move(term), std::move(other));
    }
    ++term.level, term.index /= 2;
  }
}

// A rank without samples adds -0, which changes no number.
template <class Real> void OrderedSum<Real>::finish(const Pass& pass) {
  if (pass.ranks == nullptr) return;
  if (terms_before_.back() == 0) std::fill(sum_.begin(), sum_.end(), Real(-0.0));
  pass.ranks->add(sum_);
}

template class OrderedSum<float>;
template class OrderedSum<double>;

}  // namespace synfire::learning
