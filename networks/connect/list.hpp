#pragma once

#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "io/edge_file.hpp"
#include "networks/connect/edge_lists.hpp"
#include "networks/given_synapses.hpp"

namespace synfire::connect {

/// The connections that a file lists, with their weights and delays where it has them; or those that a
/// program has made, which are not copied.
class List final : public Connector {
 public:
  struct Parameters {};
  static constexpr auto describe() {
    return about("list", "the connections that a CSV or HDF5 file lists, with weights and delays if present",
                 "SONATA edges");
  }

  List(const Parameters&, const ConnectContext& context, const ConnectDescription& connect) {
    if (connect.given != nullptr) {
      take(connect, context);
      return;
    }
    if (connect.file.empty()) throw refusal(connect, "needs a file");
    const EdgeList list = read_edge_file(connect.file);
    check_ids(list.source, context.sources, "source", connect);
    check_ids(list.target, context.targets, "target", connect);
    const std::size_t n = list.source.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(list.target[a], list.source[a]) < std::pair(list.target[b], list.source[b]);
    });
    edges_ = EdgeLists(context.targets, n, connect, [&](auto&& add) {
      for (const std::size_t k : order)
        add(static_cast<std::uint32_t>(list.source[k]), static_cast<std::uint32_t>(list.target[k]));
    });
    weights_ = ordered(list.weight, order, "weight", connect);
    delays_ = ordered(list.delay_ms, order, "delay", connect);
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    if (given_ == nullptr) return edges_.append(target, sources);
    const auto row = row_of(given_->sources, target);
    sources.insert(sources.end(), row.begin(), row.end());
  }
  double expected_synapses() const override {
    return static_cast<double>(given_ != nullptr ? given_->size() : edges_.size());
  }
  std::size_t bytes() const override {
    return edges_.bytes() + (weights_.size() + delays_.size()) * sizeof(float);
  }
  bool has_weights() const override { return given_ != nullptr || !weights_.empty(); }
  bool has_delays() const override { return !delays_.empty(); }
  std::span<const float> weights_of(std::uint32_t target) const override {
    return given_ != nullptr ? row_of(given_->weights, target) : row(weights_, target);
  }
  std::span<const float> delays_of(std::uint32_t target) const override { return row(delays_, target); }

 private:
  void take(const ConnectDescription& connect, const ConnectContext& context) {
    const GivenSynapses& given = *connect.given;
    const bool whole = given.begin.size() == std::size_t(context.targets) + 1 && given.begin.front() == 0 &&
                       given.begin.back() == given.size() && given.weights.size() == given.size() &&
                       std::is_sorted(given.begin.begin(), given.begin.end()) &&
                       std::all_of(given.sources.begin(), given.sources.end(),
                                   [&](std::uint32_t source) { return source < context.sources; });
    if (!whole) throw Error(ErrorKind::internal, "the synapses given are none between these populations");
    given_ = connect.given;
  }
  template <class Value>
  std::span<const Value> row_of(const std::vector<Value>& values, std::uint32_t target) const {
    const std::uint64_t begin = given_->begin[target];
    return std::span(values).subspan(begin, given_->begin[target + std::size_t(1)] - begin);
  }

  static void check_ids(const std::vector<std::uint64_t>& ids, std::uint32_t size, std::string_view end,
                        const ConnectDescription& connect) {
    for (std::size_t k = 0; k < ids.size(); ++k)
      if (ids[k] >= size)
        throw refusal(connect, fmt::format("edge {} of {} has {} {}, but that population has only {} neurons",
                                           k, connect.file, end, ids[k], size));
  }

  static std::vector<float> ordered(const std::vector<double>& values, const std::vector<std::size_t>& order,
                                    std::string_view column, const ConnectDescription& connect) {
    std::vector<float> result;
    if (values.empty()) return result;
    result.reserve(values.size());
    for (const std::size_t k : order) {
      if (!(std::abs(values[k]) <= std::numeric_limits<float>::max()))
        throw refusal(connect, fmt::format("edge {} of {} has the {} {}, which is too large", k, connect.file,
                                           column, values[k]));
      result.push_back(static_cast<float>(values[k]));
    }
    return result;
  }

  std::span<const float> row(const std::vector<float>& values, std::uint32_t target) const {
    if (values.empty()) return {};
    return std::span(values).subspan(edges_.offset(target), edges_.row(target).size());
  }

  std::shared_ptr<const GivenSynapses> given_;  // in place of all others
  EdgeLists edges_;
  std::vector<float> weights_, delays_;
};

}  // namespace synfire::connect
