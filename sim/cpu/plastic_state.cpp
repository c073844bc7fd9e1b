#include "sim/cpu/plastic_state.hpp"

#include <numeric>
#include <tuple>
#include <unordered_map>

namespace synfire {
namespace {

// Calls visit(source, delay, first synapse, number) for every train of a block, in its order.
template <class Visit> void for_each_train(const SparseBlock& block, const Visit& visit) {
  for (std::uint32_t source = 0; source + 1 < block.row_begin.size(); ++source) {
    std::uint64_t begin = block.row_begin[source];
    if (block.has_one_delay()) {
      visit(source, static_cast<std::uint32_t>(block.min_delay), begin, block.row_begin[source + 1] - begin);
      continue;
    }
    for (std::uint64_t r = block.run_begin[source]; r < block.run_begin[source + 1]; ++r) {
      visit(source, std::uint32_t(block.runs[r].delay), begin, std::uint64_t(block.runs[r].count));
      begin += block.runs[r].count;
    }
  }
}

std::uint64_t name_of(std::uint32_t source, std::uint32_t delay) {
  return std::uint64_t(source) << 32 | delay;
}

}  // namespace

void save_synapses(const SavedShare& share, const SparseBlock& block) {
  std::vector<std::uint32_t> sources, targets, delays;
  for_each_train(block, [&](std::uint32_t source, std::uint32_t delay, std::uint64_t begin, std::uint64_t n) {
    sources.insert(sources.end(), n, source);
    delays.insert(delays.end(), n, delay);
    for (std::uint64_t k = begin; k < begin + n; ++k)
      targets.push_back(static_cast<std::uint32_t>(share.first) + block.targets[k]);
  });
  share.append<std::uint32_t>("source", sources);
  share.append<std::uint32_t>("target", targets);
  share.append<std::uint32_t>("delay", delays);
  share.append<float>("weight", block.weights);
}

std::vector<ListedSynapse> load_synapses(const LoadedShare& share) {
  const auto& sources = share.all<std::uint32_t>("source");
  const auto& targets = share.all<std::uint32_t>("target", sources.size());
  const auto& delays = share.all<std::uint32_t>("delay", sources.size());
  const auto& weights = share.all<float>("weight", sources.size());
  std::vector<ListedSynapse> synapses;
  for (std::size_t k = 0; k < sources.size(); ++k) {
    if (targets[k] < share.first || targets[k] - share.first >= share.count) continue;
    synapses.push_back(
        {sources[k], static_cast<std::uint32_t>(targets[k] - share.first), delays[k], double(weights[k]), k});
  }
  const auto place = [](const ListedSynapse& s) { return std::tuple(s.source, s.delay, s.target); };
  std::stable_sort(synapses.begin(), synapses.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return synapses;
}

void save_trains(const SavedShare& share, const SparseBlock& block) {
  std::vector<std::uint64_t> names;
  for_each_train(block, [&](std::uint32_t source, std::uint32_t delay, std::uint64_t, std::uint64_t) {
    names.push_back(name_of(source, delay));
  });
  share.append<std::uint64_t>("trains", names);
}

std::vector<std::uint64_t> find_trains(const LoadedShare& share, const SparseBlock& block) {
  const auto& names = share.all<std::uint64_t>("trains");
  std::unordered_map<std::uint64_t, std::uint64_t> places;
  places.reserve(names.size());
  for (std::uint64_t k = 0; k < names.size(); ++k) places.try_emplace(names[k], k);
  std::vector<std::uint64_t> found;
  for_each_train(block, [&](std::uint32_t source, std::uint32_t delay, std::uint64_t, std::uint64_t) {
    const auto entry = places.find(name_of(source, delay));
    if (entry == places.end()) State::refuse(share.of("trains"), "lacks a source");
    found.push_back(entry->second);
  });
  return found;
}

}  // namespace synfire
