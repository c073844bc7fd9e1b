#include "learning/data.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "encoders/datasets.hpp"
#include "learning/datasets/loader.hpp"
#include "networks/keys.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const DataDescription& data, const std::string& what) {
  throw Error(ErrorKind::input, data.where, "data of classify: " + what);
}

// The four files go by names such as train-images-idx3-ubyte.gz or t10k-labels.idx1-ubyte.
std::string find_file(const DataDescription& data, std::string_view set, std::string_view kind) {
  for (const char* joint : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = fs::path(data.folder) / fmt::format("{}{}{}-ubyte{}", set, joint, kind, ending);
      std::error_code ignored;
      if (fs::is_regular_file(path, ignored)) return path.string();
    }
  }
  refuse(data, fmt::format("there is no file {}-{}-ubyte[.gz] in '{}'", set, kind, data.folder));
}

void check_pixels(const NetworkDescription& network, const ClassifyDescription& task, std::uint32_t height,
                  std::uint32_t width, const std::string& source) {
  const auto& input = network.populations[task.input];
  if (input.size() == std::uint64_t(height) * width) return;
  refuse(task.data, fmt::format("{} holds images of {} x {} pixels, but {} has {} neurons; give it size: "
                                "[{}, {}]",
                                source, height, width, title(input), input.size(), height, width));
}

/// Images and labels of one set, open and checked.
class IdxSet {
 public:
  IdxSet(const NetworkDescription& network, const ClassifyDescription& task, std::string_view set,
         std::optional<std::uint32_t> wanted)
      : images_(find_file(task.data, fmt::format("{}-images", set), "idx3")),
        labels_(find_file(task.data, fmt::format("{}-labels", set), "idx1")) {
    const auto& extents = images_.extents();
    if (extents.size() != 3) refuse(task.data, fmt::format("'{}' does not hold images", images_.path()));
    if (labels_.extents().size() != 1)
      refuse(task.data, fmt::format("'{}' does not hold labels", labels_.path()));
    check_pixels(network, task, extents[1], extents[2], fmt::format("'{}'", images_.path()));
    if (images_.count() != labels_.count())
      refuse(task.data, fmt::format("'{}' holds {} images, but '{}' {} labels", images_.path(),
                                    images_.count(), labels_.path(), labels_.count()));
    count_ = wanted.value_or(images_.count());
    if (count_ > images_.count() || count_ == 0)
      refuse(task.data,
             fmt::format("'{}' holds {} images, {} are wanted", images_.path(), images_.count(), count_));
  }

  LabelledImages read() {
    const auto& extents = images_.extents();
    return {{extents[1], extents[2], images_.read(0, count_)}, labels_.read(0, count_)};
  }

 private:
  IdxReader images_, labels_;
  std::uint32_t count_ = 0;
};

constexpr std::string_view train_set = "train", test_set = "t10k";

template <class Parameters, class Description>
Parameters parameters_of(const Description& description, const DataDescription& data) {
  Parameters p{};
  for_each_field(description, [&](const auto& f) {
    const auto found = data.parameters.find(std::string(f.name));
    if (found != data.parameters.end()) p.*(f.member) = found->second;
  });
  return p;
}

LabelledImages limited(const DataDescription& data, VibrationSet made, std::optional<std::uint32_t> wanted) {
  const std::size_t count = wanted.value_or(static_cast<std::uint32_t>(made.classes.size()));
  if (count > made.classes.size())
    refuse(data, fmt::format("there are {} samples, {} are wanted", made.classes.size(), count));
  made.classes.resize(count);
  made.pictures.resize(count * Vibration::length);
  return {{Vibration::side, Vibration::side, std::move(made.pictures)}, std::move(made.classes)};
}

/// Images in memory, in their order.
class ImageSamples final : public TaskSamples {
 public:
  explicit ImageSamples(LabelledImages set) : set_(std::move(set)) {}

  std::size_t count() const override { return set_.count(); }
  Sample next() override {
    const std::size_t i = next_++ % set_.count();
    return {set_.labels[i], set_.images[i]};
  }

 private:
  LabelledImages set_;
  std::size_t next_ = 0;
};

/// Images of a data set, as they are read.
class LoadedSamples final : public TaskSamples {
 public:
  LoadedSamples(std::shared_ptr<const ChosenItems> items, Part part, const LoaderOptions& options)
      : loader_(std::move(items), part, options) {}

