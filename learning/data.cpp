#include "learning/data.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "encoders/datasets.hpp"
#include "learning/datasets/loader.hpp"
#include "networks/keys_task.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const DataDescription& data, const std::string& what) {
  throw Error(ErrorKind::input, data.where, "data of the task: " + what);
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

void check_pixels(const NetworkDescription& network, const TaskDescription& task, const SampleShape& shape,
                  const std::string& source) {
  const auto& input = network.populations[task.input];
  const std::uint64_t needed = std::uint64_t(shape.height) * shape.width * shape.channels;
  if (input.size() == needed) return;
  refuse(task.data, fmt::format("{} holds images of {} x {} pixels, but {} has {} neurons; give it size: "
                                "[{}, {}]",
                                source, shape.height, shape.width * shape.channels, title(input),
                                input.size(), shape.height, shape.width * shape.channels));
}

// Whether the input can show the samples, and the output has neurons for their classes.
void check_shape(const NetworkDescription& network, const TaskDescription& task, const SampleShape& shape,
                 const std::string& source) {
  const auto& input = network.populations[task.input];
  if (input.fed) return check_feed(input, shape, source);
  if (shape.events)
    refuse(task.data, fmt::format("{} holds recordings, but {} shows images; take the model events", source,
                                  title(input)));
  check_pixels(network, task, shape, source);
}

void check_classes(const NetworkDescription& network, const TaskDescription& task, std::size_t classes,
                   const std::string& source) {
  constexpr std::size_t most_classes = 255;
  if (classes > most_classes)
    refuse(task.data, fmt::format("{} has {} classes; {} tells {} apart at most", source, classes,
                                  task.name(), most_classes));
  const auto* classify = std::get_if<ClassifyDescription>(&task.kind);
  if (classify == nullptr || classify->decoder == Decoder::vote) return;
  const auto& output = network.populations[task.output];
  if (classes == 0 || output.size() % classes != 0)
    refuse(task.data,
           fmt::format("{} has {} classes, among which the {} neurons of {} cannot be parted evenly", source,
                       classes, output.size(), title(output)));
}

/// Images and labels of one set, open and checked.
class IdxSet {
 public:
  IdxSet(const NetworkDescription& network, const TaskDescription& task, std::string_view set,
         std::optional<std::uint32_t> wanted)
      : images_(find_file(task.data, fmt::format("{}-images", set), "idx3")),
        labels_(find_file(task.data, fmt::format("{}-labels", set), "idx1")) {
    const auto& extents = images_.extents();
    if (extents.size() != 3) refuse(task.data, fmt::format("'{}' does not hold images", images_.path()));
    if (labels_.extents().size() != 1)
      refuse(task.data, fmt::format("'{}' does not hold labels", labels_.path()));
    check_shape(network, task, shape(), fmt::format("'{}'", images_.path()));
    if (images_.count() != labels_.count())
      refuse(task.data, fmt::format("'{}' holds {} images, but '{}' {} labels", images_.path(),
                                    images_.count(), labels_.path(), labels_.count()));
    count_ = wanted.value_or(images_.count());
    if (count_ > images_.count() || (count_ == 0 && wanted != 0u))
      refuse(task.data,
             fmt::format("'{}' holds {} images, {} are wanted", images_.path(), images_.count(), count_));
  }

  SampleShape shape() const { return {.height = images_.extents()[1], .width = images_.extents()[2]}; }
  /// The largest label of all, plus 1.
  std::size_t classes() {
    const auto labels = labels_.read(0, labels_.count());
    return labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end()) + 1u;
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
    return {set_.labels[i], {.pixels = set_.images[i], .events = {}}};
  }

 private:
  LabelledImages set_;
  std::size_t next_ = 0;
};

/// Samples of a data set, as they are read.
class LoadedSamples final : public TaskSamples {
 public:
  LoadedSamples(const std::shared_ptr<const ChosenItems>& items, Part part, const LoaderOptions& options)
      : loader_(items, part, options) {}

