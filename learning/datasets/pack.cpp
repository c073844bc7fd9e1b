#include "learning/datasets/pack.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/shd.hpp"
#include "learning/recording.hpp"

namespace synfire {

namespace {

/// Of each item, or of none when a name does not say it.
std::vector<std::optional<std::uint16_t>> speakers_of(const DataSet& set,
                                                      const std::vector<std::size_t>& items) {
  std::vector<std::string> names;
  for (const std::size_t item : items) {
    const auto name = spoken_digit_name(set.source(item));
    if (!name) return std::vector<std::optional<std::uint16_t>>(items.size());
    names.push_back(name->speaker);
  }
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<std::optional<std::uint16_t>> numbers;
  for (const std::string& name : names)
    numbers.emplace_back(
        static_cast<std::uint16_t>(std::lower_bound(sorted.begin(), sorted.end(), name) - sorted.begin()));
  return numbers;
}

/// An item as filters leave it.
std::vector<Event> filtered(const DataItem& item, const ItemShape& shape,
                            const std::vector<EventFilter>& filters) {
  std::vector<Event> events = item.events;
  FilterChain chain(filters, {shape.width, shape.height});
  events.resize(chain.apply(events));
  return events;
}

}  // namespace

std::size_t pack_spikes(const std::shared_ptr<const ChosenItems>& chosen, std::optional<Part> part,
                        const std::vector<EventFilter>& filters, const std::string& path) {
  const ChosenItems& items = *chosen;
  const ItemShape& shape = items.set().shape();
  if (!shape.audio)
    throw Error(ErrorKind::usage,
                fmt::format("a set of kind '{}' holds no sound or spikes of a cochlea; only such "
                            "sets can be packed to one file",
                            items.set().kind()));
  std::vector<std::size_t> wanted;
  for (const Part each : {Part::train, Part::test})
    if (!part || *part == each)
      wanted.insert(wanted.end(), items.items(each).begin(), items.items(each).end());
  std::sort(wanted.begin(), wanted.end());
  if (wanted.empty()) throw Error(ErrorKind::usage, "there is nothing to pack in this part of the set");
  const auto speakers = speakers_of(items.set(), wanted);
  ShdWriter writer(path, items.classes());
  DataLoader loader(chosen, wanted, {.cache_bytes = 0});
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const auto item = loader.next();
    writer.add(filtered(*item, shape, filters), item->label, speakers[k]);
  }
  writer.finish();
  return wanted.size();
}

}  // namespace synfire
