// The keys of training by gradients.
#pragma once

#include "networks/keys.hpp"

namespace synfire::keys {

inline constexpr Bounds counted_from_1{.low = 1, .high = 1e6};
inline constexpr Bounds counted_from_0{.low = 0, .high = 1e6};
inline constexpr Bounds samples_from_0{.low = 0, .high = 1e9};
inline constexpr Bounds samples_from_1{.low = 1, .high = 1e9};

inline constexpr std::array training = {
    Key{.name = "epochs",
        .kind = Kind::integer,
        .meaning = "how often all training samples are gone through",
        .standard = "30",
        .bounds = counted_from_1},
    Key{.name = "batch",
        .kind = Kind::integer,
        .meaning = "samples for each move of the weights",
        .standard = "64",
        .bounds = counted_from_1},
    Key{.name = "steps",
        .kind = Kind::integer,
        .meaning = "time steps that a sample is shown",
        .standard = "8",
        .bounds = counted_from_1},
    Key{.name = "parts",
        .kind = Kind::integer,
        .meaning =
            "a batch is cut into so many parts, which are computed side by side and summed in their order; "
            "results depend on it, and not on the number of threads",
        .standard = "4",
        .bounds = {.low = 1, .high = 1024}},
    Key{.name = "validation",
        .kind = Kind::integer,
        .meaning = "so many training samples, the last once they are shuffled by `seed`, are kept to watch "
                   "progress",
        .standard = "0",
        .bounds = samples_from_0},
    Key{.name = "train",
        .kind = Kind::integer,
        .meaning = "number of training samples, validation included; all without it",
        .bounds = samples_from_1},
    Key{.name = "test",
        .kind = Kind::integer,
        .meaning = "number of test samples; all without it",
        .bounds = samples_from_0},
    Key{.name = "loss", .kind = Kind::chosen, .meaning = "what is made small", .standard = "cross_entropy"},
    Key{.name = "regularisers",
        .kind = Kind::list,
        .meaning = "terms of the loss that keep the activity of spiking layers where it should be"},
    Key{.name = "method",
        .kind = Kind::chosen,
        .meaning = "when weights move: after a sequence, or within it",
        .standard = "bptt"},
    Key{.name = "optimiser",
        .kind = Kind::chosen,
        .meaning = "how weights move along their gradients",
        .standard = "adam"},
    Key{.name = "schedule",
        .kind = Kind::chosen,
        .meaning = "the learning rate over the epochs; {warm_up: …} may stand beside it",
        .standard = "constant"},
    Key{.name = "clip",
        .kind = Kind::chosen,
        .meaning = "bounds of the gradients, {norm: …} or {value: …}; none without it"},
    Key{.name = "structure",
        .kind = Kind::map,
        .meaning = "connections that are pruned and come back while weights are learned"},
    Key{.name = "surrogate",
        .kind = Kind::chosen,
        .meaning = "what the derivative of a spike is taken for",
        .standard = "arctan"},
    Key{.name = "membrane",
        .kind = Kind::chosen,
        .meaning = "what spiking neurons have of the step before",
        .standard = "own"},
    Key{.name = "detach_reset",
        .kind = Kind::flag,
        .meaning = "no gradient passes through the reset after a spike",
        .standard = "false"},
    Key{.name = "truncate",
        .kind = Kind::integer,
        .meaning = "gradients do not reach back beyond blocks of so many steps; 0: all steps",
        .standard = "0",
        .bounds = counted_from_0},
    Key{.name = "precision",
        .kind = Kind::text,
        .meaning = "what the factors of products are rounded to; weights, neurons and sums are single",
        .standard = "single"},
    Key{.name = "recompute",
        .kind = Kind::flag,
        .meaning =
            "only what products give is kept for the way back, and the rest computed again: less memory, "
            "the same bits",
        .standard = "false"},
    Key{.name = "augment", .kind = Kind::map, .meaning = "what is done to samples before they are shown"},
};
inline constexpr std::array precisions = {
    Choice{"single", true, "32 bits"},
    Choice{"bf16", true,
           "16 bits, 8 of them significant: about twice as fast on processors that multiply them, "
           "slower on others"}};
inline constexpr std::string_view warm_up = "warm_up";  ///< beside a schedule

/// What may stand beside the kind of a layer.
inline constexpr std::array layer_options = {
    Key{.name = "name",
        .kind = Kind::text,
        .meaning = "name of the layer, in the trained file and for `from`; else its kind and a number"},
    Key{.name = "from",
        .kind = Kind::texts,
        .meaning =
            "the earlier layer that it reads (`add`, `multiply`, `sample`: layers); else the one before"},
};
/// The same, of dense layers only.
inline constexpr std::array dense_options = {
    Key{.name = "delays",
        .kind = Kind::chosen,
        .meaning = "the longest delay, or {max: …} with more: each connection has a delay that is learned"},
};
/// The same, of neurons only.
inline constexpr std::array neuron_options = {
    Key{.name = "learn",
        .kind = Kind::chosen,
        .meaning = "parameters that are learned, one value for all of the layer: a name, a list of names, or "
                   "{name: [lowest, highest]}"},
    Key{.name = "output",
        .kind = Kind::text,
        .meaning = "what the next layer reads; a model without spikes gives its membrane",
        .standard = "spikes"},
    Key{.name = "recurrent",
        .kind = Kind::chosen,
        .meaning = "each spike reaches all neurons of the layer in the next step, by weights that are "
                   "learned; {delays: …}: so many steps later",
        .standard = "false"},
    Key{.name = "receptors",
        .kind = Kind::map,
        .meaning = "{receptor: [sources]}: what reaches receptors behind the first in each step: a dense "
                   "product, whose weights and bias are learned, of sources of all neurons of the layer: "
                   "what reaches the first receptor (its name, often `x`), state variables of the step "
                   "before"},
};
inline constexpr std::array layer_outputs = {Choice{"spikes", true, "0 or 1 in each step"},
                                             Choice{"membrane", true, "the first state variable"}};

inline constexpr std::array augment = {
    Key{.name = "crop",
        .kind = Kind::integer,
        .meaning = "training: images get so many zeros at each side and are cut back to size at random",
        .standard = "0",
        .bounds = {.low = 0, .high = 1024}},
    Key{.name = "flip",
        .kind = Kind::flag,
        .meaning = "training: each image is mirrored, left to right, with probability 1/2",
        .standard = "false"},
    Key{.name = "channel_jitter",
        .kind = Kind::quantity,
        .meaning =
            "training, recordings of a cochlea: standard deviation, in channels, of the normal deviate "
            "that moves each event; those at the ends are reflected",
        .standard = "0",
        .bounds = {.low = 0, .high = 1000}},
    Key{.name = "channel_shift",
        .kind = Kind::integer,
        .meaning = "training, recordings of a cochlea: each is moved by a whole number of channels, drawn up "
                   "to this in both directions; what leaves is lost",
        .standard = "0",
        .bounds = {.low = 0, .high = 1000}},
    Key{.name = "time_stretch",
        .kind = Kind::quantity,
        .meaning =
            "training, recordings: the times of each are multiplied by a factor drawn from 1 - this to "
            "1 + this; the input needs a `span`",
        .standard = "0",
        .bounds = {.low = 0, .high = 1, .high_excluded = true}},
    Key{.name = "blend",
        .kind = Kind::quantity,
        .meaning =
            "training, recordings: probability that one is mixed with another of its class, drawn from "
            "the training samples: their centres are brought to the middle between them, and of both, "
            "each event is kept with probability 1/2",
        .standard = "0",
        .bounds = fraction},
    Key{.name = "normalise",
        .kind = Kind::map,
        .meaning = "all images: values, which lie in [0, 1], less `mean`, divided by `std`"},
};
inline constexpr std::array normalise = {
    Key{.name = "mean",
        .kind = Kind::numbers,
        .meaning = "one number for each channel, or one for all",
        .required = true},
    Key{.name = "std",
        .kind = Kind::numbers,
        .meaning = "as many as of `mean`",
        .required = true,
        .bounds = positive},
};

}  // namespace synfire::keys
