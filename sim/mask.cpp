#include "sim/mask.hpp"

#include <algorithm>

namespace synfire {

Mask::Mask(const MaskDescription& description, const Grid& grid, RandomKey key, std::vector<float> initial,
           std::vector<std::uint64_t> ids)
    : per_target_(description.per_target),
      follows_(description.complement_of.has_value()),
      kind_(description.kind),
      rate_(description.competition ? description.competition->rate : 0),
      key_(key),
      values_(std::move(initial)),
      ids_(std::move(ids)) {
  if (description.every > 0) every_ = std::max<Step>(1, grid.nearest(description.every));
  if (description.frozen_after) freeze_ = std::max<Step>(1, grid.nearest(*description.frozen_after));
  refresh(0);
}

bool Mask::due(Step point) const { return !follows_ && !frozen_ && (is_multiple(point) || freezes(point)); }

void Mask::redraw(Step point) {
  if (!follows_ && is_multiple(point)) refresh(point);
}

void Mask::update(Step point, std::span<const double> own, std::span<const double> against) {
  if (competes(point)) {
    for (std::size_t k = 0; k < values_.size(); ++k) {
      const double moved = double(values_[k]) + rate_ * (own[k] - against[k]);
      values_[k] = static_cast<float>(std::clamp(moved, 0.0, 1.0));
    }
  }
  if (freezes(point)) {
    for (float& value : values_) value = value >= 0.5f ? 1.0f : 0.0f;
    frozen_ = true;
  }
  refresh(point);
}

void Mask::refresh(Step point) {
  factors_ = values_;
  if (!frozen_ && kind_ == MaskDescription::Kind::binary)
    for (float& factor : factors_) factor = factor >= 0.5f ? 1.0f : 0.0f;
  if (!frozen_ && kind_ == MaskDescription::Kind::stochastic) {
    for (std::size_t k = 0; k < factors_.size(); ++k) {
      RandomStream stream(key_, ids_[k], static_cast<std::uint32_t>(point / std::max<Step>(1, every_)));
      factors_[k] = stream.uniform() < double(values_[k]) ? 1.0f : 0.0f;
    }
  }
  for (Mask* follower : followers_) follower->complement(*this);
}

void Mask::complement(const Mask& leader) {
  for (std::size_t k = 0; k < values_.size(); ++k) {
    values_[k] = 1 - leader.values_[k];
    factors_[k] = 1 - leader.factors_[k];
  }
}

MaskStatistics mask_statistics(std::span<const float> values) {
  if (values.empty()) return {};
  double sum = 0, open = 0, undecided = 0;
  for (const float value : values) {
    const double m = double(value);
    sum += m;
    open += m > 0.5 ? 1 : 0;
    undecided += m * (1 - m);
  }
  const double count = static_cast<double>(values.size());
  return {sum / count, open / count, 1 - 4 * undecided / count};
}

void Mask::lead(Mask& other) {
  followers_.push_back(&other);
  other.complement(*this);
}

}  // namespace synfire
