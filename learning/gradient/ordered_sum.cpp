#include "learning/gradient/ordered_sum.hpp"

#include <algorithm>

#include "core/loops.hpp"

namespace synfire::learning {

template <class Real>
void OrderedSum<Real>::begin(std::span<const std::size_t> samples, std::span<Real> sum,
                             SpareArrays<Real>& spare) {
  places_.clear();
  std::size_t place = 0;
  for (const std::size_t count : samples) places_.push_back(count > 0 ? place++ : place);
  for (Term& term : waiting_) spare.give(std::move(term.own));  // of a pass that was given up
  waiting_.clear();
  next_ = 0;
  sum_ = sum;
  spare_ = &spare;
}

template <class Real> typename OrderedSum<Real>::Term OrderedSum<Real>::open(std::size_t part) {
  Term term{places_[part], sum_.data(), {}};
  if (term.place == 0) return term;
  term.own = spare_->take(sum_.size());
  term.values = term.own.data();
  return term;
}

template <class Real> void OrderedSum<Real>::add(Term term) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(term));
  const auto due = [&] {
    return std::find_if(waiting_.begin(), waiting_.end(), [&](const Term& t) { return t.place == next_; });
  };
  for (auto it = due(); it != waiting_.end(); it = due()) {
    if (!it->own.empty()) {
      const Real* __restrict from = it->own.data();
      Real* __restrict to = sum_.data();
      const std::size_t size = sum_.size();
      run_loop([=]() SYNFIRE_INLINE {
        SYNFIRE_INDEPENDENT
        for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
      });
      spare_->give(std::move(it->own));
    }
    waiting_.erase(it);
    ++next_;
  }
}

template class OrderedSum<float>;
template class OrderedSum<double>;

}  // namespace synfire::learning