  std::size_t count() const override { return loader_.size(); }
  Sample next() override {
    item_ = loader_.next();
    return {static_cast<std::uint8_t>(item_->label), item_->pixels};
  }

 private:
  DataLoader loader_;
  std::shared_ptr<const DataItem> item_;
};

using Sets = std::pair<LabelledImages, LabelledImages>;

TaskData in_memory(Sets sets) {
  TaskData data;
  for (const auto* set : {&sets.first, &sets.second})
    for (const std::uint8_t label : set->labels)
      data.classes = std::max<std::size_t>(data.classes, label + 1u);
  data.train = std::make_unique<ImageSamples>(std::move(sets.first));
  data.test = std::make_unique<ImageSamples>(std::move(sets.second));
  return data;
}

Sets make_vibrations_for(const NetworkDescription& network, const ClassifyDescription& task) {
  check_pixels(network, task, Vibration::side, Vibration::side, task.data.kind);
  const auto p = parameters_of<Vibration::Parameters>(Vibration::describe(), task.data);
  VibrationData made = make_vibrations(p, RandomKey(network.seed, "task/data"));
  return {limited(task.data, std::move(made.train), task.train),
          limited(task.data, std::move(made.test), task.test)};
}

/// The data set of a task, checked to be what it can use.
std::shared_ptr<const ChosenItems> items_for(const NetworkDescription& network,
                                             const ClassifyDescription& task) {
  const DatasetDescription& dataset = task.data.dataset.value();
  auto items = std::make_shared<ChosenItems>(dataset);
  const ItemShape& shape = items->set().shape();
  constexpr std::size_t most_classes = 255;
  if (!shape.images)
    refuse(task.data, fmt::format("'{}' holds recordings; classify shows images", dataset.path));
  if (dataset.batch != 1) refuse(task.data, "classify shows one image after another; leave batch out");
  if (items->classes().size() > most_classes)
    refuse(task.data,
           fmt::format("{} classes; classify tells {} apart at most", items->classes().size(), most_classes));
  check_pixels(network, task, shape.height, shape.width * shape.channels, fmt::format("'{}'", dataset.path));
  for (const auto& [part, wanted] : {std::pair{Part::train, task.train}, std::pair{Part::test, task.test}}) {
    const std::size_t there = items->items(part).size();
    if (there == 0 || wanted.value_or(0) > there)
      refuse(task.data, fmt::format("'{}' holds {} images to {}, {} are wanted", dataset.path, there,
                                    part == Part::train ? "train on" : "test", wanted.value_or(1)));
    if (wanted) items->keep(part, *wanted, dataset.shuffle);
  }
  return items;
}

TaskData load_items(const NetworkDescription& network, const ClassifyDescription& task) {
  const auto items = items_for(network, task);
  const DatasetDescription& dataset = *task.data.dataset;
  TaskData data;
  data.classes = items->classes().size();
  data.train = std::make_unique<LoadedSamples>(items, Part::train, loader_options(dataset, Part::train));
  data.test = std::make_unique<LoadedSamples>(items, Part::test, loader_options(dataset, Part::test));
  return data;
}

}  // namespace

TaskData load_task_data(const NetworkDescription& network, const ClassifyDescription& task) {
  if (task.data.dataset) return load_items(network, task);
  if (task.data.kind != keys::idx_data) return in_memory(make_vibrations_for(network, task));
  return in_memory({IdxSet(network, task, train_set, task.train).read(),
                    IdxSet(network, task, test_set, task.test).read()});
}

void check_task_data(const NetworkDescription& network, const ClassifyDescription& task) {
  if (task.data.dataset) {
    items_for(network, task);
    return;
  }
  if (task.data.kind != keys::idx_data) {
    make_vibrations_for(network, task);
    return;
  }
  const IdxSet train(network, task, train_set, task.train), test(network, task, test_set, task.test);
}

std::vector<std::string> task_files(const ClassifyDescription& task) {
  if (task.data.dataset) return {task.data.dataset->path};
  if (task.data.kind != keys::idx_data) return {};
  std::vector<std::string> files;
  for (const auto set : {train_set, test_set}) {
    files.push_back(find_file(task.data, fmt::format("{}-images", set), "idx3"));
    files.push_back(find_file(task.data, fmt::format("{}-labels", set), "idx1"));
  }
  return files;
}

}  // namespace synfire
