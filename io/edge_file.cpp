#include "io/edge_file.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/csv.hpp"
#include "io/hdf5.hpp"

namespace synfire {

namespace {

using hdf5::Dataset;
using hdf5::File;
using hdf5::Group;

struct EdgeColumns {
  std::size_t source = 0, target = 1;
  std::optional<std::size_t> weight, delay;
};

EdgeColumns find_columns(const CsvReader& csv) {
  const std::size_t n = csv.columns();
  if (csv.header().empty()) {
    if (n < 2 || n > 4)
      throw csv.error("a table without column names must have 2 to 4 columns: source, target, weight, delay");
    EdgeColumns columns;
    if (n > 2) columns.weight = 2;
    if (n > 3) columns.delay = 3;
    return columns;
  }
  const auto source = csv.find({"source", "sources", "source_node_id", "pre"});
  const auto target = csv.find({"target", "targets", "target_node_id", "post"});
  if (!source) throw csv.error("no column of sources; call it source");
  if (!target) throw csv.error("no column of targets; call it target");
  return {*source, *target, csv.find({"weight", "weights", "syn_weight"}),
          csv.find({"delay", "delays", "delay_ms"})};
}

EdgeList read_table(const std::string& path) {
  CsvReader csv(path);
  EdgeList edges;
  if (csv.columns() == 0) return edges;
  const auto columns = find_columns(csv);
  while (csv.next()) {
    edges.source.push_back(csv.whole(columns.source));
    edges.target.push_back(csv.whole(columns.target));
    if (columns.weight) edges.weight.push_back(csv.number(*columns.weight));
    if (!columns.delay) continue;
    edges.delay_ms.push_back(csv.number(*columns.delay));
    if (edges.delay_ms.back() < 0) throw csv.error(*columns.delay, "a delay must not be negative");
  }
  return edges;
}

[[noreturn]] void bad(const hdf5::Object& object, std::string_view what) {
  throw Error(ErrorKind::input, fmt::format("{}: {}: {}", object.file_path(), object.path(), what));
}

template <class T> std::vector<T> column(const Dataset& dataset, std::optional<std::size_t> length) {
  if (dataset.dimensions().size() != 1) bad(dataset, "must have one dimension");
  auto values = dataset.read<T>();
  if (length && values.size() != *length)
    bad(dataset, fmt::format("has {} values for {} edges", values.size(), *length));
  return values;
}

/// The first of `names` that is there, one finite value an edge; empty if none is.
std::vector<double> optional_column(const Group& group, std::initializer_list<const char*> names,
                                    std::size_t length, double least) {
  for (const char* const name : names) {
    if (!group.has_dataset(name)) continue;
    const Dataset dataset = group.dataset(name);
    auto values = column<double>(dataset, length);
    for (std::size_t k = 0; k < values.size(); ++k)
      if (!std::isfinite(values[k]) || values[k] < least)
        bad(dataset, fmt::format("value {} is {}", k, values[k]));
    return values;
  }
  return {};
}

EdgeList read_columns(const Group& group, const char* source, const char* target) {
  constexpr double any = -std::numeric_limits<double>::infinity();
  EdgeList edges;
  edges.source = column<std::uint64_t>(group.dataset(source), std::nullopt);
  edges.target = column<std::uint64_t>(group.dataset(target), edges.source.size());
  const std::size_t n = edges.source.size();
  edges.weight = optional_column(group, {"0/syn_weight", "0/weight", "syn_weight", "weight"}, n, any);
  edges.delay_ms = optional_column(group, {"0/delay", "delay"}, n, 0);
  return edges;
}

/// Rows of group 0 must be the edges themselves: a file may scatter attributes over several groups. Some
/// tools store these numbers as fractions.
void require_one_group(const Group& group) {
  if (group.has_dataset("edge_group_id")) {
    const Dataset ids = group.dataset("edge_group_id");
    const auto values = ids.read<double>();
    if (std::any_of(values.begin(), values.end(), [](auto id) { return id != 0; }))
      bad(ids, "edges in groups other than 0 cannot be read");
  }
  if (!group.has_dataset("edge_group_index")) return;
  const Dataset indices = group.dataset("edge_group_index");
  const auto values = indices.read<double>();
  for (std::size_t k = 0; k < values.size(); ++k)
    if (values[k] != static_cast<double>(k))
      bad(indices, fmt::format("row {} points at {}: only edges in order can be read", k, values[k]));
}

EdgeList read_sonata(const Group& root, const std::optional<std::string>& population) {
  std::vector<std::string> names;
  for (const std::string& name : root.children())
    if (root.has_dataset(name + "/source_node_id")) names.push_back(name);
  const std::string listed = names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
  if (!population && names.size() != 1) bad(root, fmt::format("name one of its populations: {}", listed));
  const std::string& name = population ? *population : names.front();
  if (std::find(names.begin(), names.end(), name) == names.end())
    bad(root, fmt::format("has no population '{}'; it has: {}", name, listed));
  const Group group = root.group(name);
  require_one_group(group);
  return read_columns(group, "source_node_id", "target_node_id");
}

EdgeList read_hdf5(const std::string& path, const std::optional<std::string>& population) {
  const File file = File::open(path);
  if (file.has_group("edges")) return read_sonata(file.group("edges"), population);
  if (population) bad(file, fmt::format("has no edges of population '{}' (group /edges)", *population));
  if (!file.has_dataset("source") || !file.has_dataset("target"))
    bad(file, "has neither /edges (SONATA) nor datasets source and target");
  return read_columns(file, "source", "target");
}

}  // namespace

EdgeList read_edge_file(const std::string& path, const std::optional<std::string>& population) {
  if (File::is_hdf5(path)) return read_hdf5(path, population);
  if (population)
    throw Error(ErrorKind::input,
                fmt::format("{}: a table of text has no population '{}'", path, *population));
  return read_table(path);
}

}  // namespace synfire
