#include <algorithm>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"
#include "plasticity/rules.hpp"

namespace synfire::parse {
namespace {

// Neurons of a population whose size is in a file are not counted yet.
std::uint32_t known_size(const Tree& tree, const std::string& what, const PopulationDescription& population) {
  if (has_size(population)) return population.size();
  throw tree.error(fmt::format("{}: give {} a size to select some of it", what, title(population)));
}

struct Range {
  std::int64_t start = 0, stop = 0, step = 1;
};

// "0:10", "0:100:5", ":10", "90:", "7".
std::optional<Range> parse_range(std::string_view text, std::uint32_t size) {
  std::int64_t parts[3] = {0, size, 1};
  int colons = 0;
  const char *at = text.data(), *end = text.data() + text.size();
  for (int i = 0; i < 3; ++i) {
    const auto [stop, status] = std::from_chars(at, end, parts[i]);
    const bool left_out = stop == at && i < 2;
    if (status != std::errc{} && !left_out) return std::nullopt;
    at = stop;
    if (at == end) break;
    if (*at != ':' || i == 2) return std::nullopt;
    ++at, ++colons;
    if (at == end) break;
  }
  if (text.empty() || at != end) return std::nullopt;
  if (colons == 0) parts[1] = parts[0] < size ? parts[0] + 1 : parts[0];
  return Range{parts[0], parts[1], parts[2]};
}

Selection select_range(const Tree& tree, const std::string& what, const PopulationDescription& population) {
  const std::uint32_t size = known_size(tree, what, population);
  const auto range = parse_range(tree.text(), size);
  if (!range)
    throw tree.error(fmt::format(
        "{}: '{}' selects nothing; write all, none, \"0:10\", \"0:100:5\" or [1, 5, 9]", what, tree.text()));
  if (range->start < 0 || range->stop > size || range->start >= range->stop || range->step < 1)
    throw tree.error(
        fmt::format("{}: '{}' must lie within 0:{} and hold at least one neuron", what, tree.text(), size));
  Selection selection = Selection::none();
  if (range->start == 0 && range->stop == size && range->step == 1) return Selection{};
  selection.ids.reserve(std::size_t((range->stop - range->start - 1) / range->step) + 1);
  for (std::int64_t id = range->start; id < range->stop; id += range->step)
    selection.ids.push_back(static_cast<std::uint32_t>(id));
  return selection;
}

Selection select_ids(const Tree& tree, const std::string& what, const PopulationDescription& population) {
  const std::uint32_t size = known_size(tree, what, population);
  Selection selection = Selection::none();
  for (const Tree& item : tree.items())
    selection.ids.push_back(static_cast<std::uint32_t>(item.as_integer(what, 0, std::int64_t(size) - 1)));
  if (selection.ids.empty()) throw tree.error(what + ": the list is empty; write none");
  std::sort(selection.ids.begin(), selection.ids.end());
  const auto twice = std::adjacent_find(selection.ids.begin(), selection.ids.end());
  if (twice != selection.ids.end())
    throw tree.error(fmt::format("{}: neuron {} stands twice in the list", what, *twice));
  return selection;
}

double parse_every(const MapReader& reader, double dt) {
  const Tree* value = reader.find("every");
  if (value == nullptr) return dt;
  const double every = reader.quantity("every");
  const auto steps = whole_steps(every, dt);
  if (!steps || *steps < 1)
    throw value->error(fmt::format("{} is {}, which is not a multiple of the time step of {}",
                                   reader.label("every"), format_quantity(every, Unit::ms),
                                   format_quantity(dt, Unit::ms)));
  return every;
}

TraceRecord parse_trace(const std::string& variable, const Tree& tree,
                        const PopulationDescription& population, double dt) {
  TraceRecord trace;
  trace.variable = variable;
  trace.where = tree.key_where();
  trace.every = dt;
  const std::string what = fmt::format("record of {}, {}", variable, title(population));
  if (!tree.is_map()) {
    trace.neurons = parse_selection(tree, what, population);
    return trace;
  }
  const MapReader reader(tree, keys::trace, what);
  if (const Tree* neurons = reader.find("neurons"))
    trace.neurons = parse_selection(*neurons, what, population);
  trace.every = parse_every(reader, dt);
  return trace;
}

bool selects_nothing(const Selection& selection) { return !selection.all && selection.ids.empty(); }

}  // namespace

Selection parse_selection(const Tree& tree, const std::string& what,
                          const PopulationDescription& population) {
  if (tree.is_list()) return select_ids(tree, what, population);
  const std::string& text = tree.as_text(what);
  if (text == "all") return Selection{};
  if (text == "none") return Selection::none();
  return select_range(tree, what, population);
}

WeightRecord parse_weight_record(const Tree& tree, std::size_t index, const Network& network) {
  const ProjectionDescription& projection = network.description.projections[index];
  const double dt = network.description.simulation.dt;
  const std::string what = fmt::format("record of projection '{}'", projection.name);
  const bool changes =
      std::any_of(projection.plasticity.begin(), projection.plasticity.end(),
                  [](const auto& rule) { return find_rule(rule.rule)->kind != RuleInfo::Kind::short_term; });
  if (!changes && !projection.mask)
    throw Error(ErrorKind::input, tree.key_where(),
                what + ": its weights never change; record a projection that has `plasticity`");
  const std::string_view only_weights[] = {keys::recorded_weights.name};
  tree.as_map(what);
  check_keys(tree, only_weights, what);
  WeightRecord record;
  record.projection = index;
  record.where = tree.key_where();
  const Tree* weights = tree.find(keys::recorded_weights.name);
  if (weights == nullptr) throw tree.error(what + ": write {weights: {every: 1 s}} or {weights: {at: […]}}");
  const MapReader reader(*weights, keys::weights, "weights, " + what);
  if (reader.find("every") != nullptr) record.every = parse_every(reader, dt);
  if (const Tree* times = reader.find("at")) {
    const ParameterInfo info{"at", Unit::ms, 0, non_negative, ""};
    for (const Tree& item : times->as_list("at, " + what)) {
      const double time = parse_constant(item, info, what);
      if (!whole_steps(time, dt))
        throw item.error(fmt::format("at of {}: {} is not a multiple of the time step of {}", what,
                                     format_quantity(time, Unit::ms), format_quantity(dt, Unit::ms)));
      if (!record.at.empty() && time <= record.at.back())
        throw item.error(fmt::format("at of {}: the times must ascend", what));
      record.at.push_back(time);
    }
  }
  if (record.every == 0 && record.at.empty())
    throw weights->error(what + ": no time is given; write every or at");
  return record;
}

RecordDescription parse_record(const std::string& name, const Tree& tree, const Network& network) {
  RecordDescription record;
  const Tree name_tree = Tree::scalar(name, tree.key_where());
  record.population = network.population(name_tree, "record");
  const PopulationDescription& population = network.description.populations[record.population];
  const Kind kind = find_kind(population.model);
  const std::string what = "record of " + title(population);
  if (kind.emits_current())
    throw name_tree.error(
        fmt::format("{}: a source of current has no spikes and no state; record its targets", what));
  tree.as_map(what);
  std::vector<std::string_view> valid = kind.model().state_names();
  valid.insert(valid.begin(), keys::recorded_spikes.name);
  check_keys(tree, valid, what);
  for (const auto& [key, value] : tree.members()) {
    if (key == keys::recorded_spikes.name) {
      record.spikes = parse_selection(value, "spikes, " + what, population);
      if (!kind.model().spikes && !selects_nothing(record.spikes))
        throw value.error(fmt::format("spikes, {}: it never spikes; record its state", what));
      continue;
    }
    TraceRecord trace = parse_trace(key, value, population, network.description.simulation.dt);
    if (!selects_nothing(trace.neurons)) record.traces.push_back(std::move(trace));
  }
  return record;
}

}  // namespace synfire::parse
