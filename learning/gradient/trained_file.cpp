#include "learning/gradient/trained_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "core/version.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_whole.hpp"
#include "io/yaml.hpp"
#include "learning/gradient/epoch_columns.hpp"
#include "networks/parse.hpp"

namespace synfire::learning {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t format_number = 1;
constexpr std::string_view mark = "synfire_trained";

// Where the array "conv1.weight" stands: /conv1/weight.
std::string path_of(std::string array) {
  const std::size_t dot = array.find('.');
  if (dot != std::string::npos) array[dot] = '/';
  return array;
}

void write_arrays(hdf5::Group group, const std::vector<NamedArray<float>>& arrays) {
  for (const auto& array : arrays) {
    const std::size_t dot = array.name.find('.');
    hdf5::Group layer = group.require_group(array.name.substr(0, dot));
    hdf5::Growth growth;
    growth.row.assign(array.shape.begin() + 1, array.shape.end());
    hdf5::Dataset dataset = layer.create_growing(array.name.substr(dot + 1), hdf5::type_of<float>(), growth);
    dataset.append(std::span<const float>(array.values));
  }
}

std::vector<NamedArray<float>> read_arrays(const hdf5::Group& group) {
  std::vector<NamedArray<float>> arrays;
  for (const auto& layer : group.children())
    for (const auto& name : group.group(layer).children()) {
      const hdf5::Dataset dataset = group.group(layer).dataset(name);
      const auto extents = dataset.dimensions();
      arrays.push_back(
          {fmt::format("{}.{}", layer, name), {extents.begin(), extents.end()}, dataset.read<float>()});
    }
  return arrays;
}

// Optimisers want their arrays in their own order.
std::vector<NamedArray<float>> in_order(std::vector<NamedArray<float>> arrays,
                                        const std::vector<std::string>& order) {
  std::vector<NamedArray<float>> sorted;
  for (const auto& name : order) {
    const auto found =
        std::find_if(arrays.begin(), arrays.end(), [&](const auto& array) { return array.name == name; });
    if (found == arrays.end()) throw Error(ErrorKind::input, fmt::format("the array '{}' is missing", name));
    sorted.push_back(std::move(*found));
    arrays.erase(found);
  }
  return sorted;
}

std::vector<std::string> names(const std::vector<NamedArray<float>>& arrays) {
  std::vector<std::string> all;
  for (const auto& array : arrays) all.push_back(array.name);
  return all;
}

void describe(hdf5::Dataset dataset, std::string_view units, std::string_view meaning) {
  dataset.set_attribute("units", units);
  dataset.set_attribute("meaning", meaning);
}

void write_epochs(hdf5::Group& training, const NetworkDescription& network, const TrainingRecord& record) {
  hdf5::Group group = training.require_group("epochs");
  for (const EpochColumn& column : epoch_columns) {
    std::vector<double> values;
    for (const auto& epoch : record.epochs) values.push_back(column.get(epoch));
    describe(group.create_dataset(std::string(column.name), std::span<const double>(values)), column.units,
             column.meaning);
  }
  hdf5::Dataset rates =
      group.create_growing("firing_rates", hdf5::type_of<double>(), {.columns = network.layers.size()});
  for (const auto& epoch : record.epochs) rates.append(std::span<const double>(epoch.rates));
  describe(rates, "1", "by epoch and layer: mean spikes per neuron and step while learning; -1: no spikes");
}

// A dataset for each of `columns`, [epoch, name], of what `rows` gives for an epoch.
template <class Rows, class Columns, class Value>
void write_tables(hdf5::Group& group, const TrainingRecord& record, std::size_t width, const Columns& columns,
                  const Rows& rows, const Value& value) {
  for (const auto& column : columns) {
    hdf5::Dataset dataset =
        group.create_growing(std::string(column.name), hdf5::type_of<double>(), {.columns = width});
    for (const EpochRecord& epoch : record.epochs) {
      std::vector<double> row;
      for (const auto& each : rows(epoch)) row.push_back(value(column, each));
      dataset.append(std::span<const double>(row));
    }
    describe(dataset, column.units, fmt::format("by epoch and {}: {}", column.by, column.meaning));
  }
}
template <class Columns, class Set>
void read_tables(const hdf5::Group& group, std::size_t epochs, std::size_t width, const Columns& columns,
                 const Set& set) {
  for (const auto& column : columns) {
    const hdf5::Dataset dataset = group.dataset(std::string(column.name));
    const auto values = dataset.template read<double>();
    if (values.size() != epochs * width)
      throw Error(ErrorKind::input, fmt::format("{}: {}: has another size than epochs and layers say",
                                                group.file_path(), dataset.path()));
    for (std::size_t i = 0; i < values.size(); ++i) set(column, i / width, i % width, values[i]);
  }
}

// By epoch and layer with a mask; the layers are the same in all epochs.
void write_routing(hdf5::Group& root, const TrainingRecord& record) {
  if (record.epochs.empty() || record.epochs.front().routing.empty()) return;
  hdf5::Group group = root.require_group("routing");
  std::vector<std::string> layers;
  for (const LayerRouting& layer : record.epochs.front().routing) layers.push_back(layer.layer);
  group.create_words("layers", layers);
  write_tables(
      group, record, layers.size(), routing_columns,
      [](const EpochRecord& epoch) -> const auto& { return epoch.routing; },
      [](const RoutingColumn& column, const LayerRouting& layer) { return layer.routing.*column.value; });
  std::vector<double> correlations;
  for (std::size_t k = 0; k < layers.size(); ++k) correlations.push_back(routing_correlation(record, k));
  describe(
      group.create_dataset("correlation", std::span<const double>(correlations)), "1",
      "by layer: Pearson's r of conv_ratio and binariness over the epochs; NaN: one of them never moved");
}

void read_routing(const hdf5::Group& root, std::vector<EpochRecord>& epochs) {
  if (!root.has_group("routing")) return;
  const hdf5::Group group = root.group("routing");
  const auto layers = group.dataset("layers").read_words();
  for (EpochRecord& epoch : epochs)
    for (const auto& layer : layers) epoch.routing.push_back({layer, {}});
  read_tables(group, epochs.size(), layers.size(), routing_columns,
              [&](const RoutingColumn& column, std::size_t epoch, std::size_t layer, double value) {
                epochs[epoch].routing[layer].routing.*column.value = value;
              });
}

// By epoch and array of weights whose connections come and go, and which there are in the best epoch.
void write_structure(hdf5::Group& root, const TrainingRecord& record) {
  if (record.epochs.empty() || record.epochs.front().structure.empty()) return;
  hdf5::Group group = root.require_group("structure");
  std::vector<std::string> arrays;
  for (const ArrayStructure& array : record.epochs.front().structure) arrays.push_back(array.array);
  group.create_words("arrays", arrays);
  write_tables(
      group, record, arrays.size(), structure_columns,
      [](const EpochRecord& epoch) -> const auto& { return epoch.structure; },
      [](const StructureColumn& column, const ArrayStructure& array) { return array.*column.value; });
  hdf5::Group masks = group.require_group("masks");
  for (const ConnectionMask& mask : record.best_masks) {
    hdf5::Group layer = masks.require_group(mask.array.substr(0, mask.array.find('.')));
    hdf5::Dataset dataset = layer.create_growing(mask.array.substr(mask.array.find('.') + 1),
                                                 hdf5::type_of<std::uint8_t>(), {.columns = mask.shape[1]});
    dataset.append(std::span<const std::uint8_t>(mask.kept));
    describe(dataset, "1", "by target and source: 1 where there is a connection, in the best epoch");
  }
}

void read_structure(const hdf5::Group& root, TrainingRecord& record) {
  if (!root.has_group("structure")) return;
  const hdf5::Group group = root.group("structure");
  const auto arrays = group.dataset("arrays").read_words();
  for (EpochRecord& epoch : record.epochs)
    for (const auto& array : arrays) epoch.structure.push_back({.array = array});
  read_tables(group, record.epochs.size(), arrays.size(), structure_columns,
              [&](const StructureColumn& column, std::size_t epoch, std::size_t array, double value) {
                record.epochs[epoch].structure[array].*column.value = value;
              });
  const hdf5::Group masks = group.group("masks");
  for (const auto& array : arrays) {
    const hdf5::Dataset dataset = masks.dataset(path_of(array));
    std::vector<std::size_t> shape;
    for (const std::uint64_t extent : dataset.dimensions()) shape.push_back(extent);
    if (shape.size() != 2)
      throw Error(ErrorKind::input, fmt::format("{}: {}: is no table of targets and sources",
                                                group.file_path(), dataset.path()));
    record.best_masks.push_back({array, shape, dataset.read<std::uint8_t>()});
  }
}

void write_judgement(hdf5::Group& training, const Judgement& judged) {
  hdf5::Group group = training.require_group("test");
  group.set_attribute("accuracy", judged.score.accuracy);
  group.set_attribute("loss", judged.score.loss);
  hdf5::Dataset confusion = group.create_growing("confusion", hdf5::type_of<std::uint64_t>(),
                                                 {.columns = judged.confusion.columns()});
  for (std::size_t row = 0; row < judged.confusion.classes(); ++row)
    confusion.append(judged.confusion.row(row));
  describe(confusion, "samples", "rows: true class; columns: predicted class, the last: none");
  describe(group.create_dataset("predictions", std::span<const std::uint32_t>(judged.predictions)), "1",
           "class of each test sample");
  describe(group.create_dataset("labels", std::span<const std::uint32_t>(judged.labels)), "1",
           "true classes");
  describe(group.create_dataset("firing_rates", std::span<const double>(judged.rates)), "1",
           "by layer: mean spikes per neuron and step; -1: no spikes");
}

// Arrays whose order counts, in a group of their own; nothing where there are none.
void write_ordered(hdf5::Group& parent, const std::string& name,
                   const std::vector<NamedArray<float>>& arrays) {
  if (arrays.empty()) return;
  hdf5::Group group = parent.require_group(name);
  write_arrays(group.require_group("arrays"), arrays);
  group.create_words("order", names(arrays));
}
std::vector<NamedArray<float>> read_ordered(const hdf5::Group& parent, const std::string& name) {
  if (!parent.has_group(name)) return {};
  const hdf5::Group group = parent.group(name);
  return in_order(read_arrays(group.group("arrays")), group.dataset("order").read_words());
}

void write_state(hdf5::Group group, const TrainingState& last) {
  write_arrays(group.require_group("weights"), last.weights);
  write_arrays(group.require_group("buffers"), last.buffers);
  hdf5::Group optimiser = group.require_group("optimiser");
  optimiser.set_attribute("steps", last.optimiser_steps);
  write_arrays(optimiser.require_group("arrays"), last.optimiser);
  if (!last.optimiser.empty()) optimiser.create_words("order", names(last.optimiser));
  write_ordered(group, "method", last.method);
  write_ordered(group, "structure", last.structure);
  hdf5::Group schedule = group.require_group("schedule");
  schedule.set_attribute("factor", last.schedule.factor);
  schedule.set_attribute("best", last.schedule.best);
  schedule.set_attribute("waited", last.schedule.waited);
  schedule.set_attribute("cooling", last.schedule.cooling);
}

TrainingState read_state(const hdf5::Group& group) {
  TrainingState last;
  last.weights = read_arrays(group.group("weights"));
  last.buffers = read_arrays(group.group("buffers"));
  const hdf5::Group optimiser = group.group("optimiser");
  last.optimiser_steps = optimiser.unsigned_attribute("steps").value_or(0);
  if (optimiser.exists("order"))
    last.optimiser =
        in_order(read_arrays(optimiser.group("arrays")), optimiser.dataset("order").read_words());
  last.method = read_ordered(group, "method");
  last.structure = read_ordered(group, "structure");
  const hdf5::Group schedule = group.group("schedule");
  last.schedule.factor = schedule.number_attribute("factor").value_or(1);
  last.schedule.best = schedule.number_attribute("best").value_or(last.schedule.best);
  last.schedule.waited = static_cast<std::uint32_t>(schedule.unsigned_attribute("waited").value_or(0));
  last.schedule.cooling = static_cast<std::uint32_t>(schedule.unsigned_attribute("cooling").value_or(0));
  return last;
}

std::vector<EpochRecord> read_epochs(const hdf5::Group& group, std::size_t layers) {
  std::vector<EpochRecord> epochs;
  for (const EpochColumn& column : epoch_columns) {
    const auto values = group.dataset(std::string(column.name)).read<double>();
    if (epochs.empty()) epochs.resize(values.size());
    if (values.size() != epochs.size())
      throw Error(ErrorKind::input, fmt::format("{}: '{}' has {} epochs, others have {}", group.file_path(),
                                                column.name, values.size(), epochs.size()));
    for (std::size_t e = 0; e < values.size(); ++e) column.set(epochs[e], values[e]);
  }
  const auto rates = group.dataset("firing_rates").read<double>();
  if (rates.size() != epochs.size() * layers)
    throw Error(ErrorKind::input, fmt::format("{}: firing_rates has another size than epochs and layers say",
                                              group.file_path()));
  for (std::size_t e = 0; e < epochs.size(); ++e)
    epochs[e].rates.assign(rates.begin() + std::ptrdiff_t(e * layers),
                           rates.begin() + std::ptrdiff_t((e + 1) * layers));
  return epochs;
}

TestedSamples read_tested(const hdf5::Group& group, std::size_t classes, std::size_t layers) {
  TestedSamples tested;
  tested.score.accuracy = group.number_attribute("accuracy").value_or(tested.score.accuracy);
  tested.score.loss = group.number_attribute("loss").value_or(tested.score.loss);
  const hdf5::Dataset confusion = group.dataset("confusion");
  if (confusion.dimensions() != std::vector<std::uint64_t>{classes, classes + 1})
    throw Error(ErrorKind::input, fmt::format("{}: {}: is not a matrix of {} classes", group.file_path(),
                                              confusion.path(), classes));
  tested.confusion = confusion.read<std::uint64_t>();
  tested.rates = group.dataset("firing_rates").read<double>();
  if (tested.rates.size() != layers)
    throw Error(ErrorKind::input, fmt::format("{}: {}/firing_rates: has {} layers instead of {}",
                                              group.file_path(), group.path(), tested.rates.size(), layers));
  return tested;
}

// What does not change what is computed, and the epochs, of which there may be more.
bool may_differ(std::string_view path) {
  constexpr std::array free = {"training.epochs", "output", "dataset.path", "dataset.cache",
                               "dataset.prefetch"};
  return std::find(free.begin(), free.end(), path) != free.end();
}

std::string short_text(const Tree* tree) {
  if (tree == nullptr) return "absent";
  if (tree->is_scalar()) return fmt::format("'{}'", tree->text());
  return describe_kind(*tree);
}

// Throws at the first place where two networks differ.
void compare(const Tree* there, const Tree* here, const std::string& path) {
  if (may_differ(path)) return;
  const bool both = there != nullptr && here != nullptr && there->kind() == here->kind();
  if (!both || there->text() != here->text())
    throw Error(ErrorKind::input, here != nullptr ? here->where() : Position{},
                fmt::format("the trained file is of another network: {} is {} there and {} here", path,
                            short_text(there), short_text(here)));
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (const auto& [key, value] : there->members()) compare(&value, here->find(key), below(key));
  for (const auto& [key, value] : here->members())
    if (there->find(key) == nullptr) compare(nullptr, &value, below(key));
  for (std::size_t k = 0; k < std::max(there->items().size(), here->items().size()); ++k)
    compare(k < there->items().size() ? &there->items()[k] : nullptr,
            k < here->items().size() ? &here->items()[k] : nullptr, fmt::format("{}[{}]", path, k));
}

}  // namespace