  std::size_t count() const override { return loader_.size(); }
  Sample next() override {
    item_ = loader_.next();
    return {static_cast<std::uint8_t>(item_->label), {item_->pixels, item_->events}};
  }

 private:
  DataLoader loader_;
  std::shared_ptr<const DataItem> item_;
};

/// Recordings that were made, in their order.
class MadeSamples final : public TaskSamples {
 public:
  explicit MadeSamples(std::vector<DataItem> items) : items_(std::move(items)) {}

  std::size_t count() const override { return items_.size(); }
  Sample next() override {
    const DataItem& item = items_[next_++ % items_.size()];
    return {static_cast<std::uint8_t>(item.label), {.pixels = {}, .events = item.events}};
  }

 private:
  std::vector<DataItem> items_;
  std::size_t next_ = 0;
};

using Sets = std::pair<LabelledImages, LabelledImages>;

TaskData in_memory(Sets sets, std::size_t classes) {
  TaskData data;
  data.shape = {.height = sets.second.images.height, .width = sets.second.images.width};
  data.classes = classes;
  data.train = std::make_unique<ImageSamples>(std::move(sets.first));
  data.test = std::make_unique<ImageSamples>(std::move(sets.second));
  return data;
}

Sets make_vibrations_for(const NetworkDescription& network, const TaskDescription& task) {
  check_shape(network, task, {.height = Vibration::side, .width = Vibration::side}, task.data.kind);
  check_classes(network, task, Vibration::classes, task.data.kind);
  const auto p = parameters_of<Vibration::Parameters>(Vibration::describe(), task.data);
  VibrationData made = make_vibrations(p, RandomKey(network.seed, "task/data"));
  return {limited(task.data, std::move(made.train), task.train),
          limited(task.data, std::move(made.test), task.test)};
}

// Calls visit.template operator()<Dataset>() for generated recordings of this name.
template <class Visit> void with_recordings(std::string_view name, Visit&& visit) {
  Datasets::for_each([&]<class Dataset>() {
    if constexpr (requires { &Dataset::recording; })
      if (Dataset::describe().name == name) visit.template operator()<Dataset>();
  });
}

/// Recordings that can be made: so many of each class, the first `train` of them to train on.
template <class Dataset> class Generated {
 public:
  Generated(const NetworkDescription& network, const TaskDescription& task)
      : parameters_(parameters_of<typename Dataset::Parameters>(Dataset::describe(), task.data)),
        random_(network.seed, "task/data") {
    if (parameters_.train >= parameters_.samples)
      refuse(task.data, fmt::format("{} samples of a class, of which {} are trained; none is left to test",
                                    parameters_.samples, parameters_.train));
    check_shape(network, task, shape(), task.data.kind);
    check_classes(network, task, Dataset::classes, task.data.kind);
    const auto trained = static_cast<std::size_t>(parameters_.train),
               tested = static_cast<std::size_t>(parameters_.samples) - trained;
    train_ = limit(task, trained * Dataset::classes, task.train);
    test_ = limit(task, tested * Dataset::classes, task.test);
  }

  static SampleShape shape() {
    return {.events = true,
            .audio = Dataset::audio,
            .height = Dataset::height,
            .width = Dataset::width,
            .channels = Dataset::audio ? 1u : 2u};
  }

  TaskData make() const {
    TaskData data;
    data.shape = shape();
    data.classes = Dataset::classes;
    data.train = std::make_unique<MadeSamples>(items(0, train_));
    data.test = std::make_unique<MadeSamples>(
        items(static_cast<std::size_t>(parameters_.train) * Dataset::classes, test_));
    return data;
  }

 private:
  static std::size_t limit(const TaskDescription& task, std::size_t there,
                           std::optional<std::uint32_t> wanted) {
    if (wanted.value_or(0) > there)
      refuse(task.data, fmt::format("there are {} samples, {} are wanted", there, *wanted));
    return wanted.value_or(static_cast<std::uint32_t>(there));
  }

  // Classes take turns.
  std::vector<DataItem> items(std::size_t first, std::size_t count) const {
    std::vector<DataItem> made(count);
    tbb::parallel_for(std::size_t(0), count, [&](std::size_t k) {
      const std::size_t number = first + k, of_class = number % Dataset::classes;
      made[k].label = static_cast<std::uint32_t>(of_class);
      for (const CameraEvent& e :
           Dataset::recording(parameters_, random_, of_class, number / Dataset::classes))
        made[k].events.push_back({e.t_us, e.x, e.y, static_cast<std::uint8_t>(e.on)});
    });
    return made;
  }

  typename Dataset::Parameters parameters_;
  RandomKey random_;
  std::size_t train_ = 0, test_ = 0;
};

