#include "sim/inspection/results.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/array.hpp"
#include "core/error.hpp"
#include "core/spelling.hpp"

namespace synfire {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

[[noreturn]] void refuse(const hdf5::File& file, std::string_view what) {
  throw Error(ErrorKind::input, fmt::format("{}: {}", file.file_path(), what));
}

/// Text of an attribute; "" when it is absent.
std::string text_of(const hdf5::Group& group, const std::string& name) {
  return group.text_attribute(name).value_or("");
}

/// A time of the file's own account; nothing when it is absent.
std::optional<double> time_of(const hdf5::Group& group, const std::string& name) {
  const auto value = group.number_attribute(name);
  if (value && !(std::isfinite(*value) && *value >= 0))
    throw Error(ErrorKind::input, fmt::format("{}: {}: attribute '{}' is {}, not a time", group.file_path(),
                                              group.path(), name, *value));
  return value;
}

/// What statistics of a population hold for every neuron, whether it spikes or not.
constexpr std::uint64_t bytes_per_neuron = 64;

void require_memory(const hdf5::File& file, const RecordedPopulation& population) {
  if (population.neurons <= available_bytes() / bytes_per_neuron) return;
  throw Error(ErrorKind::resource,
              fmt::format("{}: population '{}' of {} neurons needs {:.1f} GB to be inspected; choose others "
                          "with --population",
                          file.file_path(), population.name, population.neurons,
                          static_cast<double>(population.neurons) * bytes_per_neuron * 1e-9));
}

}  // namespace

ResultReader::ResultReader(const std::string& path) : file_(hdf5::File::open(path)) {
  read_provenance();
  read_described_populations();
  read_reports();
  read_spike_populations();
  if (populations_.empty() && reports_.empty())
    refuse(file_, "has no spikes and no reports: neither the result of a run nor a SONATA recording");
  if (provenance_.completed_ms) recorded_ = {0, *provenance_.completed_ms};
}

void ResultReader::read_provenance() {
  if (!file_.has_group("synfire")) return;
  const hdf5::Group group = file_.group("synfire");
  provenance_ = {.by_synfire = true,
                 .version = text_of(group, "version"),
                 .revision = text_of(group, "revision"),
                 .status = text_of(group, "status"),
                 .backend = text_of(group, "backend"),
                 .host = text_of(group, "host"),
                 .started = text_of(group, "started"),
                 .seed = group.unsigned_attribute("seed"),
                 .threads = group.unsigned_attribute("threads"),
                 .dt_ms = time_of(group, "dt_ms"),
                 .duration_ms = time_of(group, "duration_ms"),
                 .completed_ms = time_of(group, "completed_ms")};
}

void ResultReader::read_described_populations() {
  if (!file_.has_group("synfire/populations")) return;
  const hdf5::Group all = file_.group("synfire/populations");
  for (const std::string& name : all.children()) {
    const hdf5::Group group = all.group(name);
    const auto size = group.unsigned_attribute("size");
    if (!size) refuse(file_, fmt::format("{}: has no attribute 'size'", group.path()));
    populations_.push_back({.name = name,
                            .model = text_of(group, "model"),
                            .kind = text_of(group, "kind"),
                            .neurons = *size,
                            .spikes_recorded = false});
  }
}

void ResultReader::read_spike_populations() {
  if (!file_.has_group("spikes")) return;
  for (const std::string& name : spike_populations(file_)) {
    const auto known = std::find_if(populations_.begin(), populations_.end(),
                                    [&](const RecordedPopulation& p) { return p.name == name; });
    if (known != populations_.end()) {
      known->spikes_recorded = true;
      continue;
    }
    RecordedPopulation population{
        .name = name, .model = "", .kind = "", .neurons = 0, .spikes_recorded = true};
    measure(population);
    populations_.push_back(std::move(population));
  }
}

/// Size and end of a population that only its spikes tell of.
void ResultReader::measure(RecordedPopulation& population) {
  const SpikeTrain train = read_spikes(file_, {.population = population.name});
  if (train.ids.empty()) return;
  const std::uint64_t largest = *std::max_element(train.ids.begin(), train.ids.end());
  constexpr std::uint64_t most = std::uint64_t{1} << 32;
  if (largest >= most)
    refuse(file_, fmt::format("population '{}' has a neuron {}; ids up to {} are supported", population.name,
                              largest, most - 1));
  population.neurons = largest + 1;
  const auto [first, last] = std::minmax_element(train.times_ms.begin(), train.times_ms.end());
  // A window begins after its `from`: a nanosecond earlier takes in a spike at time 0 or before.
  if (*first <= recorded_.from_ms) recorded_.from_ms = *first - 1e-6;
  recorded_.until_ms = std::max(recorded_.until_ms, *last);
}

void ResultReader::read_reports() {
  for (const std::string& name : report_names(file_)) {
    const Report report(file_, name);
    reports_.push_back({.name = name,
                        .population = report.population(),
                        .variable = report.variable(),
                        .units = report.units(),
                        .elements = report.elements(),
                        .frames = report.frames(),
                        .start_ms = report.start_ms(),
                        .step_ms = report.step_ms()});
    const double end = report.start_ms() + report.step_ms() * static_cast<double>(report.frames());
    if (report.frames() > 0) recorded_.until_ms = std::max(recorded_.until_ms, end);
  }
}

std::vector<RecordedPopulation> ResultReader::select(const std::vector<std::string>& names) const {
  if (names.empty()) return populations_;
  std::vector<std::string_view> known;
  for (const auto& population : populations_) known.push_back(population.name);
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(ErrorKind::usage,
                  fmt::format("{}: has no population '{}'{}", path(), name, did_you_mean(name, known)));
  std::vector<RecordedPopulation> chosen;
  for (const auto& population : populations_)
    if (std::find(names.begin(), names.end(), population.name) != names.end()) chosen.push_back(population);
  return chosen;
}

SpikeTrain ResultReader::spikes(const RecordedPopulation& population, TimeWindow window) const {
  require_memory(file_, population);
  // A query is from <= t < until, a window from < t <= until.
  SpikeTrain train = read_spikes(file_, {.population = population.name,
                                         .from_ms = std::nextafter(window.from_ms, infinity),
                                         .until_ms = std::nextafter(window.until_ms, infinity)});
  const auto foreign = std::find_if(train.ids.begin(), train.ids.end(),
                                    [&](std::uint64_t id) { return id >= population.neurons; });
  if (foreign != train.ids.end())
    refuse(file_, fmt::format("/spikes/{}/node_ids: neuron {} in a population of {}; the file is damaged",
                              population.name, *foreign, population.neurons));
  if (!ordered_by_neuron(view(train, population.neurons))) sort_by_time(train);
  return train;
}

}  // namespace synfire
