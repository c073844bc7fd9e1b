// Edges kept by target, for rules that cannot answer target by target without having made the whole graph.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "networks/connect/checks.hpp"

namespace synfire::connect {

/// Compressed rows: the sources of target t are sources()[offset(t) .. offset(t + 1)), ascending.
class EdgeLists {
 public:
  EdgeLists() = default;

  /// `generate(add)` calls add(source, target) for every edge; it is run twice and must do the same both
  /// times (counting first, so that no edge is held twice). `expected` edges decide beforehand whether they
  /// fit.
  template <class Generate>
  EdgeLists(std::uint32_t targets, std::uint64_t expected, const ConnectDescription& connect,
            Generate&& generate) {
    check_synapses(static_cast<double>(expected), connect);
    check_memory(8.0 * targets + 4.0 * static_cast<double>(expected), connect);
    offsets_.assign(static_cast<std::size_t>(targets) + 1, 0);
    generate([&](std::uint32_t, std::uint32_t target) { ++offsets_[target]; });
    std::exclusive_scan(offsets_.begin(), offsets_.end(), offsets_.begin(), std::uint64_t(0));
    sources_.resize(offsets_.back());
    generate([&](std::uint32_t source, std::uint32_t target) { sources_[offsets_[target]++] = source; });
    std::move_backward(offsets_.begin(), offsets_.end() - 1,
                       offsets_.end());  // filling moved each to its end
    offsets_.front() = 0;
    for (std::uint32_t target = 0; target < targets; ++target) sort_row(target);
  }

  std::uint64_t size() const { return sources_.size(); }
  std::uint64_t offset(std::uint32_t target) const { return offsets_[target]; }
  std::size_t bytes() const {
    return offsets_.size() * sizeof(std::uint64_t) + sources_.size() * sizeof(std::uint32_t);
  }
  std::span<const std::uint32_t> row(std::uint32_t target) const {
    const std::size_t begin = offsets_[target], end = offsets_[target + std::size_t(1)];
    return std::span(sources_).subspan(begin, end - begin);
  }
  void append(std::uint32_t target, std::vector<std::uint32_t>& sources) const {
    const auto found = row(target);
    sources.insert(sources.end(), found.begin(), found.end());
  }

 private:
  void sort_row(std::uint32_t target) {
    const auto begin = sources_.begin() + static_cast<std::ptrdiff_t>(offsets_[target]);
    const auto end = sources_.begin() + static_cast<std::ptrdiff_t>(offsets_[target + std::size_t(1)]);
    if (!std::is_sorted(begin, end)) std::sort(begin, end);
  }

  std::vector<std::uint64_t> offsets_;
  std::vector<std::uint32_t> sources_;
};

}  // namespace synfire::connect
