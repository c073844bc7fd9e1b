#include "sim/event/synapses.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace synfire {

std::size_t EventSynapses::bytes_per_synapse(const ProjectionPlan& projection) {
  return sizeof(Draft) + sizeof(std::uint32_t) + (projection.one_weight() ? 0 : sizeof(double)) +
         (projection.one_delay() ? 0 : sizeof(double));
}

EventSynapses::EventSynapses(const ProjectionPlan& projection, Range range, bool changing)
    : one_weight_(projection.one_weight() && !changing), one_delay_(projection.one_delay()) {
  const double sign = changing && projection.is_negative ? -1 : 1;
  std::vector<Draft> drafts;
  std::vector<std::uint32_t> sources;
  for (std::uint32_t i = 0; i < range.count; ++i) {
    const std::uint32_t target = range.first + i;
    sources.clear();
    projection.connector->sources_of(target, sources);
    for (std::uint32_t k = 0; k < sources.size(); ++k)
      drafts.push_back({sources[k], i, one_weight_ ? 0 : sign * projection.weight(target, k),
                        one_delay_ ? 0 : projection.delay_ms(target, k)});
  }
  if (one_weight_) weights_.assign(1, projection.weight(0, 0));
  if (one_delay_) delays_.assign(1, projection.delay_ms(0, 0));
  fill(drafts, projection.from->size());
}

double EventSynapses::shortest_delay(Range sources) const {
  double shortest = std::numeric_limits<double>::infinity();
  for (std::uint32_t s = sources.first; s < sources.first + sources.count; ++s)
    if (begin(s) < end(s)) shortest = std::min(shortest, delay(begin(s)));
  return shortest;
}

void EventSynapses::fill(const std::vector<Draft>& drafts, std::uint32_t sources) {
  rows_.assign(std::size_t(sources) + 1, 0);
  for (const Draft& draft : drafts) ++rows_[draft.source + 1];
  std::partial_sum(rows_.begin(), rows_.end(), rows_.begin());
  std::vector<std::uint64_t> order(drafts.size());  // by source, within it as drawn: by target
  std::vector<std::uint64_t> next(rows_.begin(), rows_.end() - 1);
  for (std::uint64_t k = 0; k < drafts.size(); ++k) order[next[drafts[k].source]++] = k;
  if (!one_delay_)
    for (std::uint32_t s = 0; s < sources; ++s)
      std::stable_sort(order.begin() + std::ptrdiff_t(rows_[s]), order.begin() + std::ptrdiff_t(rows_[s + 1]),
                       [&](auto a, auto b) { return drafts[a].delay < drafts[b].delay; });
  targets_.resize(drafts.size());
  if (!one_weight_) weights_.resize(drafts.size());
  if (!one_delay_) delays_.resize(drafts.size());
  for (std::uint64_t k = 0; k < order.size(); ++k) {
    const Draft& draft = drafts[order[k]];
    targets_[k] = draft.target;
    if (!one_weight_) weights_[k] = draft.weight;
    if (!one_delay_) delays_[k] = draft.delay;
  }
}

}  // namespace synfire
