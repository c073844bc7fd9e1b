#include "sim/cpu/inlets.hpp"

#include "core/loops.hpp"

namespace synfire {

void DriveInlet::deliver(Step step) {
  const Step emitted = step - delay_;
  if (emitted < 0 || !source_->counts(emitted, range_.first, counts_)) return;
  std::uint64_t events = 0;
  run_loop([&]() SYNFIRE_INLINE {
    float* const input = input_.data();
    const std::uint32_t* const counts = counts_.data();
    const float* const weights = weights_.data();
    const std::size_t size = counts_.size();
    std::uint32_t sum = 0;
    if (weights_.size() == 1) {
      const float weight = weights[0];
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) {
        input[i] += weight * static_cast<float>(static_cast<std::int32_t>(counts[i]));
        sum += counts[i];
      }
    } else {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) {
        input[i] += weights[i] * static_cast<float>(static_cast<std::int32_t>(counts[i]));
        sum += counts[i];
      }
    }
    events = sum;
  });
  events_ += events;
}

void CurrentInlet::deliver(Step step) {
  const Step emitted = step - delay_;
  if (emitted < 0 || !source_->values(emitted, one_source_ ? 0 : range_.first, values_)) return;
  const bool one_weight = weights_.size() == 1;
  for (std::size_t i = 0; i < input_.size(); ++i)
    input_[i] += weights_[one_weight ? 0 : i] * values_[one_source_ ? 0 : i];
}

}  // namespace synfire
