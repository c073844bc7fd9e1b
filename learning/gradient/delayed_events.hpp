// The events of inputs whose connections have delays.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/array.hpp"
#include "learning/gradient/delays.hpp"
#include "learning/gradient/spike_products.hpp"

namespace synfire::learning {

/// What is not 0 of an input that waits, by group of samples and by input.
template <class Real> class DelayedEvents {
 public:
  struct Event {
    std::uint32_t sample;
    std::int32_t step;
    Real value;
  };

  DelayedEvents(const DelayedInput<Real>& x, std::size_t longest, std::size_t in, std::size_t group)
      : in_(in), group_(group), begins_((x.samples + group - 1) / group * in + 1) {
    add(x.now, x.steps, x.samples, 0);
    if (x.before != nullptr) add(x.before, longest, x.samples, -std::ptrdiff_t(longest));
    for (std::size_t k = 1; k < begins_.size(); ++k) begins_[k] += begins_[k - 1];
    all_.resize(begins_.back());
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    for (const Rows& rows : rows_)
      for (std::size_t r = 0; r < rows.found.rows(); ++r) {
        const std::size_t sample = r % x.samples;
        const auto step = static_cast<std::int32_t>(rows.first + std::ptrdiff_t(r / x.samples));
        for (const std::uint32_t i : rows.found.row(r))
          all_[next[sample / group * in + i]++] = {static_cast<std::uint32_t>(sample), step,
                                                   rows.values[r * in + i]};
      }
    rows_.clear();
  }

  std::span<const Event> of(std::size_t group, std::size_t input) const {
    const std::size_t k = group * in_ + input;
    return {all_.data() + begins_[k], begins_[k + 1] - begins_[k]};
  }

 private:
  struct Rows {
    Sparse found;
    const Real* values;
    std::ptrdiff_t first;  // step
  };
  void add(const Real* x, std::size_t steps, std::size_t samples, std::ptrdiff_t first) {
    rows_.push_back({Sparse(x, steps * samples, in_), x, first});
    for (std::size_t r = 0; r < steps * samples; ++r)
      for (const std::uint32_t i : rows_.back().found.row(r)) ++begins_[r % samples / group_ * in_ + i + 1];
  }

  std::size_t in_, group_;
  std::vector<std::size_t> begins_;
  std::vector<Rows> rows_;
  LargeVector<Event> all_;
};

}  // namespace synfire::learning
