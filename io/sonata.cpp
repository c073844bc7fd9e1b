#include "io/sonata.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {

namespace {

using hdf5::Dataset;
using hdf5::File;
using hdf5::Group;

/// Both layouts of spikes.
struct SpikePlace {
  Group group;
  Dataset times, ids;
};

[[noreturn]] void bad(const hdf5::Object& object, std::string_view what) {
  throw Error(ErrorKind::input, fmt::format("{}: {}: {}", object.file_path(), object.path(), what));
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

bool is_legacy(const Group& spikes) { return spikes.has_dataset("timestamps"); }

Group spikes_root(const File& file) {
  if (file.has_group("spikes")) return file.group("spikes");
  throw Error(ErrorKind::input, fmt::format("{}: has no spikes (group /spikes)", file.file_path()));
}

SpikePlace find_spikes(const File& file, const std::optional<std::string>& population) {
  const Group root = spikes_root(file);
  if (is_legacy(root)) return {root, root.dataset("timestamps"), root.dataset("gids")};
  const auto names = spike_populations(file);
  if (!population && names.size() != 1)
    bad(root, fmt::format("name one of its populations: {}", listed(names)));
  const std::string& name = population ? *population : names.front();
  if (std::find(names.begin(), names.end(), name) == names.end())
    bad(root, fmt::format("has no population '{}'; it has: {}", name, listed(names)));
  const Group group = root.group(name);
  return {group, group.dataset("timestamps"), group.dataset("node_ids")};
}

/// Milliseconds in one unit of the times of `dataset`.
double milliseconds_per_unit(const Dataset& dataset) {
  const std::string units = dataset.text_attribute("units").value_or("ms");
  for (const char* const name : {"ms", "millisecond", "milliseconds", "msec"})
    if (units == name) return 1;
  for (const char* const name : {"s", "second", "seconds", "sec"})
    if (units == name) return 1000;
  bad(dataset, fmt::format("unknown units '{}'; ms and s are known", units));
}

std::uint64_t length_of(const Dataset& dataset) {
  const auto sizes = dataset.dimensions();
  if (sizes.size() != 1) bad(dataset, fmt::format("must have one dimension, not {}", sizes.size()));
  return sizes[0];
}

void require_plain_name(const File& file, const std::string& name) {
  if (!name.empty() && name != "." && name.find('/') == std::string::npos) return;
  throw Error(ErrorKind::input, fmt::format("{}: '{}' cannot name a population in HDF5: no '/', not empty",
                                            file.file_path(), name));
}

}  // namespace

void sort_by_time(SpikeTrain& train) {
  std::vector<std::size_t> order(train.times_ms.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto earlier = [&](std::size_t a, std::size_t b) {
    if (train.times_ms[a] != train.times_ms[b]) return train.times_ms[a] < train.times_ms[b];
    return train.ids[a] < train.ids[b];
  };
  if (std::is_sorted(order.begin(), order.end(), earlier)) return;
  std::stable_sort(order.begin(), order.end(), earlier);
  SpikeTrain sorted;
  sorted.times_ms.reserve(order.size());
  sorted.ids.reserve(order.size());
  for (const std::size_t k : order) {
    sorted.times_ms.push_back(train.times_ms[k]);
    sorted.ids.push_back(train.ids[k]);
  }
  train = std::move(sorted);
}

void write_sonata_root(File& file) {
  constexpr std::uint32_t magic = 0x0A7A;
  constexpr std::array<std::uint32_t, 2> version{0, 1};
  file.set_attribute("magic", magic);
  file.set_attribute("version", std::span<const std::uint32_t>(version));
}

// --- writing
// --------------------------------------------------------------------------------------------------------

SpikeWriter::SpikeWriter(File& file, const std::string& population, SpikeSorting sorting, int deflate)
    : sorting_(sorting) {
  require_plain_name(file, population);
  constexpr std::array<std::pair<const char*, std::uint8_t>, 3> members{
      {{"none", 0}, {"by_id", 1}, {"by_time", 2}}};
  Group group = file.require_group("spikes/" + population);
  group.set_enum_attribute("sorting", static_cast<std::uint8_t>(sorting), members);
  const hdf5::Growth growth{.deflate = deflate};
  times_ = group.create_growing("timestamps", hdf5::Type::float64, growth);
  times_.set_attribute("units", "ms");
  ids_ = group.create_growing("node_ids", hdf5::Type::uint64, growth);
}

void SpikeWriter::append(std::span<const double> times_ms, std::span<const std::uint64_t> ids) {
  if (times_ms.size() != ids.size())
    throw Error(ErrorKind::internal,
                fmt::format("{}: {} spike times for {} ids", times_.path(), times_ms.size(), ids.size()));
  if (times_ms.empty()) return;
  if (sorting_ == SpikeSorting::by_time) {
    if (times_ms.front() < last_ms_ || !std::is_sorted(times_ms.begin(), times_ms.end()))
      throw Error(ErrorKind::internal, fmt::format("{}: spikes are not ordered by time", times_.path()));
    last_ms_ = times_ms.back();
  }
  times_.append(times_ms);
  ids_.append(ids);
}

namespace {

std::string free_report_name(const File& file, const ReportHeader& header) {
  std::string first = "report/" + header.population;
  if (!file.exists(first)) return first;
  std::string further = first + "." + header.variable;
  if (!file.exists(further)) return further;
  throw Error(ErrorKind::input, fmt::format("{}: two reports of {} of population {}", file.file_path(),
                                            header.variable, header.population));
}

bool is_first_report_of(const File& file, const ReportHeader& header) {
  const std::string name = "report/" + header.population;
  return file.has_group(name) && file.group(name).text_attribute("variable") == header.variable;
}

void write_mapping(Group& mapping, const std::vector<std::uint64_t>& node_ids) {
  std::vector<std::uint64_t> pointers(node_ids.size() + 1);
  std::iota(pointers.begin(), pointers.end(), std::uint64_t{0});
  Dataset ids = mapping.create_dataset<std::uint64_t>("node_ids", node_ids);
  const bool sorted = std::is_sorted(node_ids.begin(), node_ids.end());
  ids.set_attribute("sorted", static_cast<std::uint8_t>(sorted));
  mapping.create_dataset<std::uint64_t>("index_pointers", pointers);
  mapping.create_dataset<std::uint32_t>("element_ids", std::vector<std::uint32_t>(node_ids.size(), 0));
  mapping.create_dataset<float>("element_pos", std::vector<float>(node_ids.size(), 0.0F));
}

}  // namespace

ReportWriter::ReportWriter(File& file, const ReportHeader& header, int deflate)
    : start_ms_(header.start_ms), step_ms_(header.step_ms) {
  require_plain_name(file, header.population);
  require_plain_name(file, header.variable);
  if (header.node_ids.empty() || !(header.step_ms > 0))
    throw Error(ErrorKind::internal,
                fmt::format("report of {}: needs nodes and a step above 0", header.population));
  const bool twice = is_first_report_of(file, header);
  if (twice)
    throw Error(ErrorKind::input, fmt::format("{}: two reports of {} of population {}", file.file_path(),
                                              header.variable, header.population));
  Group group = file.require_group(free_report_name(file, header));
  group.set_attribute("population", header.population);
  group.set_attribute("variable", header.variable);
  const hdf5::Growth growth{.columns = header.node_ids.size(), .deflate = deflate};
  data_ = group.create_growing("data", hdf5::Type::float32, growth);
  data_.set_attribute("units", header.units);
  Group mapping = group.require_group("mapping");
  write_mapping(mapping, header.node_ids);
  const std::array<double, 3> time{start_ms_, start_ms_, step_ms_};
  time_ = mapping.create_dataset<double>("time", time);
  time_.set_attribute("units", "ms");
}

void ReportWriter::append(std::span<const float> frames) {
  if (frames.empty()) return;
  data_.append(frames);
  const double stop_ms = start_ms_ + step_ms_ * static_cast<double>(data_.appended_rows());
  const std::array<double, 3> time{start_ms_, stop_ms, step_ms_};
  time_.overwrite<double>(time);
}

// --- reading
// --------------------------------------------------------------------------------------------------------

std::vector<std::string> spike_populations(const File& file) {
  const Group root = spikes_root(file);
  if (is_legacy(root)) return {""};
  std::vector<std::string> names;
  for (const std::string& name : root.children())
    if (root.has_dataset(name + "/timestamps")) names.push_back(name);
  return names;
}

SpikeSorting spike_sorting(const File& file, const std::string& population) {
  const auto place =
      find_spikes(file, population.empty() ? std::nullopt : std::optional<std::string>(population));
  if (!place.group.has_attribute("sorting")) return SpikeSorting::none;
  const std::string text = place.group.text_attribute("sorting").value_or("none");
  if (text == "by_time" || text == "time") return SpikeSorting::by_time;
  if (text == "by_id" || text == "by_gid" || text == "gid" || text == "id") return SpikeSorting::by_id;
  if (text == "none") return SpikeSorting::none;
  bad(place.group, fmt::format("unknown sorting '{}'; by_time, by_id and none are known", text));
}

namespace {

/// What one block of spikes contributes to the answer.
class SpikeFilter {
 public:
  SpikeFilter(const SpikeQuery& query) : from_(query.from_ms), until_(query.until_ms) {
    if (query.ids) chosen_.emplace(query.ids->begin(), query.ids->end());
  }
  bool operator()(double time_ms, std::uint64_t id) const {
    return time_ms >= from_ && time_ms < until_ && (!chosen_ || chosen_->contains(id));
  }

 private:
  double from_, until_;
  std::optional<std::unordered_set<std::uint64_t>> chosen_;
};

/// Number of rows before the NaNs that fill what a killed writer announced but did not write.
std::uint64_t rows_written(const Dataset& times, std::uint64_t rows) {
  constexpr std::uint64_t block = 1 << 16;
  while (rows > 0) {
    const std::uint64_t first = rows > block ? rows - block : 0;
    const auto values = times.read_rows<double>(first, rows - first);
    for (std::size_t k = values.size(); k > 0; --k)
      if (!std::isnan(values[k - 1])) return first + k;
    rows = first;
  }
  return 0;
}

}  // namespace

SpikeTrain read_spikes(const File& file, const SpikeQuery& query) {
  constexpr std::uint64_t block = 1 << 20;
  const auto place = find_spikes(file, query.population);
  const std::uint64_t announced =
      query.unfinished ? std::min(length_of(place.times), length_of(place.ids)) : length_of(place.times);
  if (!query.unfinished && length_of(place.ids) != announced)
    bad(place.ids,
        fmt::format("has {} values for {} times in {}", length_of(place.ids), announced, place.times.path()));
  const double to_ms = milliseconds_per_unit(place.times);
  const std::uint64_t rows = rows_written(place.times, announced);
  const SpikeFilter wanted(query);
  SpikeTrain train;
  for (std::uint64_t first = 0; first < rows; first += block) {
    const std::uint64_t count = std::min(block, rows - first);
    const auto times = place.times.read_rows<double>(first, count);
    const auto ids = place.ids.read_rows<std::uint64_t>(first, count);
    for (std::size_t k = 0; k < count; ++k) {
      const double time_ms = times[k] * to_ms;
      if (!std::isfinite(time_ms)) bad(place.times, fmt::format("value {} is not a finite time", first + k));
      if (!wanted(time_ms, ids[k])) continue;
      train.times_ms.push_back(time_ms);
      train.ids.push_back(ids[k]);
    }
  }
  return train;
}

std::vector<std::string> report_names(const File& file) {
  if (!file.has_group("report")) return {};
  const Group root = file.group("report");
  std::vector<std::string> names;
  for (const std::string& name : root.children())
    if (root.has_dataset(name + "/data")) names.push_back(name);
  return names;
}

Report::Report(const File& file, const std::string& name) : population_(name) {
  const auto names = report_names(file);
  if (std::find(names.begin(), names.end(), name) == names.end())
    throw Error(ErrorKind::input,
                fmt::format("{}: has no report '{}'; it has: {}", file.file_path(), name, listed(names)));
  const Group group = file.group("report/" + name);
  population_ = group.text_attribute("population").value_or(name);
  data_ = group.dataset("data");
  variable_ = group.text_attribute("variable").value_or(data_.text_attribute("variable").value_or(""));
  units_ = data_.text_attribute("units").value_or("");
  const auto sizes = data_.dimensions();
  if (sizes.size() != 2)
    bad(data_, fmt::format("must be frames x elements, not {} dimensions", sizes.size()));
  frames_ = sizes[0];
  elements_ = sizes[1];
  read_mapping(group);
}

void Report::read_mapping(const Group& group) {
  const Group mapping = group.group("mapping");
  const Dataset nodes = mapping.dataset("node_ids");
  length_of(nodes);
  node_ids_ = nodes.read<std::uint64_t>();
  const Dataset pointers =
      mapping.dataset(mapping.has_dataset("index_pointers") ? "index_pointers" : "index_pointer");
  length_of(pointers);
  index_pointers_ = pointers.read<std::uint64_t>();
  if (index_pointers_.size() == node_ids_.size()) index_pointers_.push_back(elements_);
  if (index_pointers_.size() != node_ids_.size() + 1)
    bad(pointers, fmt::format("has {} values for {} nodes", index_pointers_.size(), node_ids_.size()));
  if (!std::is_sorted(index_pointers_.begin(), index_pointers_.end()) || index_pointers_.back() > elements_)
    bad(pointers, fmt::format("must grow up to the {} columns of the data", elements_));
  read_time(mapping);
}

void Report::read_time(const Group& mapping) {
  const Dataset dataset = mapping.dataset("time");
  if (length_of(dataset) != 3) bad(dataset, "must be three values: start, stop, step");
  const auto time = dataset.read<double>();
  const double to_ms = milliseconds_per_unit(dataset);
  start_ms_ = time[0] * to_ms;
  step_ms_ = time[2] * to_ms;
  if (!std::isfinite(start_ms_) || !std::isfinite(step_ms_) || step_ms_ <= 0)
    bad(dataset, "start must be finite and the step above 0");
}

std::vector<double> Report::times_ms() const {
  std::vector<double> times(frames_);
  for (std::uint64_t k = 0; k < frames_; ++k) times[k] = start_ms_ + step_ms_ * static_cast<double>(k);
  return times;
}

std::vector<float> Report::read(std::uint64_t first, std::uint64_t count, std::uint64_t column,
                                std::uint64_t columns) const {
  return data_.read_block<float>(first, count, column, columns);
}

}  // namespace synfire
