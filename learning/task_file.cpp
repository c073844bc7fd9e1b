#include "learning/task_file.hpp"

#include "networks/keys_task.hpp"

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

hdf5::Group group_for(hdf5::File& file, const NetworkDescription& network, const ConfusionMatrix& confusion) {
  const TaskDescription& task = *network.task;
  hdf5::Group group = file.require_group("synfire/training/" + task.name());
  group.set_attribute("data", std::string_view(task.data.kind));
  group.set_attribute("input", std::string_view(network.populations[task.input].name));
  group.set_attribute("output", std::string_view(network.populations[task.output].name));
  group.set_attribute("classes", std::uint64_t(confusion.classes()));
  group.set_attribute("accuracy", confusion.accuracy());
  return group;
}

}  // namespace

void write_task(hdf5::File& file, const NetworkDescription& network, const Classification& result) {
  hdf5::Group group = group_for(file, network, result.confusion);
  const auto decoder = std::get<ClassifyDescription>(network.task->kind).decoder;
  group.set_attribute("decode", keys::decoders[static_cast<std::size_t>(decoder)].word);
  group.set_attribute("train_samples", result.train_samples);
  group.set_attribute("train_presentations", result.train_presentations);
  group.set_attribute("test_samples", result.test_samples);
  group.set_attribute("test_presentations", result.test_presentations);
  group.set_attribute("train_s", result.train_s);
  group.set_attribute("test_s", result.test_s);
  add_confusion(group, result.confusion);
  if (decoder == Decoder::vote)
    add(group, "assignment", result.assignment, "1", "class of each output neuron; -1: none");
  add(group, "predictions", result.votes, "1", "class voted for each test sample; -1: none");
  add(group, "labels", result.labels, "1", "true class of each test sample");
  add(group, "spike_counts", result.spikes, "spikes", "of the output, to each test sample");
  add(group, "training_accuracy", result.training_accuracy, "1",
      "while training, over the samples since the entry before");
  add(group, "training_samples", result.training_samples, "samples", "seen until that entry");
}

void write_task(hdf5::File& file, const NetworkDescription& network, const ReadoutResult& result) {
  hdf5::Group group = group_for(file, network, result.confusion);
  const auto& how = std::get<ReadoutDescription>(network.task->kind);
  group.set_attribute("method", keys::readout_methods[static_cast<std::size_t>(how.method)].word);
  group.set_attribute("features", keys::readout_features[static_cast<std::size_t>(how.features)].word);
  group.set_attribute("bins", std::uint64_t(how.bins));
  group.set_attribute("train_samples", result.train_samples);
  group.set_attribute("test_samples", result.test_samples);
  group.set_attribute("train_accuracy", result.train_accuracy);
  group.set_attribute("simulated_s", result.simulated_s);
  group.set_attribute("learned_s", result.learned_s);
  if (result.lambda) group.set_attribute("lambda", *result.lambda);
  add_confusion(group, result.confusion);
  add(group, "predictions", result.predictions, "1", "class decided for each test sample");
  add(group, "labels", result.labels, "1", "true class of each test sample");
  add(group, "lambdas", result.choice.tried, "1", "penalties tried");
  add(group, "lambda_accuracy", result.choice.accuracy, "1", "with them, on the held-out training samples");
  const LinearReadout& readout = result.readout;
  add(group, "bias", readout.bias, "1", "of each class");
  if (readout.columns == 0) return;
  hdf5::Dataset weights =
      group.create_growing("weights", hdf5::type_of<double>(), {.columns = readout.columns});
  weights.append(std::span<const double>(readout.weights));
  weights.set_attribute("units", std::string_view("1"));
  weights.set_attribute("meaning",
                        std::string_view("rows: class; columns: feature, bin after bin, in each the "
                                         "neurons of the output"));
}

}  // namespace synfire