TaskData load_idx(const NetworkDescription& network, const TaskDescription& task) {
  IdxSet train(network, task, train_set, task.train), test(network, task, test_set, task.test);
  const std::size_t classes = std::max(train.classes(), test.classes());
  check_classes(network, task, classes, task.data.kind);
  return in_memory({train.read(), test.read()}, classes);
}

std::string named(const DatasetDescription& dataset) { return fmt::format("'{}'", dataset.path); }

SampleShape shape_of(const ItemShape& shape) {
  return {.events = !shape.images,
          .audio = shape.audio,
          .height = shape.height,
          .width = shape.width,
          .channels = shape.channels};
}

/// The data set of a task, checked to be what it can use.
std::shared_ptr<const ChosenItems> items_for(const NetworkDescription& network, const TaskDescription& task) {
  const DatasetDescription& dataset = task.data.dataset.value();
  auto items = std::make_shared<ChosenItems>(dataset);
  if (dataset.batch != 1)
    refuse(task.data, fmt::format("{} shows one sample after another; leave batch out", task.name()));
  check_classes(network, task, items->classes().size(), named(dataset));
  check_shape(network, task, shape_of(items->set().shape()), named(dataset));
  for (const auto& [part, wanted] : {std::pair{Part::train, task.train}, std::pair{Part::test, task.test}}) {
    const std::size_t there = items->items(part).size();
    if (wanted.value_or(1) > there)
      refuse(task.data, fmt::format("'{}' holds {} samples to {}, {} are wanted", dataset.path, there,
                                    part == Part::train ? "train on" : "test", wanted.value_or(1)));
    if (wanted) items->keep(part, *wanted, dataset.shuffle);
  }
  return items;
}

TaskData load_items(const NetworkDescription& network, const TaskDescription& task) {
  const auto items = items_for(network, task);
  const DatasetDescription& dataset = *task.data.dataset;
  TaskData data;
  data.classes = items->classes().size();
  data.shape = shape_of(items->set().shape());
  data.train = std::make_unique<LoadedSamples>(items, Part::train, loader_options(dataset, Part::train));
  data.test = std::make_unique<LoadedSamples>(items, Part::test, loader_options(dataset, Part::test));
  return data;
}

}  // namespace

TaskData load_task_data(const NetworkDescription& network, const TaskDescription& task) {
  if (task.data.dataset) return load_items(network, task);
  TaskData data;
  with_recordings(task.data.kind, [&]<class Dataset>() { data = Generated<Dataset>(network, task).make(); });
  if (data.test) return data;
  if (task.data.kind != keys::idx_data)
    return in_memory(make_vibrations_for(network, task), Vibration::classes);
  return load_idx(network, task);
}

void check_task_data(const NetworkDescription& network, const TaskDescription& task) {
  if (task.data.dataset) {
    items_for(network, task);
    return;
  }
  bool found = false;
  with_recordings(task.data.kind, [&]<class Dataset>() {
    const Generated<Dataset> checked(network, task);
    found = true;
  });
  if (found) return;
  if (task.data.kind != keys::idx_data) {
    make_vibrations_for(network, task);
    return;
  }
  IdxSet train(network, task, train_set, task.train), test(network, task, test_set, task.test);
  check_classes(network, task, std::max(train.classes(), test.classes()), task.data.kind);
}

std::vector<std::string> task_files(const TaskDescription& task) {
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
