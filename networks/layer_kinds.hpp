// The kinds of layers that are learned by gradients, and their parameters. What they compute is in
// learning/gradient; here is what a network may say of them.
#pragma once

#include <array>
#include <limits>
#include <vector>

#include "core/model_list.hpp"
#include "core/parameter.hpp"

namespace synfire::layer {

inline constexpr double must_be_given = std::numeric_limits<double>::quiet_NaN();
inline constexpr Bounds some{.low = 1, .high = 1e9, .whole = true};
inline constexpr Bounds count{.low = 0, .high = 1e6, .whole = true};

/// How weights begin: normal or uniform around 0. With fan_in inputs to an element and fan_out outputs of
/// one,
///   kaiming_uniform  within sqrt(1 / fan_in), PyTorch's default       (He et al. 2015, gain for slope sqrt
///   5) kaiming_normal   standard deviation sqrt(2 / fan_out)             (He et al. 2015, fan out, ReLU)
///   xavier_uniform   within sqrt(6 / (fan_in + fan_out))              (Glorot & Bengio 2010)
///   xavier_normal    standard deviation sqrt(2 / (fan_in + fan_out))
///   zero
/// Biases begin within sqrt(1 / fan_in) with kaiming_uniform, else at 0.
inline constexpr std::array<std::string_view, 5> starts = {"kaiming_uniform", "kaiming_normal",
                                                           "xavier_uniform", "xavier_normal", "zero"};
inline constexpr std::string_view start_meaning = "how weights begin";

struct Input {
  double time = 0;
  double height = 0, width = 0, least = 0, channels = 0, span = 0;
  static constexpr std::array<std::string_view, 2> times = {"constant", "events"};
  static constexpr auto describe() {
    using P = Input;
    return about<P>(
        "input", "the samples: an image is the same in each step, events are counted in `steps` equal parts",
        "", field(&P::time, "time", times, "how a sample becomes steps"),
        field(&P::height, "height", Unit::none, count, "height to pad to with zeros; 0: as it is"),
        field(&P::width, "width", Unit::none, count, "width to pad to with zeros; 0: as it is"),
        field(&P::least, "least", Unit::none, count,
              "in place of both: height and width that smaller samples are padded to with zeros; larger ones "
              "stay as they are"),
        field(&P::channels, "channels", Unit::none, count, "channels to repeat to; 0: as it is"),
        field(&P::span, "span", Unit::ms, non_negative,
              "events: time that all steps take together, what comes later is left out; 0: from the first "
              "event to the last"));
  }
};

struct Dense {
  double size = must_be_given;
  double bias = 1;
  double init = 0;
  static constexpr auto describe() {
    using P = Dense;
    return about<P>("dense", "every input to every output: y = W x + b", "",
                    field(&P::size, "size", Unit::none, Bounds{.low = 0, .high = 1e9, .whole = true},
                          "number of outputs; 0: one for each class of the data set"),
                    field(&P::bias, "bias", Unit::none, flag, "whether there is a b"),
                    field(&P::init, "init", starts, start_meaning));
  }
};

/// Of the connections of a dense layer, or of neurons with each other: each has a delay d in [0, D], D = max
/// / dt, that is learned beside its weight. While it learns, an input of step t arrives in the steps t + k
/// with
///
///   g_k = exp(-(k - d)^2 / (2 sigma^2)) / sum over l of exp(-(l - d)^2 / (2 sigma^2)),   k = 0 … D
///
/// and once it has learned in step t + round(d) alone. In epoch e = 0, 1, … of E, sigma = sigma_0 (sigma_end
/// / sigma_0)^min(1, e / (share E)).
struct Delays {
  double max = must_be_given;
  double sigma = 0, sigma_end = 0.5, share = 0.25, init = 0, rate = 100;
  static constexpr std::array<std::string_view, 2> starts = {"uniform", "half_normal"};
  static constexpr auto describe() {
    using P = Delays;
    return about<P>(
        "delays", "each connection has a delay of its own, which is learned",
        "Hammouamri, Khalfaoui-Hassani & Masquelier 2024, ICLR (DCLS-Delays, Gaussian)",
        field(&P::max, "max", Unit::ms, positive, "longest delay; D steps of `dt`"),
        field(&P::sigma, "sigma", Unit::none, non_negative,
              "sigma_0, first width of what an input arrives in, in steps; 0: D/2"),
        field(&P::sigma_end, "sigma_end", Unit::none, positive, "last width, in steps"),
        field(&P::share, "share", Unit::none, fraction, "part of the epochs in which it falls to that"),
        field(&P::init, "init", starts,
              "how delays begin: uniform between 0 and max, or the size of normal numbers with deviation "
              "max/2, as far as it is below max"),
        field(&P::rate, "rate", Unit::none, non_negative,
              "their learning rate, in steps, as a multiple of that of weights"));
  }
};

struct Conv {
  double channels = must_be_given;
  double kernel = 3, stride = 1, padding = 0;
  double bias = 1;
  double init = 0;
  static constexpr auto describe() {
    using P = Conv;
    return about<P>("conv", "two-dimensional convolution (cross-correlation) with zeros around", "",
                    field(&P::channels, "channels", Unit::none, some, "number of outputs at a place"),
                    field(&P::kernel, "kernel", Unit::none, some, "height and width of the kernel"),
                    field(&P::stride, "stride", Unit::none, some, "step between places"),
                    field(&P::padding, "padding", Unit::none, count, "zeros on each side"),
                    field(&P::bias, "bias", Unit::none, flag, "whether there is a bias for each channel"),
                    field(&P::init, "init", starts, start_meaning));
  }
};

struct TransposedConv {
  double channels = must_be_given;
  double kernel = 3, stride = 1, padding = 0, output_padding = 0;
  double bias = 1;
  double init = 0;
  static constexpr auto describe() {
    using P = TransposedConv;
    return about<P>(
        "transposed_conv", "the transpose of a two-dimensional convolution: a place becomes a kernel", "",
        field(&P::channels, "channels", Unit::none, some, "number of outputs at a place"),
        field(&P::kernel, "kernel", Unit::none, some, "height and width of the kernel"),
        field(&P::stride, "stride", Unit::none, some, "step between the places that inputs go to"),
        field(&P::padding, "padding", Unit::none, count, "taken off the output on each side"),
        field(&P::output_padding, "output_padding", Unit::none, count, "added to its lower and right side"),
        field(&P::bias, "bias", Unit::none, flag, "whether there is a bias for each channel"),
        field(&P::init, "init", starts, start_meaning));
  }
};

/// Y = M C + (1 - M) P, C the convolution and P the pool of the same squares. P has as many channels as the
/// input and is brought to those of C: `interpolate` reads it at (o + 1/2) in/out - 1/2, clamped, linearly
/// between channels; `repeat` takes channel o mod in. M = f(Z + eta(t)).
struct Flex {
  double channels = must_be_given;
  double kernel = 3, stride = 1, padding = 1;
  double bias = 1, init = 0;
  double pool = 0, align = 0, logits = 0, blocks = 1, norm = 1, granularity = 0, activation = 0, backward = 0;
  double threshold = 0, context = 0, context_size = 1, learning = 0, rate = 1e-3, frozen_after = 0;
  double target_weight = 0, target = 0.5, binary_weight = 0, route_weight = 0;
  static constexpr std::array<std::string_view, 2> pools = {"max", "average"};
  static constexpr std::array<std::string_view, 2> alignments = {"interpolate", "repeat"};
  static constexpr std::array<std::string_view, 2> logit_sources = {"threshold", "conv"};
  static constexpr std::array<std::string_view, 2> granularities = {"element", "spatial"};
  static constexpr std::array<std::string_view, 5> activations = {"hard_sigmoid", "sigmoid", "ste", "binary",
                                                                  "stochastic"};
  static constexpr std::array<std::string_view, 2> backwards = {"identity", "sigmoid"};
  static constexpr std::array<std::string_view, 3> contexts = {"none", "noise", "ramp"};
  static constexpr std::array<std::string_view, 2> ways = {"gradient", "competition"};
  static constexpr auto describe() {
    using P = Flex;
    return about<P>(
        "flex",
        "at each place a learned mix of a convolution and a pool of the same square: Y = M C + (1 - M) P, "
        "M = f(Z + eta(t))",
        "Ning, PlasticFlex, MRes thesis, Imperial College London, equations 3.2-3.6 and 3.19-3.21",
        field(&P::channels, "channels", Unit::none, some, "number of outputs at a place"),
        field(&P::kernel, "kernel", Unit::none, some, "height and width of the square"),
        field(&P::stride, "stride", Unit::none, some, "step between places"),
        field(&P::padding, "padding", Unit::none, count, "places around: zeros that never win a pool"),
        field(&P::bias, "bias", Unit::none, flag, "whether the convolution has a bias for each channel"),
        field(&P::init, "init", starts, start_meaning),
        field(&P::pool, "pool", pools, "P: the largest or the mean"),
        field(&P::align, "align", alignments, "how P comes to have `channels`"),
        field(&P::logits, "logits", logit_sources,
              "Z: P less a threshold learned for each element, or blocks of convolution, leaky ReLU (0.01) "
              "and norm of the input; the first as the layer itself, others 3 x 3"),
        field(&P::blocks, "blocks", Unit::none, Bounds{.low = 1, .high = 8, .whole = true},
              "logits conv: number of blocks"),
        field(&P::norm, "norm", Unit::none, flag, "whether a batch norm acts on Z"),
        field(&P::granularity, "granularity", granularities,
              "a mask of its own for each element, or one for all channels of a place"),
        field(&P::activation, "activation", activations,
              "f: clip(z/6 + 1/2, 0, 1), 1/(1 + e^-z), the step z > 0 with a gradient, the step without, or "
              "1 with probability 1/(1 + e^-z) while learning and the step afterwards"),
        field(&P::backward, "backward", backwards, "activation ste: its slope is 1, or that of the sigmoid"),
        field(&P::threshold, "threshold", Unit::none, unbounded, "logits threshold: at the start"),
        field(&P::context, "context", contexts,
              "eta(t): 0, normal noise of each sample and step, or from -`context_size` in the first step to "
              "+`context_size` in the last"),
        field(&P::context_size, "context_size", Unit::none, non_negative, "deviation or size of eta"),
        field(&P::learning, "learning", ways,
              "of the mask: by the gradient of the loss, or by competition, moved along rate (|C| - |P|)"),
        field(&P::rate, "rate", Unit::none, non_negative, "of the competition"),
        field(&P::frozen_after, "frozen_after", Unit::none, count,
              "epochs after which the running mean of M, made 0 or 1 at 1/2, is the mask for good; 0: never"),
        field(&P::target_weight, "target_weight", Unit::none, non_negative,
              "of the mean of (M - target)^2 in the loss"),
        field(&P::target, "target", Unit::none, fraction, "tau of that"),
        field(&P::binary_weight, "binary_weight", Unit::none, non_negative,
              "of the mean of 4 M (1 - M) in the loss"),
        field(&P::route_weight, "route_weight", Unit::none, non_negative,
              "of the sum over elements of M (1 - M) |C - P| in the loss"));
  }
};

struct MaxPool {
  double kernel = 2, stride = 0, padding = 0;
  static constexpr auto describe() {
    using P = MaxPool;
    return about<P>("max_pool", "the largest of the inputs under a square", "",
                    field(&P::kernel, "kernel", Unit::none, some, "height and width of the square"),
                    field(&P::stride, "stride", Unit::none, count, "step between squares; 0: as the kernel"),
                    field(&P::padding, "padding", Unit::none, count, "places around that never win"));
  }
};

struct AveragePool {
  double kernel = 2, stride = 0, padding = 0;
  static constexpr auto describe() {
    using P = AveragePool;
    return about<P>("average_pool", "the mean of the inputs under a square, zeros around counted", "",
                    field(&P::kernel, "kernel", Unit::none, some, "height and width of the square"),
                    field(&P::stride, "stride", Unit::none, count, "step between squares; 0: as the kernel"),
                    field(&P::padding, "padding", Unit::none, count, "zeros around"));
  }
};

struct GlobalPool {
  double of = 0;
  static constexpr std::array<std::string_view, 2> ways = {"mean", "max"};
  static constexpr auto describe() {
    return about<GlobalPool>("global_pool", "one value of a whole map, for each channel", "",
                             field(&GlobalPool::of, "of", ways, "which"));
  }
};

struct BatchNorm {
  double momentum = 0.1, epsilon = 1e-5;
  double over = 0, scale = 1, threshold = 1;
  static constexpr std::array<std::string_view, 2> extents = {"time", "step"};
  static constexpr auto describe() {
    using P = BatchNorm;
    return about<P>(
        "batch_norm",
        "each channel to mean 0 and deviation `scale` over the batch, then scaled and shifted by what is "
        "learned; running means and variances stand for the batch once learning is over",
        "Ioffe & Szegedy 2015; over time and scaled by the threshold: Zheng et al. 2021 (tdBN)",
        field(&P::momentum, "momentum", Unit::none, fraction, "part of the running values that is renewed"),
        field(&P::epsilon, "epsilon", Unit::none, positive, "added to the variance"),
        field(&P::over, "over", extents, "over all steps at once, or each step by itself"),
        field(&P::scale, "scale", Unit::none, positive, "alpha of tdBN"),
        field(&P::threshold, "threshold", Unit::none, positive, "threshold of the neurons behind (tdBN)"));
  }
};

struct Dropout {
  double probability = 0.5;
  double mask = 0;
  static constexpr std::array<std::string_view, 2> masks = {"sequence", "step"};
  static constexpr auto describe() {
    using P = Dropout;
    return about<P>("dropout", "while learning, some inputs are 0 and the rest larger by 1/(1 - p)",
                    "Srivastava et al. 2014",
                    field(&P::probability, "probability", Unit::none,
                          Bounds{.low = 0, .high = 1, .high_excluded = true}, "part that is 0"),
                    field(&P::mask, "mask", masks, "one choice for all steps of a sample, or one for each"));
  }
};

struct Flatten {
  static constexpr auto describe() { return about("flatten", "a map as one row", ""); }
};
struct Add {
  static constexpr auto describe() { return about("add", "the sum of several layers of one shape", ""); }
};

struct Multiply {
  static constexpr auto describe() {
    return about(
        "multiply",
        "the product of several layers of one shape; one with a single channel counts for all channels", "");
  }
};

/// V(t) = leak V(t-1) + x(t). The N inputs of a map with the largest V give 1, the others 0; the threshold,
/// the N-th largest V, so moves with the sample. Where a second layer is read, only inputs at which it is not
/// 0 take part, and N is the fraction of those.
struct Sample {
  double fraction = must_be_given;
  double leak = 0.5;
  double mask = 0;
  static constexpr std::array<std::string_view, 2> masks = {"sequence", "step"};
  static constexpr auto describe() {
    using P = Sample;
    return about<P>(
        "sample",
        "a mask: 1 at the inputs with the largest potentials, which add up over the steps, 0 elsewhere; "
        "with a second layer to read, of the inputs where that one is not 0",
        "Jiang 2022, thesis, University of Canterbury, section 5.2.2",
        field(&P::fraction, "fraction", Unit::none, Bounds{.low = 0, .high = 1, .low_excluded = true},
              "part of the inputs that gives 1, at least one"),
        field(&P::leak, "leak", Unit::none, synfire::fraction,
              "part of a potential that is left after a step"),
        field(&P::mask, "mask", masks, "one after the last step, for all of them, or one in each"));
  }
};

struct Relu {
  static constexpr auto describe() { return about("relu", "max(0, x)", ""); }
};
struct Celu {
  double alpha = 1;
  static constexpr auto describe() {
    return about<Celu>("celu", "max(0, x) + min(0, alpha (e^(x/alpha) - 1))", "Barron 2017",
                       field(&Celu::alpha, "alpha", Unit::none, positive, "depth below 0"));
  }
};
struct LeakyRelu {
  double slope = 0.01;
  static constexpr auto describe() {
    return about<LeakyRelu>("leaky_relu", "x above 0, slope x below", "",
                            field(&LeakyRelu::slope, "slope", Unit::none, unbounded, "slope below 0"));
  }
};
struct Clamp {
  double low = 0, high = 1;
  static constexpr auto describe() {
    using P = Clamp;
    return about<P>("clamp", "x kept between two values", "",
                    field(&P::low, "low", Unit::none, unbounded, "least value"),
                    field(&P::high, "high", Unit::none, unbounded, "largest value"));
  }
};
struct Scale {
  double factor = 1;
  static constexpr auto describe() {
    return about<Scale>("scale", "k x with one k that is learned", "",
                        field(&Scale::factor, "factor", Unit::none, unbounded, "k at the start"));
  }
};

struct Readout {
  double of = 0;
  double classes = 0;
  static constexpr std::array<std::string_view, 4> ways = {"mean", "sum", "last", "max"};
  static constexpr auto describe() {
    using P = Readout;
    return about<P>(
        "readout",
        "the answer of a sample, from what the layer before has in all steps: of spikes a rate, of membranes "
        "a membrane",
        "", field(&P::of, "of", ways, "mean over the steps, sum, the last step, or the largest"),
        field(&P::classes, "classes", Unit::none, count,
              "vote: equal groups of neighbouring neurons are averaged to so many classes; 0: every one is a "
              "class"));
  }
};

struct LogSoftmaxReadout {
  static constexpr auto describe() {
    return about("log_softmax", "in every step the logarithm of the softmax, and the mean over the steps",
                 "Matam 2023, thesis, University of Groningen, section 3.2.1");
  }
};

using Kinds =
    TypeList<Input, Dense, Conv, TransposedConv, Flex, MaxPool, AveragePool, GlobalPool, BatchNorm, Dropout,
             Flatten, Add, Multiply, Sample, Relu, Celu, LeakyRelu, Clamp, Scale, Readout, LogSoftmaxReadout>;

/// All kinds as plain data; a parameter without a default has NaN there.
const std::vector<ModelInfo>& kinds();
const ModelInfo& delays();

}  // namespace synfire::layer
