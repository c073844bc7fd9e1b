// `scale:` — the same network with fewer neurons and fewer synapses on each, its populations as active as
// before: van Albada, Helias & Diesmann 2015, PLoS Comput. Biol. 11:e1004490.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "networks/connect/pair_probability.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"

namespace synfire::parse {
namespace {

struct Scale {
  double neurons = 1, in_degrees = 1, tau_syn_ms = 0;
  std::map<std::string, double, std::less<>> rates;  // Hz, of the network in full
};

Tree text_like(const Tree& old, std::string text) {
  return in_place_of(old, Tree::scalar(std::move(text), old.where()));
}

/// "87.8 pA" as 87.8 and " pA".
std::pair<double, std::string> number_and_unit(const Tree& tree, std::string_view what) {
  const std::string& text = tree.as_text(what);
  const std::size_t blank = std::min(text.find(' '), text.size());
  double number = 0;
  if (!parse_number(text.substr(0, blank), number))
    throw tree.error(fmt::format("{}: scale needs a number here, with a blank before its unit", what));
  return {number, text.substr(blank)};
}

/// A quantity, or a distribution of it, times a factor.
Tree times(const Tree& tree, double factor) {
  if (tree.is_scalar()) {
    const auto [number, unit] = number_and_unit(tree, "weight");
    return text_like(tree, fmt::format("{}{}", number * factor, unit));
  }
  Tree result = tree;
  for (Tree& item : result.items()) item = times(item, factor);
  for (auto& [key, value] : result.members()) value = times(value, factor);
  return result;
}

/// The mean of a weight, as a number in its own unit.
double mean_of(const Tree& weight) {
  if (weight.is_scalar()) return number_and_unit(weight, "weight").first;
  if (!weight.is_map() || weight.members().size() != 1)
    throw weight.error("weight: scale knows numbers and distributions");
  const auto& [shape, parameters] = weight.members().front();
  if (parameters.is_scalar()) return number_and_unit(parameters, "weight").first;
  const auto entry = [&parameters, &weight](std::size_t position, std::string_view key) {
    const Tree* found = parameters.is_list() && position < parameters.items().size()
                            ? &parameters.items()[position]
                            : parameters.find(key);
    if (found == nullptr) throw weight.error(fmt::format("weight: '{}' is missing", key));
    return number_and_unit(*found, "weight").first;
  };
  return shape == "uniform" ? (entry(0, "low") + entry(1, "high")) / 2 : entry(0, "mean");
}

Scale read_scale(const Tree& tree) {
  const MapReader reader(tree, keys::scaling, "scale");
  Scale scale;
  scale.neurons = reader.quantity("neurons");
  scale.in_degrees = reader.find("in_degrees") != nullptr ? reader.quantity("in_degrees") : scale.neurons;
  const Tree* rates = reader.find("rates");
  if (rates == nullptr) return scale;
  for (const auto& [name, rate] : rates->as_map("rates of scale"))
    scale.rates[name] = rate.as_quantity(Unit::Hz, "rates of scale");
  if (reader.find("tau_syn") == nullptr)
    throw rates->error("rates of scale: tau_syn is needed with it, the time over which a weight acts");
  scale.tau_syn_ms = reader.quantity("tau_syn");
  return scale;
}

class Scaled {
 public:
  Scaled(const Tree& network, const Scale& scale) : network_(network), scale_(scale) {}

  Tree done() {
    shrink_populations();
    if (Tree* projections = network_.find("projections"); projections != nullptr)
      for (Tree& projection : projections->items())
        if (projection.is_map()) thin_out(projection);
    add_currents();
    return std::move(network_);
  }

 private:
  void shrink_populations() {
    for (auto& [name, population] : network_.find("populations")->members()) {
      Tree* size = population.is_map() ? population.find("size") : nullptr;
      if (size == nullptr) continue;
      if (!size->is_scalar())
        throw size->error(fmt::format("size of '{}': scale works on populations of one dimension", name));
      const auto full = double(size->as_integer(fmt::format("size of '{}'", name), 1, 1LL << 31));
      sizes_[name] = full;
      *size = text_like(*size, fmt::format("{:.0f}", std::max(1.0, std::round(full * scale_.neurons))));
    }
  }

  double size_of(const Tree& projection, std::string_view end) const {
    const Tree* name = projection.find(end);
    const auto found = name != nullptr && name->is_scalar() ? sizes_.find(name->text()) : sizes_.end();
    return found == sizes_.end() ? 0 : found->second;
  }

