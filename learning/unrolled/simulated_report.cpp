#include <nlohmann/json.hpp>

#include "io/byte_file.hpp"
#include "learning/unrolled/simulated.hpp"

namespace synfire::learning {
namespace {

using Json = nlohmann::ordered_json;

Json layer_json(const SimulatedLayer& layer) {
  return {{"name", layer.name},
          {"neurons", layer.neurons},
          {"synapses", layer.synapses},
          {"spikes_per_inference", layer.spikes ? Json(layer.spike_count) : Json(nullptr)},
          {"computed_in_each_step", layer.stepped},
          {"synaptic_operations_per_inference", layer.synaptic_operations},
          {"dense_multiply_accumulates_per_inference", layer.dense_operations},
          {"differing_spikes_per_inference", layer.spikes ? Json(layer.differing) : Json(nullptr)}};
}

template <class T>
void add(hdf5::Group& group, const std::string& name, const std::vector<T>& values, std::string_view units,
         std::string_view meaning) {
  hdf5::Dataset dataset = group.create_dataset(name, std::span<const T>(values));
  dataset.set_attribute("units", units);
  dataset.set_attribute("meaning", meaning);
}

}  // namespace

void write_simulated_report(const std::string& path, const SimulatedNetwork& network, const RunResult& run) {
  const SimulatedTest& result = network.result();
  Json report = {{"network", network.network().source_file},
                 {"engine", network.network().simulation.engine},
                 {"samples", result.labels.size()},
                 {"accuracy", result.accuracy()},
                 {"layers_accuracy", result.layer_accuracy()},
                 {"agreement", result.agreement()},
                 {"spikes_per_inference", result.spike_count()},
                 {"synaptic_operations_per_inference", result.synaptic_operations()},
                 {"dense_multiply_accumulates_per_inference", result.dense_operations()},
                 {"multiply_accumulates_before_neurons", result.dense_before},
                 {"multiply_accumulates_behind_neurons", result.dense_behind},
                 {"simulated_s", result.simulated_s},
                 {"layers_s", result.layers_s},
                 {"stopped_early", run.stopped_early},
                 {"threads", run.threads},
                 {"workers", run.workers},
                 {"synapses", run.synapses},
                 {"build_s", run.build_s},
                 {"peak_rss_bytes", run.peak_rss_bytes},
                 {"layers", Json::array()}};
  for (const SimulatedLayer& layer : result.layers) report["layers"].push_back(layer_json(layer));
  NewFile file(path);
  file.put(report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  file.finish();
}

void write_simulated(hdf5::File& file, const SimulatedTest& result) {
  hdf5::Group group = file.require_group("synfire/samples");
  group.set_attribute("accuracy", result.accuracy());
  group.set_attribute("agreement", result.agreement());
  group.set_attribute("spikes_per_inference", result.spike_count());
  group.set_attribute("synaptic_operations_per_inference", result.synaptic_operations());
  add(group, "start_ms", result.start_ms, "ms", "when the sample was shown to the first layer");
  add(group, "labels", result.labels, "1", "true class");
  add(group, "predictions", result.predictions, "1", "class by the simulated network");
  add(group, "layer_predictions", result.layer_predictions, "1", "class by the layers");
}

}  // namespace synfire::learning
