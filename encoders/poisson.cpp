#include "encoders/poisson.hpp"

#include <algorithm>
#include <cmath>

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
  std::uint32_t largest = 0;  // word, which few thresholds lie below
  for (std::uint32_t i = 0; i < group_size; ++i) sum[i] = base;
  for (std::uint32_t i = 0; i < group_size; ++i) largest = std::max(largest, word[i]);
  for (std::size_t k = 0; k < thresholds.size() && thresholds[k] <= largest; ++k) {
    const std::uint32_t threshold = thresholds[k];
    for (std::uint32_t i = 0; i < group_size; ++i) sum[i] += word[i] >= threshold ? 1u : 0u;
  }
  std::copy(sum, sum + group_size, counts);
}

// The same with thresholds of each neuron's own, minus 1; few neurons reach the second level.
SYNFIRE_HD void count_levels(const PhiloxBlocks<lanes>& words, const std::uint32_t* below,
                             std::uint32_t levels, std::uint32_t* counts) {
  const std::uint32_t* word = words.words[0];
  std::uint32_t sum[group_size] = {};
  for (std::uint32_t level = 0; level < levels; ++level, below += group_size) {
    std::uint32_t reached = 0;
    for (std::uint32_t i = 0; i < group_size; ++i) {
      const std::uint32_t more = word[i] > below[i] ? 1u : 0u;
      sum[i] += more;
      reached |= more;
    }
    if (reached == 0) break;
  }
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
  set_rates(rates);
}

void PoissonCounts::set_rate(double rate) {
  rate_ = Schedule{{{0.0, rate}}, {}};
  table_of_.clear();
}

std::uint32_t PoissonCounts::table_index(double rate) {
  const auto [entry, added] = known_.try_emplace(rate, static_cast<std::uint32_t>(tables_.size()));
  if (added) tables_.emplace_back(rate * grid_.dt_ms() * 1e-3);
  return entry->second;
}

void PoissonCounts::set_rates(std::span<const double> rates) {
  constexpr std::size_t many = 4096;  // distinct rates that are worth remembering
  if (tables_.size() > many) {
    tables_.clear();
    known_.clear();
  }
  table_of_.resize(rates.size());
  double largest = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    table_of_[i] = table_index(rates[i]);
    largest = std::max(largest, tables_[table_of_[i]].mean());
  }
  silent_ = largest <= 0;
  columns_.clear();
  first_level_.clear();
  constexpr double small = 1;  // beyond, a column would be long
  if (largest <= small) lay_out_columns();
}

void PoissonCounts::lay_out_columns() {
  constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();
  for (std::size_t begin = 0; begin < table_of_.size(); begin += group_size) {
    const std::size_t end = std::min(begin + group_size, table_of_.size());
    std::size_t levels = 0;
    for (std::size_t i = begin; i < end; ++i)
      levels = std::max(levels, tables_[table_of_[i]].thresholds().size());
    const std::size_t first = columns_.size();
    first_level_.push_back(static_cast<std::uint32_t>(first / group_size));
    columns_.resize(first + levels * group_size, never);
    for (std::size_t i = begin; i < end; ++i) {
      const auto thresholds = tables_[table_of_[i]].thresholds();
      for (std::size_t level = 0; level < thresholds.size(); ++level)
        columns_[first + level * group_size + (i - begin)] = thresholds[level] - 1;  // P(0) > 0: never 0
    }
  }
  first_level_.push_back(static_cast<std::uint32_t>(columns_.size() / group_size));
}

bool PoissonCounts::active(Step step) const { return step >= start_ && step < stop_; }

SYNFIRE_HD void PoissonCounts::draw_columns(Step step, std::uint32_t group, std::uint32_t* counts) const {
  const bool known = group + 1 < first_level_.size();
  const std::uint32_t first = known ? first_level_[group] : 0;
  const std::uint32_t levels = known ? first_level_[group + 1] - first : 0;
  if (levels == 0) {
    std::fill_n(counts, group_size, 0u);
    return;
  }
  PhiloxBlocks<lanes> words;
  random_words(key_, step, group, words);
  count_levels(words, columns_.data() + std::size_t(first) * group_size, levels, counts);
}

SYNFIRE_HD void PoissonCounts::draw_tables(Step step, std::uint32_t group, std::uint32_t* counts) const {
  PhiloxBlocks<lanes> words;
  random_words(key_, step, group, words);
  for (std::uint32_t i = 0; i < group_size; ++i) {
    const std::size_t neuron = std::size_t(group) * group_size + i;
    counts[i] =
        neuron < table_of_.size() ? tables_[table_of_[neuron]].count(words.words[i / lanes][i % lanes]) : 0;
  }
}

SYNFIRE_HD void PoissonCounts::draw_group(Step step, std::uint32_t group, std::uint32_t* counts) const {
  if (!first_level_.empty() && !table_of_.empty()) return draw_columns(step, group, counts);
  if (!table_of_.empty()) return draw_tables(step, group, counts);
  PhiloxBlocks<lanes> words;
  random_words(key_, step, group, words);
  count_words(words, shared_.thresholds(), shared_.base(), counts);
}

bool PoissonCounts::draw(Step step, std::uint32_t first, std::span<std::uint32_t> counts) {
  if (!active(step) || counts.empty()) return false;
  if (!table_of_.empty() && silent_) return false;
  if (table_of_.empty()) {
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
      draw_group(step, group, out);
      if (whole) continue;
      const std::uint32_t from = std::max(begin, first), to = std::min(begin + group_size, last);
      std::copy(drawn + (from - begin), drawn + (to - begin), counts.begin() + (from - first));
    }
  });
  return true;
}

}  // namespace synfire