void check_same_network(const TrainedFile& trained, const NetworkDescription& network) {
  const Tree there = parse_yaml(trained.source_text, trained.source_file);
  const Tree here = parse_yaml(network.source_text, network.source_file);
  compare(&there, &here, "");
}

std::optional<TestedSamples> tested_of(const Judgement& judged) {
  if (!std::isfinite(judged.score.loss)) return std::nullopt;
  TestedSamples tested{judged.score, {}, judged.rates};
  for (std::size_t row = 0; row < judged.confusion.classes(); ++row)
    for (const std::uint64_t cell : judged.confusion.row(row)) tested.confusion.push_back(cell);
  return tested;
}

NetworkDescription TrainedFile::network(std::span<const std::string> overrides) const {
  Tree tree = parse_yaml(source_text, source_file);
  for (const auto& text : overrides) apply_set(tree, text);
  if (const Tree* name = tree.find("network"))
    throw name->error("network: a trained network has its layers already; change them by --set layers…");
  NetworkDescription network = parse_network(tree);
  network.source_text = overrides.empty() ? source_text : write_yaml(tree);
  network.source_file = source_file;
  return network;
}

bool is_trained(const std::string& path) {
  std::error_code unknown;
  if (!fs::is_regular_file(path, unknown) || !hdf5::File::is_hdf5(path)) return false;
  return hdf5::File::open(path).has_attribute(std::string(mark));
}

