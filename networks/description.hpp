// A network as plain data, in the engine's units: what everybody agrees on. YAML becomes this; the engine
// reads this.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/distribution.hpp"
#include "core/parameter.hpp"
#include "core/schedule.hpp"
#include "networks/deep.hpp"
#include "networks/training.hpp"

namespace synfire {

struct Samples;
struct GivenSynapses;

struct SimulationDescription {
  double duration = 1000;  // ms
  double dt = 0.1;         // ms
  std::string weights = "auto";
  std::string engine = "batched";
  std::string backend = "auto";
  Position where;
};

/// The samples that an encoder turns into spikes or currents.
struct ValuesDescription {
  std::vector<std::vector<double>> rows;  ///< empty: in PopulationDescription::file
  bool images = false;                    ///< that file is IDX, else CSV
  std::uint32_t item = 0, items = 1;      ///< images of it
  std::optional<double> step;             ///< ms; absent: one sample, shown throughout
  std::uint32_t repeat = 1;
  std::shared_ptr<const Samples> read;  ///< one round of them, once the files of the network have been read
  Position where;
};

/// A group of neurons, or of sources of spikes or of currents, of one model.
struct PopulationDescription {
  std::string name;
  std::string model;
  std::vector<std::uint32_t> shape;  ///< [n], or [height, width, channels], last index fastest
  std::map<std::string, ParameterValue> parameters;
  std::map<std::string, Distribution> initial;  ///< of state variables
  std::vector<std::vector<double>> spikes;      ///< model spike_list: times in ms, one list per neuron
  std::string file;                             ///< models that play a file, and encoders that read one
  std::optional<ValuesDescription> values;      ///< encoders
  std::string file_population;                  ///< which population of that file
  bool fed = false;  ///< has no values or events of its own: the task gives them, sample by sample
  Position where;

  std::uint32_t size() const;
};

/// Which pairs are connected: a rule's name and its parameters.
struct ConnectDescription {
  std::string rule = "all_to_all";
  std::map<std::string, double> parameters;
  std::string file;                                 ///< rule `list`: CSV or HDF5
  std::shared_ptr<const GivenSynapses> given = {};  ///< rule `list`: these, in place of a file
  Position where;
};

/// A rule that changes the synapses of a projection, and its parameters.
struct RuleDescription {
  std::string rule;
  std::map<std::string, double> parameters;  ///< words as their positions; weights in the receptor's unit
  std::optional<std::size_t> reward;         ///< population whose activity is the reward
  Position where;
  std::optional<std::size_t> next = {};  ///< projection that leaves the targets, to which rates refer
};

/// What part of its weight each synapse of a projection passes on: M in [0, 1].
struct MaskDescription {
  enum class Kind { soft, binary, stochastic };
  /// M moves with the activity of two branches.
  struct Competition {
    std::size_t against = 0;     ///< projection onto the same targets
    double rate = 0, tau = 100;  ///< per Hz; ms
  };
  Kind kind = Kind::soft;
  bool per_target = false;  ///< one M for all synapses onto a target
  Distribution initial = 1.0;
  double every = 0;  ///< ms between changes; 0: there are none
  std::optional<Competition> competition;
  std::optional<double> frozen_after;        ///< ms
  std::optional<std::size_t> complement_of;  ///< projection whose 1 - M this is
  Position where;
};

struct ProjectionDescription {
  std::string name;  ///< "exc->inh", made unique
  std::size_t from = 0, to = 0;
  ConnectDescription connect;
  Distribution weight = 1.0;  ///< in the receptor's unit
  Distribution delay = 1.0;   ///< ms
  std::optional<std::size_t>
      receptor;  ///< index into the target model's receptors; absent: chosen by the sign of the weight
  std::vector<RuleDescription> plasticity;
  std::optional<MaskDescription> mask = {};
  Position where;
};

/// Neurons of a population: "all", "0:10", "0:100:5", [1, 5, 9].
struct Selection {
  bool all = true;
  std::vector<std::uint32_t> ids;  ///< ascending, when not all

