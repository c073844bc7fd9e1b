// The keys of the description language, each described once; reading, error texts and the JSON Schema walk
// over these tables. Parameters of models and of connection rules have tables of their own, which their
// shelves publish.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/parameter.hpp"

namespace synfire::keys {

/// What may stand behind a key.
enum class Kind {
  text,
  integer,
  quantity,  ///< one number with its unit
  value,     ///< a number or a distribution, with a unit that the surroundings fix
  map,
  list,
  texts,      ///< a text or a list of texts
  shape,      ///< n, or [n], [height, width], [height, width, channels]
  spikes,     ///< one list of times for each neuron
  selection,  ///< of neurons
  connect,    ///< a connection rule
  rules,      ///< rules of plasticity
  times,      ///< points in time
  flag,       ///< true or false
  numbers,    ///< a number or a list of numbers
  chosen,     ///< one of a list by name, with parameters
  values,     ///< samples of an encoder: a list of numbers, a list of such lists, or a map
};

struct Key {
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view meaning;
  bool required = false;
  std::string_view standard =
      {};  ///< the text that an absent key stands for; "" when absent means something else
  Unit unit = Unit::none;
  Bounds bounds = {};
};

inline constexpr double largest_population = 2147483648.0;  // 2^31: neurons are counted in 32 bits
inline constexpr std::int64_t longest_delay = (std::int64_t(1) << 20) - 1;  // steps
inline constexpr double shortest_delay = 1e-6;  // ms, of engine event: times keep their digits

inline constexpr std::array network = {
    Key{.name = "synfire",
        .kind = Kind::integer,
        .meaning = "version of the language; this is version 1",
        .required = true,
        .bounds = {.low = 1, .high = 1}},
    Key{.name = "seed",
        .kind = Kind::integer,
        .meaning = "whole number that all random numbers come from",
        .standard = "1",
        .bounds = {.low = 0, .high = 9223372036854775807.0}},
    Key{.name = "include",
        .kind = Kind::texts,
        .meaning = "YAML files whose content comes first; what stands here wins over theirs"},
    Key{.name = "network",
        .kind = Kind::text,
        .meaning = "a named network, whose layers and training come first; what stands here wins over its"},
    Key{.name = "simulation", .kind = Kind::map, .meaning = "how long and how to run"},
    Key{.name = "scale", .kind = Kind::map, .meaning = "the same network with fewer neurons and synapses"},
    Key{.name = "populations",
        .kind = Kind::map,
        .meaning =
            "groups of neurons and sources, by name; 'a, b: …' stands for several, {each: […]} in it for "
            "what differs"},
    Key{.name = "projections",
        .kind = Kind::list,
        .meaning =
            "connections between populations; lists under from and to stand for all pairs, {each: […]} "
            "there for one pair after another, {table: …}, {each_from: …}, {each_to: …} for what differs"},
    Key{.name = "layers",
        .kind = Kind::list,
        .meaning = "populations in a row, each connected to the one before"},
    Key{.name = "record",
        .kind = Kind::map,
        .meaning = "what to keep of each population; without it, the spikes of all neurons"},
    Key{.name = "dataset",
        .kind = Kind::map,
        .meaning = "images or recordings with labels, which the task uses; `synfire dataset` shows them"},
    Key{.name = "task", .kind = Kind::map, .meaning = "what the network is trained and tested for"},
    Key{.name = "training",
        .kind = Kind::map,
        .meaning = "how the layers learn the classes of the dataset, by gradients"},
    Key{.name = "output",
        .kind = Kind::text,
        .meaning = "the HDF5 file to write, relative to the current directory"},
};

inline constexpr std::array simulation = {
    Key{.name = "duration",
        .kind = Kind::quantity,
        .meaning = "biological time to simulate",
        .standard = "1 s",
        .unit = Unit::ms,
        .bounds = positive},
    Key{.name = "dt",
        .kind = Kind::quantity,
        .meaning = "step of the time grid",
        .standard = "0.1 ms",
        .unit = Unit::ms,
        .bounds = positive},
    Key{.name = "weights",
        .kind = Kind::text,
        .meaning = "how weights that do not change are kept",
        .standard = "auto"},
    Key{.name = "engine", .kind = Kind::text, .meaning = "how time advances", .standard = "batched"},
    Key{.name = "backend", .kind = Kind::text, .meaning = "what computes", .standard = "auto"},
};

inline constexpr std::array scaling = {
    Key{.name = "neurons",
        .kind = Kind::quantity,
        .meaning = "part of the neurons of each population that there are",
        .standard = "1",
        .bounds = {.low = 1e-9, .high = 1}},
    Key{.name = "in_degrees",
        .kind = Kind::quantity,
        .meaning = "part of the synapses onto a neuron that there are, each stronger by the root of it; as "
                   "neurons without it",
        .bounds = {.low = 1e-9, .high = 1}},
    Key{.name = "rates",
        .kind = Kind::map,
        .meaning = "rate of each population in the whole network: the mean input that is lost comes as a "
                   "constant current"},
    Key{.name = "tau_syn",
        .kind = Kind::quantity,
        .meaning = "with rates: charge of a synaptic event divided by its weight",
        .unit = Unit::ms,
        .bounds = positive},
};

inline constexpr std::array population = {
    Key{.name = "model", .kind = Kind::text, .meaning = "neuron model or source"},
    Key{.name = "size",
        .kind = Kind::shape,
        .meaning = "number of neurons: n, [height, width] or [height, width, channels]",
        .bounds = {.low = 1, .high = largest_population, .whole = true}},
    Key{.name = "params",
        .kind = Kind::map,
        .meaning = "parameters of the model; those absent keep the model's defaults"},
    Key{.name = "init", .kind = Kind::map, .meaning = "values of state variables at the start"},
    Key{.name = "spikes",
        .kind = Kind::spikes,
        .meaning = "spike times, one list for each neuron",
        .unit = Unit::ms,
        .bounds = non_negative},
    Key{.name = "file",
        .kind = Kind::text,
        .meaning =
            "file with spikes (SONATA HDF5 or CSV), or sound for a cochlea, relative to this YAML file"},
    Key{.name = "population",
        .kind = Kind::text,
        .meaning = "which population of that file, when it holds several"},
    Key{.name = "events",
        .kind = Kind::text,
        .meaning = "event-camera recording, relative to this YAML file"},
    Key{.name = "values",
        .kind = Kind::values,
        .meaning = "what an encoder makes spikes or currents of: numbers, a list of numbers for each sample, "
                   "or a map"},
};

inline constexpr std::string_view values_key = "values";
inline constexpr std::string_view values_list = "list", values_file = "file", values_idx = "idx";
inline constexpr std::array values = {
    Key{.name = values_list,
        .kind = Kind::list,
        .meaning = "the values themselves: a list of numbers for each sample"},
    Key{.name = values_file,
        .kind = Kind::text,
        .meaning = "CSV or .npy file with a row for each sample, relative to this YAML file"},
    Key{.name = values_idx,
        .kind = Kind::text,
        .meaning = "IDX file of images (as of MNIST), whose pixels become 0 to 1"},
    Key{.name = "item",
        .kind = Kind::integer,
        .meaning = "idx: number of the first image",
        .standard = "0",
        .bounds = {.low = 0, .high = 4294967295.0}},
    Key{.name = "items",
        .kind = Kind::integer,
        .meaning = "idx: how many images",
        .standard = "1",
        .bounds = {.low = 1, .high = 1e6}},
    Key{.name = "step",
        .kind = Kind::quantity,
        .meaning = "how long each sample is shown; a single one is shown throughout without it",
        .unit = Unit::ms,
        .bounds = positive},
    Key{.name = "repeat",
        .kind = Kind::integer,
        .meaning = "how often all samples are shown",
        .standard = "1",
        .bounds = {.low = 1, .high = 1e6}},
};

inline constexpr Key weight = {.name = "weight",
                               .kind = Kind::value,
                               .meaning = "size of a synapse, in the receptor's unit",
                               .standard = "1"};
inline constexpr Key delay = {
    .name = "delay",
    .kind = Kind::value,
    .meaning =
        "time from a spike to its effect; at least dt, a multiple of it where constant "
        "(engine event: any time above 0)",
    .standard = "1 ms",
    .unit = Unit::ms,
    .bounds = positive};
inline constexpr Key receptor = {
    .name = "receptor",
    .kind = Kind::text,
    .meaning = "receptor of the target; without it the sign of the weight chooses"};

inline constexpr Key plasticity = {
    .name = "plasticity",
    .kind = Kind::rules,
    .meaning = "rules that change the synapses: a name, or {name: parameters, …}"};

inline constexpr std::array mask = {
    Key{.name = "initial",
        .kind = Kind::value,
        .meaning = "M at the start",
        .standard = "1",
        .unit = Unit::none,
        .bounds = fraction},
    Key{.name = "kind", .kind = Kind::text, .meaning = "what M does to a weight", .standard = "soft"},
    Key{.name = "granularity",
        .kind = Kind::text,
        .meaning = "what has an M of its own",
        .standard = "synapse"},
    Key{.name = "every",
        .kind = Kind::quantity,
        .meaning = "time between changes of M (competition, stochastic), a multiple of dt",
        .unit = Unit::ms,
        .bounds = positive},
    Key{.name = "competition",
        .kind = Kind::map,
        .meaning = "M grows where this projection is the more active"},
    Key{.name = "frozen_after",
        .kind = Kind::quantity,
        .meaning = "time at which M becomes 0 or 1 for good, a multiple of dt",
        .unit = Unit::ms,
        .bounds = positive},
    Key{.name = "complement_of",
        .kind = Kind::text,
        .meaning = "instead of all others: the projection onto the same targets whose 1 - M this is"},
};
inline constexpr std::array competition = {
    Key{.name = "against",
        .kind = Kind::text,
        .meaning = "the other projection onto the same targets",
        .required = true},
    Key{.name = "rate",
        .kind = Kind::quantity,
        .meaning = "change of M for each Hz of difference, at each change",
        .required = true,
        .bounds = non_negative},
    Key{.name = "tau",
        .kind = Kind::quantity,
        .meaning = "time constant with which activity is measured",
        .standard = "100 ms",
        .unit = Unit::ms,
        .bounds = positive},
};
inline constexpr Key masked = {
    .name = "mask", .kind = Kind::map, .meaning = "what part M of its weight a synapse passes on"};

inline constexpr std::array projection = {
    Key{.name = "name", .kind = Kind::text, .meaning = "name of the projection; from->to without it"},
    Key{.name = "from",
        .kind = Kind::text,
        .meaning = "population that the connections come from",
        .required = true},
    Key{.name = "to", .kind = Kind::text, .meaning = "population that they reach", .required = true},
    Key{.name = "connect",
        .kind = Kind::connect,
        .meaning = "rule that says who is connected to whom",
        .required = true},
    weight,
    delay,
    receptor,
    plasticity,
    masked,
};

inline constexpr std::array layer = {
    Key{.name = "name", .kind = Kind::text, .meaning = "name of the population that this layer makes"},
    Key{.name = "from",
        .kind = Kind::text,
        .meaning = "first entry only, and alone: an existing population to begin with"},
    Key{.name = "model", .kind = Kind::text, .meaning = "neuron model"},
    Key{.name = "size",
        .kind = Kind::shape,
        .meaning = "number of neurons: n, [height, width] or [height, width, channels]",
        .bounds = {.low = 1, .high = largest_population, .whole = true}},
    Key{.name = "params", .kind = Kind::map, .meaning = "parameters of the model"},
    Key{.name = "init", .kind = Kind::map, .meaning = "values of state variables at the start"},
    Key{.name = "connect",
        .kind = Kind::connect,
        .meaning = "how the layer before is connected to this one",
        .standard = "all_to_all"},
    weight,
    delay,
    receptor,
    plasticity,
    masked,
};

inline constexpr std::array trace = {
    Key{.name = "neurons", .kind = Kind::selection, .meaning = "neurons to record", .standard = "all"},
    Key{.name = "every",
        .kind = Kind::quantity,
        .meaning = "time between samples, a multiple of dt; dt without it",
        .unit = Unit::ms,
        .bounds = positive},
};
inline constexpr std::array weights = {
    Key{.name = "every",
        .kind = Kind::quantity,
        .meaning = "time between snapshots, a multiple of dt",
        .unit = Unit::ms,
        .bounds = positive},
    Key{.name = "at",
        .kind = Kind::times,
        .meaning = "times of snapshots, multiples of dt; 0 ms is before the first step",
        .unit = Unit::ms,
        .bounds = non_negative},
};
inline constexpr Key recorded_weights = {
    .name = "weights", .kind = Kind::map, .meaning = "snapshots of the synapses of a plastic projection"};
inline constexpr std::string_view next = "next";      ///< the projection that a structural rule refers to
inline constexpr std::string_view reward = "reward";  ///< the population that a modulated rule listens to
inline constexpr Key recorded_spikes = {.name = "spikes",
                                        .kind = Kind::selection,
                                        .meaning = "neurons whose spikes are kept",
                                        .standard = "none"};

inline constexpr std::string_view dataset_data = "dataset";  ///< under `data`: a description as of `dataset`
inline constexpr std::array dataset = {
    Key{.name = "path",
        .kind = Kind::text,
        .meaning =
            "file or folder, relative to this YAML file; its kind is found by content (docs/events.md)",
        .required = true},
    Key{.name = "split",
        .kind = Kind::quantity,
        .meaning = "share of each class to train on, drawn anew; without it, the parts of the set itself",
        .bounds = {.low = 0, .high = 1}},
    Key{.name = "test_speakers",
        .kind = Kind::texts,
        .meaning =
            "all that these say is tested, and they are not heard before; what the others say is trained. "
            "In place of split"},
    Key{.name = "classes",
        .kind = Kind::texts,
        .meaning = "only these, by name; labels then count along this list. All without it"},
    Key{.name = "shuffle",
        .kind = Kind::integer,
        .meaning =
            "seed of the order in which training items come, another in each pass, and of the draw where a "
            "task takes some items only; without it, the order of the set",
        .bounds = {.low = 0, .high = 9223372036854775807.0}},
    Key{.name = "batch",
        .kind = Kind::integer,
        .meaning = "items that are used together",
        .standard = "1",
        .bounds = {.low = 1, .high = 1e6}},
    Key{.name = "prefetch",
        .kind = Kind::integer,
        .meaning = "items that are read ahead by other threads",
        .standard = "8",
        .bounds = {.low = 0, .high = 1e4}},
    Key{.name = "cache",
        .kind = Kind::integer,
        .meaning = "MiB of items that are kept in memory once they have been read",
        .standard = "256",
        .bounds = {.low = 0, .high = 1e7}},
};
/// A distribution as users write it: {name: [first, second]} or {name: {first: …, second: …, min: …, max:
/// …}}.
struct DistributionKeys {
  std::string_view name;
  std::array<std::string_view, 2> parameters;  ///< the second is "" where there is one only
  std::string_view meaning;