  /// Fewer synapses, each stronger by as much as keeps the variance of the input.
  void thin_out(Tree& projection) {
    Tree* connect = projection.find("connect");
    if (connect == nullptr) return;
    const bool has_value = connect->is_map() && connect->members().size() == 1;
    const std::string rule = has_value              ? connect->members().front().first
                             : connect->is_scalar() ? connect->text()
                                                    : "";
    if (rule == "one_to_one" || rule == "all_to_all" || rule.empty()) return;
    const double in_degree = scaled_rule(projection, *connect, rule);
    Tree* weight = projection.find("weight");
    if (weight == nullptr) throw projection.error("projection: scale needs its weight; write it");
    note_input(projection, in_degree, *weight);
    *weight = times(*weight, 1 / std::sqrt(scale_.in_degrees));
  }

  /// Rewrites the rule; the mean in-degree of the network in full.
  double scaled_rule(const Tree& projection, Tree& connect, const std::string& rule) const {
    const double sources = size_of(projection, "from"), targets = size_of(projection, "to");
    const double neurons = scale_.neurons, in_degrees = scale_.in_degrees;
    if (!connect.is_map())
      throw connect.error(fmt::format("connect: scale needs the parameters of {}", rule));
    Tree& value = connect.members().front().second;
    const auto parameter = [&](std::string_view key) -> Tree& {
      Tree* found = value.is_map() ? value.find(key) : &value;
      if (found == nullptr) throw value.error(fmt::format("connect: {} needs {}", rule, key));
      return *found;
    };
    const auto rewrite = [&](std::string_view key, double factor) {
      Tree& tree = parameter(key);
      const double full = tree.as_number(key);
      const bool is_count = key != "p";
      const double scaled = full * factor;
      tree =
          text_like(tree, is_count ? fmt::format("{:.0f}", std::round(scaled)) : fmt::format("{}", scaled));
      return full;
    };
    if (rule == "fixed_indegree") return rewrite("indegree", in_degrees);
    if (rule == "fixed_outdegree") return rewrite("outdegree", in_degrees) * sources / std::max(1.0, targets);
    if (rule == "fixed_total_number") return rewrite("N", neurons * in_degrees) / std::max(1.0, targets);
    if (rule == "fixed_probability") return rewrite("p", in_degrees / neurons) * sources;
    if (rule == "pair_probability") {
      const double total = connect::PairProbability::total(parameter("p").as_number("p"), sources, targets);
      Tree number = text_like(value, fmt::format("{:.0f}", std::round(total * neurons * in_degrees)));
      connect.members() = {{"fixed_total_number", std::move(number)}};
      return total / std::max(1.0, targets);
    }
    throw connect.error(fmt::format(
        "connect: scale does not know how to thin out '{}'; it can do that with one_to_one, all_to_all, "
        "fixed_indegree, fixed_outdegree, fixed_total_number, fixed_probability and pair_probability",
        rule));
  }

  /// What the projection brings on average when the network is whole, in the unit of its weight.
  void note_input(const Tree& projection, double in_degree, const Tree& weight) {
    if (scale_.rates.empty()) return;
    const Tree &from = *projection.find("from"), &to = *projection.find("to");
    const auto rate = scale_.rates.find(from.as_text("from"));
    if (rate == scale_.rates.end()) return;
    const double mean = in_degree * mean_of(weight) * scale_.tau_syn_ms * rate->second * 1e-3;
    lost_[to.as_text("to")] += (1 - std::sqrt(scale_.in_degrees)) * mean;
  }

  /// A constant current in place of the mean input that is lost.
  void add_currents() {
    for (const auto& [name, current] : lost_) {
      Tree* population = network_.find("populations")->find(name);
      if (population == nullptr || !population->is_map()) continue;
      Tree params = population->find("params") != nullptr ? *population->find("params")
                                                          : Tree::map(population->where());
      const Tree* present = params.find("I_e");
      const double before = present != nullptr ? present->as_quantity(Unit::pA, "I_e") : 0;
      Tree value = Tree::scalar(fmt::format("{} pA", before + current), params.where());
      params.set("I_e", std::move(value));
      const Position where = params.where();
      params.set_key_where(where.line, where.column);
      population->set("params", std::move(params));
    }
  }

  Tree network_;
  const Scale& scale_;
  std::map<std::string, double, std::less<>> sizes_, lost_;
};

}  // namespace

Tree scaled(const Tree& network) {
  const Tree* tree = network.find("scale");
  if (tree == nullptr || network.find("populations") == nullptr || !network.find("populations")->is_map())
    return network;
  const Scale scale = read_scale(*tree);
  if (scale.neurons == 1 && scale.in_degrees == 1) return network;
  return Scaled(network, scale).done();
}

}  // namespace synfire::parse