  static Selection none() { return {false, {}}; }
};

struct TraceRecord {
  std::string variable;
  Selection neurons;
  double every = 0;  ///< ms
  Position where;
};

struct RecordDescription {
  std::size_t population = 0;
  Selection spikes = Selection::none();
  std::vector<TraceRecord> traces;
};

/// When to keep the synapses of a plastic projection.
struct WeightRecord {
  std::size_t projection = 0;
  double every = 0;        ///< ms; 0: only at the times given
  std::vector<double> at;  ///< ms, ascending
  Position where;
};

/// Labelled images or recordings, and how they are to be used.
struct DatasetDescription {
  std::string path;
  std::optional<double> split;                  ///< share to train on; absent: as the set is parted
  std::vector<std::string> test_speakers = {};  ///< parts by who speaks instead; empty: no
  std::vector<std::string> classes;             ///< empty: all
  std::optional<std::uint64_t> shuffle;         ///< seed; absent: in the order of the set
  std::size_t batch = 1, prefetch = 8;
  std::size_t cache_bytes = std::size_t(256) << 20;
  Position where;
};

/// Where the images of a task come from.
struct DataDescription {
  std::string kind;                          ///< "idx", or the name of generated data
  std::string folder;                        ///< idx: with the four files of MNIST
  std::map<std::string, double> parameters;  ///< of generated data
  std::optional<DatasetDescription> dataset;
  Position where;
};

/// A parameter that has another value while testing.
struct ParameterChange {
  std::size_t population = 0;
  std::string parameter;
  double value = 0;
};

/// How a class is read off the output.
enum class Decoder : std::uint8_t { vote, rate, first_spike, membrane_max };

/// Learning of classes by the network itself: train, read off what it says of the samples of the test.
struct ClassifyDescription {
  Decoder decoder = Decoder::vote;
  std::string variable;  ///< membrane_max: the state variable
  double boost = 32;     ///< Hz
  std::uint64_t min_spikes = 5;
  std::uint32_t max_boosts = 20;
  std::optional<std::uint32_t> assign;  ///< absent: one pass
};

/// A linear readout, learned from the spikes with which the network answers.
struct ReadoutDescription {
  enum class Method : std::uint8_t { ridge, delta };
  enum class Features : std::uint8_t { standardised, counts, roots };
  std::uint32_t bins = 1;
  double filter = 0;  ///< ms; 0: none
  Features features = Features::standardised;
  Method method = Method::ridge;
  std::optional<double> lambda;  ///< ridge; absent: chosen by the held-out part
  double held_out = 0.2;         ///< share of the training samples
  double learning_rate = 0.5;    ///< delta
  std::uint32_t epochs = 100;    ///< delta
};

/// Samples are shown to one population, and another one answers.
struct TaskDescription {
  DataDescription data;
  std::size_t input = 0, output = 0;  ///< populations
  double present = 350, rest = 150;   ///< ms
  double rate = 63.75;                ///< Hz, of a pixel of full intensity; inputs that have rates
  std::optional<double> intensity;    ///< mean of a sample's pixels as shown, of 1; absent: as it is
  std::uint32_t passes = 1;
  std::optional<std::uint32_t> train, test;  ///< absent: all there are
  std::vector<ParameterChange> test_parameters;
  std::variant<ClassifyDescription, ReadoutDescription> kind;
  Position where;

  /// As users write it: "classify", "readout".
  std::string name() const {
    return std::holds_alternative<ClassifyDescription>(kind) ? "classify" : "readout";
  }
};

struct NetworkDescription {
  std::uint64_t seed = 1;
  SimulationDescription simulation;
  std::vector<PopulationDescription> populations;
  std::vector<ProjectionDescription> projections;
  std::vector<RecordDescription> records;
  std::vector<WeightRecord> weight_records;
  std::optional<DatasetDescription> dataset;
  std::optional<TaskDescription> task;
  std::optional<TrainingDescription> training = {};
  std::vector<LayerDescription> layers = {};  ///< with training; there are no populations then
  std::optional<std::string> output;
  std::string source_text;  ///< the YAML as run: includes and --set resolved
  std::string source_file;  ///< where it was read from; "" when it was not

  /// Index of a population; absent when there is none of this name.
  std::optional<std::size_t> population(std::string_view name) const;
  /// Index of a projection; absent when there is none of this name.
  std::optional<std::size_t> projection(std::string_view name) const;
};

/// "population 'exc' (iaf_psc_exp)", for messages.
std::string title(const PopulationDescription&);

}  // namespace synfire
