#include "sim/inspection/training.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"

namespace synfire {
namespace {

constexpr std::array<const char*, 2> task_names = {"classify", "readout"};
constexpr const char* weights_path = "synfire/weights";

[[noreturn]] void refuse(const hdf5::Object& object, const std::string& what) {
  throw Error(ErrorKind::input, fmt::format("{}: {}: {}", object.file_path(), object.path(), what));
}

std::uint64_t whole_number(const hdf5::Group& group, const std::string& name) {
  const auto value = group.unsigned_attribute(name);
  if (!value) refuse(group, fmt::format("has no attribute '{}'", name));
  return *value;
}

std::vector<std::uint32_t> shape_of(const hdf5::File& file, const std::string& population) {
  const std::string path = "synfire/populations/" + population;
  if (!file.has_group(path))
    throw Error(ErrorKind::input, fmt::format("{}: has no /{}", file.file_path(), path));
  const hdf5::Group group = file.group(path);
  const auto extents = group.list_attribute("shape");
  constexpr std::uint64_t most = std::uint64_t(1) << 31;
  std::uint64_t product = 1;
  for (const std::uint64_t extent : extents.value_or(std::vector<std::uint64_t>{})) {
    if (extent == 0 || extent > most) refuse(group, "has a shape that cannot be");
    product *= extent;
    if (product > most) refuse(group, "has a shape that cannot be");
  }
  if (!extents || extents->empty() || extents->size() > 3) refuse(group, "has no shape");
  return {extents->begin(), extents->end()};
}

std::uint64_t size_of(const std::vector<std::uint32_t>& shape) {
  std::uint64_t size = 1;
  for (const std::uint32_t extent : shape) size *= extent;
  return size;
}

void check_ids(const hdf5::Group& group, const std::vector<std::uint32_t>& ids, std::uint64_t size,
               const std::string& name) {
  const auto foreign = std::find_if(ids.begin(), ids.end(), [&](std::uint32_t id) { return id >= size; });
  if (foreign != ids.end()) refuse(group, fmt::format("{}: neuron {} of {}", name, *foreign, size));
}

}  // namespace

std::optional<RecordedTask> read_task(const hdf5::File& file) {
  const auto path = [](const char* name) { return std::string("synfire/training/") + name; };
  const auto name = std::find_if(task_names.begin(), task_names.end(),
                                 [&](const char* n) { return file.has_group(path(n)); });
  if (name == task_names.end()) return std::nullopt;
  const hdf5::Group group = file.group(path(*name));
  RecordedTask task;
  task.name = *name;
  task.method = group.text_attribute("decode").value_or(group.text_attribute("method").value_or(""));
  task.train_accuracy = group.number_attribute("train_accuracy");
  task.lambda = group.number_attribute("lambda");
  task.data = group.text_attribute("data").value_or("");
  task.input = group.text_attribute("input").value_or("");
  task.output = group.text_attribute("output").value_or("");
  task.classes = whole_number(group, "classes");
  task.train_samples = whole_number(group, "train_samples");
  task.test_samples = whole_number(group, "test_samples");
  task.accuracy = group.number_attribute("accuracy").value_or(0);
  const hdf5::Dataset confusion = group.dataset("confusion");
  constexpr std::size_t most_classes = 256;
  if (task.classes > most_classes ||
      confusion.dimensions() != std::vector<std::uint64_t>{task.classes, task.classes + 1})
    refuse(confusion, fmt::format("is not a matrix of {} classes", task.classes));
  task.confusion = confusion.read<std::uint64_t>();
  return task;
}

std::vector<std::string> recorded_projections(const hdf5::File& file) {
  if (!file.has_group(weights_path)) return {};
  const hdf5::Group all = file.group(weights_path);
  std::vector<std::string> names = all.children();
  std::erase_if(names, [&](const std::string& name) {
    return !all.has_dataset(name + "/time") || all.dataset(name + "/time").dimensions().front() == 0;
  });
  return names;
}

RecordedWeights read_weights(const hdf5::File& file, const std::string& projection) {
  const auto known = recorded_projections(file);
  if (std::find(known.begin(), known.end(), projection) == known.end())
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: has no weights of a projection '{}'; there are {}", file.file_path(), projection,
                    known.empty() ? std::string("none") : fmt::format("{}", fmt::join(known, ", "))));
  const hdf5::Group group = file.group(weights_path).group(projection);
  RecordedWeights found;
  found.projection = projection;
  found.source = group.text_attribute("source").value_or("");
  found.target = group.text_attribute("target").value_or("");
  found.source_shape = shape_of(file, found.source);
  found.target_shape = shape_of(file, found.target);
  found.units = group.dataset("weight").text_attribute("units").value_or("");
  const auto times = group.dataset("time").read<double>();
  const auto begin = group.dataset("begin").read<std::uint64_t>();
  if (begin.size() < times.size() + 1 || begin[times.size()] < begin[times.size() - 1])
    refuse(group, "its snapshots have no ends");
  found.time_ms = times.back();
  const std::uint64_t first = begin[times.size() - 1], count = begin[times.size()] - first;
  found.sources = group.dataset("source_node_id").read_rows<std::uint32_t>(first, count);
  found.targets = group.dataset("target_node_id").read_rows<std::uint32_t>(first, count);
  found.weights = group.dataset("weight").read_rows<float>(first, count);
  check_ids(group, found.sources, size_of(found.source_shape), "source_node_id");
  check_ids(group, found.targets, size_of(found.target_shape), "target_node_id");
  return found;
}

}  // namespace synfire
