// The keys of tasks.
#pragma once

#include "networks/keys.hpp"

namespace synfire::keys {

inline constexpr Key classify = {
    .name = "classify",
    .kind = Kind::map,
    .meaning = "the network learns to tell classes apart, and says itself which"};
inline constexpr Key readout = {
    .name = "readout",
    .kind = Kind::map,
    .meaning = "a linear readout learns to tell classes apart by the spikes of the network"};
inline constexpr std::string_view idx_data = "idx";  ///< under `data`: a folder with the four files of MNIST

// Of every task.
inline constexpr Key task_data = {
    .name = "data",
    .kind = Kind::map,
    .meaning =
        "images or recordings: {idx: folder with the four files of MNIST}, {dataset: …}, or a name of "
        "generated data; the `dataset` of the network without it"};
inline constexpr Key task_input = {
    .name = "input",
    .kind = Kind::text,
    .meaning =
        "the source that shows the samples: one with a `rate` for each pixel, an encoder without "
        "`values`, or the model events without `events`",
    .required = true};
inline constexpr Key task_present = {.name = "present",
                                     .kind = Kind::quantity,
                                     .meaning =
                                         "time that a sample is shown; what a recording has later is "
                                         "left out",
                                     .standard = "350 ms",
                                     .unit = Unit::ms,
                                     .bounds = positive};
inline constexpr Key task_rest = {.name = "rest",
                                  .kind = Kind::quantity,
                                  .meaning = "time without input after each presentation",
                                  .standard = "150 ms",
                                  .unit = Unit::ms,
                                  .bounds = non_negative};
inline constexpr Key task_rate = {.name = "rate",
                                  .kind = Kind::quantity,
                                  .meaning = "inputs with rates: that of a pixel of full intensity",
                                  .standard = "63.75 Hz",
                                  .unit = Unit::Hz,
                                  .bounds = positive};
inline constexpr Key task_intensity = {
    .name = "intensity",
    .kind = Kind::quantity,
    .meaning =
        "inputs with rates: each sample is made brighter or darker until this is the mean of its pixels, "
        "1 being full and the most; shown as it is without it",
    .bounds = {.low = 0, .high = 1, .low_excluded = true}};
inline constexpr Key task_train = {.name = "train",
                                   .kind = Kind::integer,
                                   .meaning = "number of training samples; all without it",
                                   .bounds = {.low = 0, .high = 1e9}};
inline constexpr Key task_test = {.name = "test",
                                  .kind = Kind::integer,
                                  .meaning = "number of test samples; all without it",
                                  .bounds = {.low = 1, .high = 1e9}};
inline constexpr Key task_test_params = {
    .name = "test_params",
    .kind = Kind::map,
    .meaning = "parameters that are other once the network has learned, by population"};

inline constexpr std::array classification = {
    task_data,
    task_input,
    Key{.name = "output", .kind = Kind::text, .meaning = "the neurons that say the class", .required = true},
    task_present,
    task_rest,
    Key{.name = "decode", .kind = Kind::text, .meaning = "how they say it", .standard = "vote"},
    Key{.name = "variable",
        .kind = Kind::text,
        .meaning = "membrane_max: the state variable; V_m without it"},
    task_rate,
    task_intensity,
    Key{.name = "min_spikes",
        .kind = Kind::integer,
        .meaning =
            "inputs with rates: a sample to which the output fires fewer spikes is shown again, brighter",
        .standard = "5",
        .bounds = {.low = 0, .high = 1e9}},
    Key{.name = "boost",
        .kind = Kind::quantity,
        .meaning = "added to `rate` each time",
        .standard = "32 Hz",
        .unit = Unit::Hz,
        .bounds = non_negative},
    Key{.name = "max_boosts",
        .kind = Kind::integer,
        .meaning = "how often at most; then the next sample comes",
        .standard = "20",
        .bounds = {.low = 0, .high = 1000}},
    Key{.name = "passes",
        .kind = Kind::integer,
        .meaning = "how often the training samples are shown",
        .standard = "1",
        .bounds = {.low = 1, .high = 1e6}},
    task_train,
    Key{.name = "assign",
        .kind = Kind::integer,
        .meaning = "vote: the last so many presentations of the training give the neurons their classes; one "
                   "pass without it",
        .bounds = {.low = 1, .high = 1e9}},
    task_test,
    task_test_params,
};
inline constexpr std::array decoders = {
    Choice{"vote", true, "the class to whose samples it fired most while training"},
    Choice{"rate", true, "equal groups of neurons, one for each class: that which fired most"},
    Choice{"first_spike", true, "the same groups: that which fired first"},
    Choice{"membrane_max", true, "the same groups: that of the neuron whose membrane rose highest"}};

inline constexpr std::array readouts = {
    task_data,
    task_input,
    Key{.name = "output",
        .kind = Kind::text,
        .meaning =
            "the population whose spikes are read: neurons, or the input itself where it plays events or "
            "encodes values",
        .required = true},
    task_present,
    task_rest,
    task_rate,
    task_intensity,
    Key{.name = "bins",
        .kind = Kind::integer,
        .meaning = "equal parts of `present`, whole steps each, in which spikes are counted",
        .standard = "1",
        .bounds = {.low = 1, .high = 1e6}},
    Key{.name = "filter",
        .kind = Kind::quantity,
        .meaning = "each count is followed by an exponential tail of this time constant; none without it",
        .unit = Unit::ms,
        .bounds = positive},
    Key{.name = "features",
        .kind = Kind::text,
        .meaning = "what the readout is given",
        .standard = "standardised"},
    Key{.name = "method", .kind = Kind::text, .meaning = "how it learns", .standard = "ridge"},
    Key{.name = "lambda",
        .kind = Kind::quantity,
        .meaning =
            "ridge: weight of the penalty; without it that of a grid which tells most held-out samples "
            "right",
        .bounds = non_negative},
    Key{.name = "held_out",
        .kind = Kind::quantity,
        .meaning = "ridge without lambda: share of the training samples that chooses it",
        .standard = "0.2",
        .bounds = {.low = 0, .high = 1, .low_excluded = true, .high_excluded = true}},
    Key{.name = "learning_rate",
        .kind = Kind::quantity,
        .meaning = "delta: step, as a part of the one that would correct the largest sample at once",
        .standard = "0.5",
        .bounds = positive},
    Key{.name = "epochs",
        .kind = Kind::integer,
        .meaning = "delta: how often all samples are gone through",
        .standard = "100",
        .bounds = {.low = 1, .high = 1e6}},
    Key{.name = "passes",
        .kind = Kind::integer,
        .meaning = "how often the training samples are shown before, for a network that learns itself",
        .standard = "1",
        .bounds = {.low = 1, .high = 1e6}},
    task_train,
    task_test,
    task_test_params,
};
inline constexpr std::array readout_features = {
    Choice{"standardised", true, "counts with mean 0 and standard deviation 1 over the training samples"},
    Choice{"counts", true, "spike counts"}, Choice{"roots", true, "square roots of the counts"}};
inline constexpr std::array readout_methods = {
    Choice{"ridge", true, "least squares with a penalty on large weights, at once"},
    Choice{"delta", true, "the delta rule, sample after sample"}};

}  // namespace synfire::keys
