#include "learning/classify_file.hpp"

namespace synfire {
namespace {

template <class T>
void add(hdf5::Group& group, const std::string& name, const std::vector<T>& values, std::string_view units,
         std::string_view meaning) {
  hdf5::Dataset dataset = group.create_dataset(name, std::span<const T>(values));
  dataset.set_attribute("units", units);
  dataset.set_attribute("meaning", meaning);
}

void add_confusion(hdf5::Group& group, const ConfusionMatrix& confusion) {
  hdf5::Dataset dataset =
      group.create_growing("confusion", hdf5::type_of<std::uint64_t>(), {.columns = confusion.columns()});
  for (std::size_t row = 0; row < confusion.classes(); ++row) dataset.append(confusion.row(row));
  dataset.set_attribute("units", std::string_view("samples"));
  dataset.set_attribute("meaning",
                        std::string_view("rows: true class; columns: voted class, the last: none"));
}

}  // namespace

void write_classification(hdf5::File& file, const NetworkDescription& network, const Classification& result) {
  hdf5::Group group = file.require_group("synfire/training/classify");
  group.set_attribute("data", std::string_view(network.task->data.kind));
  group.set_attribute("input", std::string_view(network.populations[network.task->input].name));
  group.set_attribute("output", std::string_view(network.populations[network.task->output].name));
  group.set_attribute("classes", std::uint64_t(result.confusion.classes()));
  group.set_attribute("accuracy", result.confusion.accuracy());
  group.set_attribute("train_samples", result.train_samples);
  group.set_attribute("train_presentations", result.train_presentations);
  group.set_attribute("test_samples", result.test_samples);
  group.set_attribute("test_presentations", result.test_presentations);
  group.set_attribute("train_s", result.train_s);
  group.set_attribute("test_s", result.test_s);
  add_confusion(group, result.confusion);
  add(group, "assignment", result.assignment, "1", "class of each output neuron; -1: none");
  add(group, "predictions", result.votes, "1", "class voted for each test sample; -1: none");
  add(group, "labels", result.labels, "1", "true class of each test sample");
  add(group, "spike_counts", result.spikes, "spikes", "of the output, to each test sample");
  add(group, "training_accuracy", result.training_accuracy, "1",
      "while training, over the samples since the entry before");
  add(group, "training_samples", result.training_samples, "samples", "seen until that entry");
}

}  // namespace synfire