void write_trained(const std::string& path, const NetworkDescription& network, const TrainingRecord& record,
                   const Judgement* judged, const std::vector<std::string>& classes) {
  hdf5::write_whole(path, [&](hdf5::File& file) {
    file.set_attribute(std::string(mark), format_number);
    file.set_attribute("version", std::string_view(version::number));
    hdf5::Group root = file.require_group("synfire");
    root.create_text("network", network.source_text);
    root.set_attribute("network_file", std::string_view(network.source_file));
    hdf5::Group training = root.require_group("training");
    training.set_attribute("best_epoch", std::uint64_t(record.best));
    training.create_words("classes", classes);
    std::vector<std::string> layers;
    for (const auto& layer : network.layers) layers.push_back(layer.name);
    training.create_words("layers", layers);
    write_epochs(training, network, record);
    write_routing(root, record);
    write_structure(root, record);
    if (judged != nullptr) write_judgement(training, *judged);
    write_arrays(root.require_group("weights"), record.best_weights);
    write_state(root.require_group("last"), record.last);
  });
}

TrainedFile read_trained(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  const auto format = file.unsigned_attribute(std::string(mark));
  if (!format)
    throw Error(ErrorKind::input,
                fmt::format("'{}' is not a trained network; `synfire train` makes one", path));
  if (*format != format_number)
    throw Error(ErrorKind::input, fmt::format("'{}' is a trained network of format {}; this program reads {}",
                                              path, *format, format_number));
  TrainedFile trained;
  const hdf5::Group root = file.group("synfire");
  trained.source_text = root.dataset("network").read_text();
  trained.source_file = root.text_attribute("network_file").value_or("");
  const hdf5::Group training = root.group("training");
  trained.layers = training.dataset("layers").read_words();
  if (trained.layers.empty()) throw Error(ErrorKind::input, fmt::format("'{}': it has no layers", path));
  trained.classes = training.dataset("classes").read_words();
  trained.version = file.text_attribute("version").value_or("");
  if (training.has_group("test"))
    trained.tested = read_tested(training.group("test"), trained.classes.size(), trained.layers.size());
  trained.record.epochs = read_epochs(training.group("epochs"), trained.layers.size());
  read_routing(root, trained.record.epochs);
  read_structure(root, trained.record);
  trained.record.best = training.unsigned_attribute("best_epoch").value_or(0);
  if (trained.record.best >= trained.record.epochs.size())
    throw Error(ErrorKind::input, fmt::format("'{}': its best epoch is none of its epochs", path));
  trained.record.best_weights = read_arrays(root.group("weights"));
  trained.record.last = read_state(root.group("last"));
  return trained;
}

}  // namespace synfire::learning