  constexpr std::size_t count() const { return parameters[1].empty() ? 1 : 2; }
};
inline constexpr std::array distributions = {
    DistributionKeys{"uniform", {"low", "high"}, "equally likely between low and high"},
    DistributionKeys{"normal", {"mean", "sd"}, "Gaussian"},
    DistributionKeys{
        "lognormal", {"mean", "sd"}, "positive, its logarithm Gaussian; mean and sd of the value itself"},
    DistributionKeys{"exponential", {"mean", ""}, "waiting times"},
};
inline constexpr std::array<std::string_view, 2> cuts = {"min", "max"};
inline constexpr std::string_view steps =
    "steps";  ///< {steps: [[time, value], …]}: a value that changes over time
inline constexpr std::string_view file_rule =
    "list";  ///< the connection rule that reads a file, under the key `file`
inline constexpr std::string_view file_key = "file";

/// A word of the language; those that no part of this version serves yet are refused.
struct Choice {
  std::string_view word;
  bool available;
  std::string_view meaning;
};
inline constexpr std::string_view event_engine = "event";
inline constexpr std::array mask_kinds = {
    Choice{"soft", true, "w passes with M w"}, Choice{"binary", true, "w passes where M >= 0.5"},
    Choice{"stochastic", true, "w passes with probability M, drawn anew"}};
inline constexpr std::array granularities = {Choice{"synapse", true, "each synapse"},
                                             Choice{"target", true, "each target"}};
inline constexpr std::string_view full_weights = "float32";
inline constexpr std::array weight_forms = {
    Choice{"auto", true, "in 16 bits where drawn weights lose less than a thousandth of their mean by it"},
    Choice{full_weights, true, "in 32 bits"}};
inline constexpr std::array engines = {Choice{"batched", true, "all neurons step by step on a time grid"},
                                       Choice{event_engine, true, "from event to event, without a grid"}};
inline constexpr std::array backends = {
    Choice{"auto", true, "the fastest that is available"},
    Choice{"cpu", true, "threads and vector units, single precision"},
    Choice{"reference", true, "one neuron after another, double precision"}, Choice{"cuda", false, "a GPU"}};

/// The description of a key; the key must be in the table.
constexpr const Key& find(std::span<const Key> table, std::string_view name) {
  std::size_t i = 0;
  while (table[i].name != name) ++i;
  return table[i];
}

}  // namespace synfire::keys
