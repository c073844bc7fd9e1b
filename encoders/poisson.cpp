#include "encoders/poisson.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace synfire {
namespace {

// Neurons are drawn in groups of 64: 16 Philox blocks side by side, word w of block l belonging to neuron 16
// w + l.
constexpr int lanes = 16;
constexpr std::uint32_t group_size = 4 * lanes;

SYNFIRE_HD void random_words(RandomKey key, Step step, std::uint32_t group, PhiloxBlocks<lanes>& words) {
  SYNFIRE_LANES
  for (int l = 0; l < lanes; ++l) {
    words.words[0][l] = group * lanes + static_cast<std::uint32_t>(l);
    words.words[1][l] = static_cast<std::uint32_t>(step);
    words.words[2][l] = static_cast<std::uint32_t>(static_cast<std::uint64_t>(step) >> 32);
    words.words[3][l] = 0;
  }
  philox(words, key);
}

SYNFIRE_HD void count_words(const PhiloxBlocks<lanes>& words, std::span<const std::uint32_t> thresholds,
                            std::uint32_t base, std::uint32_t* counts) {
  const std::uint32_t* word = words.words[0];  // all four rows, one after the other
  std::uint32_t sum[group_size];
  for (std::uint32_t i = 0; i < group_size; ++i) sum[i] = base;
  for (const std::uint32_t threshold : thresholds)
    for (std::uint32_t i = 0; i < group_size; ++i) sum[i] += word[i] >= threshold ? 1u : 0u;
  std::copy(sum, sum + group_size, counts);
}

}  // namespace

PoissonTable::PoissonTable(double mean) : mean_(mean) {
  if (mean <= 0) return;
  // Walk outwards from the mode, where the probability is largest, as far as 2^-40 on either side.
  const double mode = std::floor(mean);
  const double at_mode = math::exp(mode * math::log(mean) - mean - math::log_factorial(mode));
  constexpr double negligible = 0x1p-40;
  std::vector<double> below;  // P(mode-1), P(mode-2), …
  double p = at_mode;
  for (double k = mode; k > 0; --k) {
    p *= k / mean;
    if (p < negligible) break;
    below.push_back(p);
  }
  base_ = static_cast<std::uint32_t>(mode - static_cast<double>(below.size()));
  double cumulative = 0;
  const auto add = [&](double probability) {
    cumulative += probability;
    const double scaled = std::round(cumulative * 0x1p32);
    if (scaled < 0x1p32) thresholds_.push_back(static_cast<std::uint32_t>(scaled));
    return scaled < 0x1p32;
  };
  for (auto it = below.rbegin(); it != below.rend(); ++it) add(*it);
  p = at_mode;
  for (double k = mode; add(p) && p > negligible; ++k) p *= mean / (k + 1);
}

PoissonCounts::PoissonCounts(RandomKey key, Schedule rate, double start, double stop, Grid grid)
    : key_(key),
      rate_(std::move(rate)),
      start_(grid.nearest(start)),
      stop_(grid.nearest(stop)),
      grid_(grid) {}

PoissonCounts::PoissonCounts(RandomKey key, const std::vector<double>& rates, double start, double stop,
                             Grid grid)
    : PoissonCounts(key, Schedule{}, start, stop, grid) {
  std::map<double, std::uint32_t> known;
  for (const double rate : rates) {
    const auto [entry, added] = known.try_emplace(rate, static_cast<std::uint32_t>(tables_.size()));
    if (added) tables_.emplace_back(rate * grid.dt_ms() * 1e-3);
    table_of_.push_back(entry->second);
  }
}

bool PoissonCounts::active(Step step) const { return step >= start_ && step < stop_; }

void PoissonCounts::draw_group(Step step, std::uint32_t group, std::span<const PoissonTable> tables,
                               std::uint32_t* counts) const {
  PhiloxBlocks<lanes> words;
  random_words(key_, step, group, words);
  for (std::uint32_t i = 0; i < group_size; ++i) {
    const std::size_t neuron = std::size_t(group) * group_size + i;
    counts[i] =
        neuron < table_of_.size() ? tables[table_of_[neuron]].count(words.words[i / lanes][i % lanes]) : 0;
  }
}

bool PoissonCounts::draw(Step step, std::uint32_t first, std::span<std::uint32_t> counts) {
  if (!active(step) || counts.empty()) return false;
  if (tables_.empty()) {
    const double mean = rate_.at(grid_.time_ms(step)) * grid_.dt_ms() * 1e-3;
    if (mean != shared_.mean()) shared_ = PoissonTable(mean);
    if (mean <= 0) return false;
  }
  const auto last = first + static_cast<std::uint32_t>(counts.size());
  const std::uint32_t first_group = first / group_size, end_group = (last + group_size - 1) / group_size;
  run_loop([&]() SYNFIRE_INLINE {
    std::uint32_t drawn[group_size];
    for (std::uint32_t group = first_group; group < end_group; ++group) {
      const std::uint32_t begin = group * group_size;
      const bool whole = begin >= first && begin + group_size <= last;
      std::uint32_t* out = whole ? counts.data() + (begin - first) : drawn;
      if (tables_.empty()) {
        PhiloxBlocks<lanes> words;
        random_words(key_, step, group, words);
        count_words(words, shared_.thresholds(), shared_.base(), out);
      } else {
        draw_group(step, group, tables_, out);
      }
      if (whole) continue;
      const std::uint32_t from = std::max(begin, first), to = std::min(begin + group_size, last);
      std::copy(drawn + (from - begin), drawn + (to - begin), counts.begin() + (from - first));
    }
  });
  return true;
}

}  // namespace synfire
