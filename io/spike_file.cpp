#include "io/spike_file.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "io/csv.hpp"

namespace synfire {

namespace {

struct SpikeColumns {
  std::size_t time = 0, id = 1;
  std::optional<std::size_t> population;
};

SpikeColumns find_columns(const CsvReader& csv) {
  if (csv.header().empty()) {
    if (csv.columns() == 2) return {};
    throw csv.error("a table without column names must have two columns: time in ms, id");
  }
  const auto time =
      csv.find({"time_ms", "times_ms", "timestamps", "timestamp", "time", "times", "t", "t_ms"});
  const auto id =
      csv.find({"node_id", "node_ids", "sender", "senders", "id", "ids", "gid", "gids", "neuron"});
  if (!time) throw csv.error("no column of spike times; call it time_ms");
  if (!id) throw csv.error("no column of neuron ids; call it node_id");
  return {*time, *id, csv.find({"population", "populations"})};
}

SpikeTrain read_table(const std::string& path, const SpikeQuery& query) {
  CsvReader csv(path);
  SpikeTrain train;
  if (csv.columns() == 0) return train;
  const auto columns = find_columns(csv);
  if (query.population && !columns.population)
    throw csv.error(
        fmt::format("population '{}' is asked for, but no column is called population", *query.population));
  std::optional<std::unordered_set<std::uint64_t>> chosen;
  if (query.ids) chosen.emplace(query.ids->begin(), query.ids->end());
  std::optional<std::string> only = query.population;
  bool found = !query.population;
  while (csv.next()) {
    const double time_ms = csv.number(columns.time);
    const std::uint64_t id = csv.whole(columns.id);
    if (columns.population) {
      const std::string_view name = csv.text(*columns.population);
      if (!only) only = name;
      if (name != *only && query.population) continue;
      if (name != *only)
        throw csv.error(*columns.population,
                        fmt::format("name one of the populations: {}, {}, ...", *only, name));
      found = true;
    }
    if (time_ms < query.from_ms || time_ms >= query.until_ms || (chosen && !chosen->contains(id))) continue;
    train.times_ms.push_back(time_ms);
    train.ids.push_back(id);
  }
  if (!found)
    throw Error(ErrorKind::input, fmt::format("{}: has no population '{}'", path, *query.population));
  return train;
}

}  // namespace

SpikeTrain read_spike_file(const std::string& path, const SpikeQuery& query) {
  if (hdf5::File::is_hdf5(path)) return read_spikes(hdf5::File::open(path), query);
  return read_table(path, query);
}

}  // namespace synfire
