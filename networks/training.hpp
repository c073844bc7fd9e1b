// How a network of layers is trained by gradients, as plain data; and what there is to choose from.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/chosen.hpp"
#include "core/model_list.hpp"
#include "core/parameter.hpp"
#include "plasticity/structural.hpp"

namespace synfire {

/// What is done to a sample before the network sees it.
struct AugmentDescription {
  std::uint32_t crop = 0;           ///< training: so many zeros at each side, then cut out at random
  bool flip = false;                ///< training: left and right swapped in half of the samples
  double channel_jitter = 0;        ///< training, cochleas: standard deviation of an event's channel
  std::uint32_t channel_shift = 0;  ///< training, cochleas: most channels that a recording is moved by
  double time_stretch = 0;          ///< training, events: times are multiplied by 1 - this to 1 + this
  double blend = 0;                 ///< training, events: probability of a mix with another of the class
  std::vector<double> mean;         ///< of each channel, taken away in every part; empty: as it is
  std::vector<double> deviation;    ///< of each channel, divided by afterwards; as many as means
  Position where;

  /// What is done to events one by one.
  bool changes_events() const {
    return channel_jitter > 0 || channel_shift > 0 || time_stretch > 0 || blend > 0;
  }
};

struct TrainingDescription {
  std::uint32_t epochs = 30, batch = 64;
  std::uint32_t steps = 8;                   ///< T, time steps that a sample is shown
  std::uint32_t parts = 4;                   ///< of a batch; their gradients are summed in this order
  std::uint32_t validation = 0;              ///< samples from the end of the training part
  std::optional<std::uint32_t> train, test;  ///< absent: all there are
  Chosen loss{.name = "cross_entropy"};      ///< of loss_functions()
  std::vector<Chosen> regularisers;          ///< of rate_regularisers()
  Chosen method{.name = "bptt"};             ///< of learning_methods()
  Chosen optimiser{.name = "adam"};          ///< of optimisers()
  Chosen schedule{.name = "constant"};       ///< of rate_schedules()
  std::optional<Chosen> warm_up;             ///< training::WarmUp
  std::optional<Chosen> clip;                ///< of gradient_clips()
  std::optional<Chosen> structure;           ///< training::Structure
  Chosen surrogate{.name = "arctan"};        ///< of surrogates()
  Chosen membrane{.name = "own"};            ///< of membrane_terms()
  bool detach_reset = false;                 ///< no gradient passes through the reset
  std::uint32_t truncate = 0;                ///< steps after which gradients are cut; 0: never
  std::string precision = "single";          ///< of keys::precisions
  bool recompute = false;                    ///< outputs that are cheap are not kept for the way back
  AugmentDescription augment;
  Position where;
};

namespace training {

inline constexpr double needed = std::numeric_limits<double>::quiet_NaN();  ///< a parameter without default

// Losses.

/// -log softmax(o)_y; with label smoothing e the target is 1 - e + e/C for the class y and e/C for others.
struct CrossEntropy {
  double label_smoothing = 0;
  static constexpr auto describe() {
    return about<CrossEntropy>("cross_entropy", "of the softmax of the outputs",
                               "Goodfellow et al. 2016, Deep Learning; Szegedy et al. 2016, CVPR (smoothing)",
                               field(&CrossEntropy::label_smoothing, "label_smoothing", Unit::none, fraction,
                                     "share of the target that goes to all classes alike"));
  }
};

/// Mean over the classes of (o_c - target_c)^2.
struct Mse {
  double correct = 1, wrong = 0;
  static constexpr auto describe() {
    return about<Mse>("mse", "mean squared distance of the outputs from their targets", "",
                      field(&Mse::correct, "correct", Unit::none, unbounded, "target of the sample's class"),
                      field(&Mse::wrong, "wrong", Unit::none, unbounded, "target of the other classes"));
  }
};

/// Mean over the steps and elements of (o - x)^2, x being the sample as the network sees it.
struct Reconstruction {
  static constexpr auto describe() {
    return about("reconstruction",
                 "mean squared distance of the last layer from the sample itself, which it has the shape of",
                 "");
  }
};

/// Mean over the classes of (T o_c - T target_c)^2 / T, o being mean rates per step and T the steps.
struct SpikeCount {
  double correct = 1, wrong = 0;
  static constexpr auto describe() {
    return about<SpikeCount>(
        "spike_count", "mean squared distance of spike counts from target counts, per step",
        "Eshraghian et al. 2023, Proceedings of the IEEE 111",
        field(&SpikeCount::correct, "correct", Unit::none, fraction, "spikes per step of the sample's class"),
        field(&SpikeCount::wrong, "wrong", Unit::none, fraction, "spikes per step of the other classes"));
  }
};

/// -o_y; the outputs are logarithms of probabilities.
struct Nll {
  static constexpr auto describe() {
    return about("nll", "negative log-likelihood; the outputs are logarithms of probabilities", "");
  }
};

inline constexpr std::array<std::string_view, 2> norms = {"l2", "l1"};
inline constexpr std::array<std::string_view, 2> scopes = {"layer", "neuron"};

/// weight * mean over samples of |r - target|^p, r the mean spikes per step of a layer or of each neuron.
struct TargetRate {
  double target = 0.1, weight = 1e-3, norm = 0, of = 0;
  static constexpr auto describe() {
    return about<TargetRate>(
        "rate", "draws the activity of spiking layers towards a rate", "",
        field(&TargetRate::target, "target", Unit::none, fraction, "spikes per step"),
        field(&TargetRate::weight, "weight", Unit::none, non_negative, "of this term in the loss"),
        field(&TargetRate::norm, "norm", norms, "square or size of the distance"),
        field(&TargetRate::of, "of", scopes, "a layer's mean rate, or each neuron's"));
  }
};

/// weight * mean over samples of max(0, low - r)^p + max(0, r - high)^p.
struct RateBounds {
  double low = 0, high = 1, weight = 1e-3, norm = 0, of = 0;
  static constexpr auto describe() {
    using R = RateBounds;
    return about<R>("rate_bounds", "keeps the activity of spiking layers between two rates",
                    "Zenke & Vogels 2021, Neural Computation 33",
                    field(&R::low, "low", Unit::none, fraction, "spikes per step below which it costs"),
                    field(&R::high, "high", Unit::none, fraction, "spikes per step above which it costs"),
                    field(&R::weight, "weight", Unit::none, non_negative, "of this term in the loss"),
                    field(&R::norm, "norm", norms, "square or size of the distance"),
                    field(&R::of, "of", scopes, "a layer's mean rate, or each neuron's"));
  }
};

inline constexpr Bounds whole_positive{.low = 1, .high = 1e6, .whole = true};
inline constexpr Bounds whole_count{.low = 0, .high = 1e6, .whole = true};

// When weights move: after a sequence, or within it.

struct Bptt {
  static constexpr auto describe() {
    return about("bptt", "the gradient of a whole sequence, back through all its steps",
                 "Werbos 1990, Proceedings of the IEEE 78");
  }
};

/// The T steps of a sequence are cut into K windows. After each of them the weights W move along the gradient
/// of l_t + R, which goes back no further than the window's first step:
///
///   l_t = beta CE(y_t, label) - (1 - beta) sum_c Q_c log P_c        y_t: answer of the window     (6)-(8)
///   R(W) = lambda alpha/2 |W - A_t|^2 - (1 - rho) g_t W                                           (9)
///   W_(t+1) = W_t - step of the optimiser along the gradient of l_t + R                           (10)
///   A_(t+1) = (A_t + W_(t+1)) / 2 - g_(t+1) / (2 alpha),   g_(t+1) = grad l_t(W_(t+1))            (11)
///
/// Q: how frequent the classes are. R is (9) multiplied out, up to a constant, with lambda = 1, rho = 1/2;
/// the program of its authors has rho = 0. g_(t+1) is computed at the new weights, or is what it would be if
/// these were the minimum of l_t + R: (1 - rho) g_t - lambda alpha (W_(t+1) - A_t).
struct Fptt {
  double updates = 0, alpha = 0.1, rho = 0.5, lambda = 1, beta = 0, gradient = 0, average = 0;
  static constexpr std::array<std::string_view, 2> gradients = {"estimate", "exact"};
  static constexpr auto describe() {
    using F = Fptt;
    return about<F>(
        "fptt", "weights move within a sequence, drawn towards their running average",
        "Kag & Saligrama 2021, ICML; Yin et al. 2023, Nature Machine Intelligence; equations 6-11 of Matam "
        "2023, thesis, University of Groningen",
        field(&F::updates, "updates", Unit::none, whole_count,
              "K, windows of a sequence, into which its steps can be cut; 0: one for each step"),
        field(&F::alpha, "alpha", Unit::none, positive, "strength of the running average"),
        field(&F::rho, "rho", Unit::none, fraction,
              "1 less the part of the last window's gradient that is counted in"),
        field(&F::lambda, "lambda", Unit::none, non_negative, "weight of the distance from the average"),
        field(&F::beta, "beta", Unit::none, fraction,
              "part of the label in the loss, the rest being the divergence from the frequencies of the "
              "classes; 0: k/K in the k-th window"),
        field(&F::gradient, "gradient", gradients,
              "g: as if the new weights were a minimum, or exact, which takes a second pass"),
        field(&F::average, "average", Unit::none, flag,
              "whether an epoch ends with the running averages as its weights"));
  }
};

inline constexpr Bounds decay{.low = 0, .high = 1, .high_excluded = true};

/// g += weight_decay w; b = momentum b + (1 - dampening) g, in the first step b = g; w -= rate b, or with
/// Nesterov's form w -= rate (g + momentum b).
struct Sgd {
  double learning_rate = 1e-3, momentum = 0, dampening = 0, weight_decay = 0, nesterov = 0;
  static constexpr auto describe() {
    return about<Sgd>(
        "sgd", "gradient descent, with momentum", "Sutskever et al. 2013, ICML, as in PyTorch",
        field(&Sgd::learning_rate, "learning_rate", Unit::none, positive, "step"),
        field(&Sgd::momentum, "momentum", Unit::none, decay, "what is left of the last move"),
        field(&Sgd::dampening, "dampening", Unit::none, fraction, "of the gradient, with momentum"),
        field(&Sgd::weight_decay, "weight_decay", Unit::none, non_negative, "times the weight, added to g"),
        field(&Sgd::nesterov, "nesterov", Unit::none, flag, "looks ahead by the momentum"));
  }
};

/// g += weight_decay w; m and v are means of g and g^2 with rates 1 - beta; w -= rate m' / (sqrt(v') + e), m'
/// = m / (1 - beta1^t), v' = v / (1 - beta2^t).
struct Adam {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
  static constexpr auto describe() {
    return about<Adam>(
        "adam", "steps scaled by running moments of the gradient", "Kingma & Ba 2015, ICLR",
        field(&Adam::learning_rate, "learning_rate", Unit::none, positive, "step"),
        field(&Adam::beta1, "beta1", Unit::none, decay, "memory of the mean gradient"),
        field(&Adam::beta2, "beta2", Unit::none, decay, "memory of the mean squared gradient"),
        field(&Adam::epsilon, "epsilon", Unit::none, positive, "added to its root"),
        field(&Adam::weight_decay, "weight_decay", Unit::none, non_negative, "times the weight, added to g"));
  }
};

/// Adam, but the decay is w *= 1 - rate weight_decay before each step.
struct AdamW {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 1e-2;
  static constexpr auto describe() {
    using A = AdamW;
    return about<A>("adamw", "Adam with weight decay of its own", "Loshchilov & Hutter 2019, ICLR",
                    field(&A::learning_rate, "learning_rate", Unit::none, positive, "step"),
                    field(&A::beta1, "beta1", Unit::none, decay, "memory of the mean gradient"),
                    field(&A::beta2, "beta2", Unit::none, decay, "memory of the mean squared gradient"),
                    field(&A::epsilon, "epsilon", Unit::none, positive, "added to its root"),
                    field(&A::weight_decay, "weight_decay", Unit::none, non_negative,
                          "part of the weight lost per rate"));
  }
};

/// g += weight_decay w; v = alpha v + (1 - alpha) g^2, centred: less the square of the mean gradient; b =
/// momentum b + g / (sqrt(v) + e); w -= rate b.
struct RmsProp {
  double learning_rate = 1e-2, alpha = 0.99, epsilon = 1e-8, weight_decay = 0, momentum = 0, centred = 0;
  static constexpr auto describe() {
    using R = RmsProp;
    return about<R>(
        "rmsprop", "steps scaled by the running size of the gradient",
        "Hinton 2012, lecture notes; Graves 2013, arXiv 1308.0850 (centred)",
        field(&R::learning_rate, "learning_rate", Unit::none, positive, "step"),
        field(&R::alpha, "alpha", Unit::none, decay, "memory of the mean squared gradient"),
        field(&R::epsilon, "epsilon", Unit::none, positive, "added to its root"),
        field(&R::weight_decay, "weight_decay", Unit::none, non_negative, "times the weight, added to g"),
        field(&R::momentum, "momentum", Unit::none, decay, "what is left of the last move"),
        field(&R::centred, "centred", Unit::none, flag, "by the variance of the gradient"));
  }
};

inline constexpr std::array<std::string_view, 2> metrics = {"loss", "accuracy"};

/// The rate of the optimiser, always.
struct ConstantRate {
  static constexpr auto describe() { return about("constant", "the same throughout", ""); }
};

/// rate * factor^floor(e / every), e epochs after the start.
struct StepRate {
  double every = needed, factor = 0.1;
  static constexpr auto describe() {
    return about<StepRate>("step", "falls by a factor every so many epochs", "",
                           field(&StepRate::every, "every", Unit::none, positive, "epochs between falls"),
                           field(&StepRate::factor, "factor", Unit::none, positive, "of the rate at each"));
  }
};

/// rate * factor^e.
struct ExponentialRate {
  double factor = needed;
  static constexpr auto describe() {
    return about<ExponentialRate>(
        "exponential", "falls by a factor each epoch", "",
        field(&ExponentialRate::factor, "factor", Unit::none, positive, "of the rate per epoch"));
  }
};

/// minimum + (rate - minimum) (1 + cos(pi e / E)) / 2, and the minimum after E epochs.
struct CosineRate {
  double minimum = 0, epochs = 0;
  static constexpr auto describe() {
    return about<CosineRate>(
        "cosine", "falls along half a cosine", "Loshchilov & Hutter 2017, ICLR, without restarts",
        field(&CosineRate::minimum, "minimum", Unit::none, non_negative, "learning rate at its end"),
        field(&CosineRate::epochs, "epochs", Unit::none, whole_count,
              "that it takes; 0: the whole training, less the warm-up"));
  }
};

/// The same over `period` epochs, again and again, each time `growth` times as long.
struct WarmRestarts {
  double period = needed, growth = 1, minimum = 0;
  static constexpr auto describe() {
    using W = WarmRestarts;
    return about<W>(
        "warm_restarts", "falls along half a cosine and starts anew", "Loshchilov & Hutter 2017, ICLR",
        field(&W::period, "period", Unit::none, whole_positive, "epochs of the first fall"),
        field(&W::growth, "growth", Unit::none, Bounds{.low = 1, .high = 100}, "of each next period"),
        field(&W::minimum, "minimum", Unit::none, non_negative, "learning rate at the end of each"));
  }
};

/// rate *= factor, but not below the minimum, after more than `patience` epochs in a row without a metric
/// better than the best by the relative threshold; `cooldown` epochs after that are not counted.
struct Plateau {
  double factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, minimum = 0, metric = 0;
  static constexpr auto describe() {
    using P = Plateau;
    return about<P>(
        "plateau", "falls by a factor when there is no progress any more", "as in PyTorch",
        field(&P::factor, "factor", Unit::none,
              Bounds{.low = 0, .high = 1, .low_excluded = true, .high_excluded = true}, "of the rate"),
        field(&P::patience, "patience", Unit::none, whole_count, "epochs without progress that are borne"),
        field(&P::threshold, "threshold", Unit::none, non_negative, "share by which the best must be beaten"),
        field(&P::cooldown, "cooldown", Unit::none, whole_count, "epochs after a fall that are not counted"),
        field(&P::minimum, "minimum", Unit::none, non_negative, "learning rate below which it does not fall"),
        field(&P::metric, "metric", metrics,
              "what is watched, of the validation samples, of training where there are none"));
  }
};

/// Before any of them: linearly from `from` times its first rate to that, for `epochs`; the schedule then
/// begins.
struct WarmUp {
  double epochs = needed, from = 0;
  static constexpr auto describe() {
    return about<WarmUp>(
        "warm_up", "begins with small steps", "Goyal et al. 2017, arXiv 1706.02677",
        field(&WarmUp::epochs, "epochs", Unit::none, positive, "that it takes"),
        field(&WarmUp::from, "from", Unit::none, fraction, "share of the rate at the start"));
  }
};

/// Connections that are pruned and come back while weights are learned: of every dense array of weights
/// but the last, by the rule of plasticity/structural.hpp. Bounds of each weight are looked at after every
/// `every` moves of the weights; at the end of each epoch e = 1, 2, … from `start` on, connections are pruned
/// and regenerated. What was pruned is 0, takes no part in anything, and waits for an epoch at least.
struct Structure {
  double prune = 1, w_prune = 0, rate_prune = 5, regenerate = 3, rate_regenerate = 1, restore = 0, rates = 2,
         alpha = 1, beta = 0.1, gamma = 1.1, start = 1, mid = 10, ceiling = 10, limit = 99, reset = 0.01,
         T_num = 5, bound = 0, every = 1;
  using Rule = Structural<float>;
  enum class Prune { weight, neurons, synapses };
  static constexpr std::array<std::string_view, 3> prunings = {"weight", "neurons", "synapses"};
  enum class Regenerate { none, random, activity, gradient };
  static constexpr std::array<std::string_view, 4> regenerations = {"none", "random", "activity", "gradient"};
  static constexpr std::array<std::string_view, 2> restored = {"earlier", "zero"};
  static constexpr auto describe() {
    using S = Structure;
    constexpr Bounds percent{.low = 0, .high = 100}, part{.low = 0, .high = 1, .low_excluded = true};
    return about<S>(
        "structure", "connections that are pruned and come back while weights are learned",
        "adaptive structural dynamism: Matam 2023, thesis, University of Groningen, section 2.4.4 and "
        "equations 12-14, 23-24; Han et al. 2022",
        field(&S::prune, "prune", prunings,
              "what: weights below w_prune, all connections of the least active neurons, or the least active "
              "connections"),
        field(&S::w_prune, "w_prune", Unit::none, non_negative,
              "prune weight: size below which a weight goes"),
        field(&S::rate_prune, "rate_prune", Unit::none, percent,
              "first rho_p in %: share of the neurons, or connections, that there are"),
        field(&S::regenerate, "regenerate", regenerations,
              "which of the pruned connections come back: at random, those that were most active, or those "
              "where the loss has the largest gradient in the last batch of the epoch"),
        field(&S::rate_regenerate, "rate_regenerate", Unit::none, percent,
              "first rho_g in %: share of the pruned connections"),
        field(&S::restore, "restore", restored, "with the weight they had, or with 0"),
        field(&S::rates, "rates", Words(Rule::rate_rules),
              "how rates move: by the neurons that have a connection here and in the next array (12), by "
              "connections a neuron (23), or not at all"),
        field(&S::alpha, "alpha", Unit::none, fraction, "first step of rho_p"),
        field(&S::beta, "beta", Unit::none, fraction, "step of rho_p after `mid`"),
        field(&S::gamma, "gamma", Unit::none, positive, "growth of rho_g"),
        field(&S::start, "start", Unit::none, whole_positive, "first epoch that prunes and regenerates"),
        field(&S::mid, "mid", Unit::none, whole_positive, "epoch after which rho_p moves by beta"),
        field(&S::ceiling, "ceiling", Unit::none, percent, "upper bound of rho_p in %"),
        field(&S::limit, "limit", Unit::none, percent, "value in % beyond which rates are reset"),
        field(&S::reset, "reset", Unit::none, part, "part of rho_p that is left then"),
        field(&S::T_num, "T_num", Unit::none, whole_positive, "looks in a row that move a bound"),
        field(&S::bound, "bound", Unit::none, non_negative, "size of the first bounds"),
        field(&S::every, "every", Unit::none, whole_positive, "moves of the weights between looks"));
  }
};

struct ClipNorm {
  double most = needed;
  static constexpr auto describe() {
    return about<ClipNorm>(
        "norm", "all gradients together are made shorter", "Pascanu et al. 2013, ICML",
        field(&ClipNorm::most, "most", Unit::none, positive, "root of the sum of their squares"));
  }
};
struct ClipValue {
  double most = needed;
  static constexpr auto describe() {
    return about<ClipValue>("value", "each gradient by itself is kept in bounds", "",
                            field(&ClipValue::most, "most", Unit::none, positive, "its size"));
  }
};

// What a spiking neuron has of the steps before. A term in place of its own membrane adds to the input X, and
// the step begins with the first membrane: with `lif`, H_t = X_t + term. Jiang 2022, thesis, chapter 4.

struct OwnMembrane {
  static constexpr auto describe() {
    return about("own", "steps go on from the membrane of the step before", "");
  }
};

inline constexpr std::array<std::string_view, 2> distributions = {"gaussian", "uniform"};

/// N_noise of (4.5): uniform in [beta - 1/2, beta + 1/2], or normal deviates z of all neurons of a sample,
/// one for each, as z / (2 max |z|) + beta.
struct MembraneNoise {
  double distribution = 0, beta = 0.5;
  static constexpr auto describe() {
    using M = MembraneNoise;
    return about<M>(
        "noise", "noise stands for the membrane of the step before, so that one step is enough to learn",
        "Jiang 2022, thesis, University of Canterbury, equation 4.5",
        field(&M::distribution, "distribution", distributions, "of the noise, within 1/2 of its mean"),
        field(&M::beta, "beta", Unit::none, unbounded, "mean of the noise"));
  }
};

/// N(V) + N' of (4.6): the membranes V of all neurons of a sample as N(V) = (V - mean V) / (alpha max |V -
/// mean V|)
/// + beta, (4.7)-(4.9), in which decay and deviation cancel, and noise as above, around 0 and within 1/2 -
/// 1/alpha, which keeps mean and range of the sum. Where all V are the same, N(V) = beta.
struct NormalisedMembrane {
  double alpha = 4, beta = 0.5, distribution = 0;
  static constexpr auto describe() {
    using M = NormalisedMembrane;
    return about<M>("normalised",
                    "the membrane of the step before, brought to the range of the noise, and less noise",
                    "Jiang 2022, thesis, University of Canterbury, equations 4.6-4.9",
                    field(&M::alpha, "alpha", Unit::none, Bounds{.low = 2},
                          "the membrane lies within 1/alpha of beta, and noise fills the rest up to 1/2"),
                    field(&M::beta, "beta", Unit::none, unbounded, "mean of both together"),
                    field(&M::distribution, "distribution", distributions, "of the noise"));
  }
};

// A new one is its struct and one word here.
using Losses = TypeList<CrossEntropy, Mse, SpikeCount, Nll, Reconstruction>;
using Regularisers = TypeList<TargetRate, RateBounds>;
using Methods = TypeList<Bptt, Fptt>;
using Optimisers = TypeList<Sgd, Adam, AdamW, RmsProp>;
using Schedules = TypeList<ConstantRate, StepRate, ExponentialRate, CosineRate, WarmRestarts, Plateau>;
using Clips = TypeList<ClipNorm, ClipValue>;
using Membranes = TypeList<OwnMembrane, MembraneNoise, NormalisedMembrane>;

}  // namespace training

/// The same lists as tables.
const std::vector<ModelInfo>& loss_functions();
const std::vector<ModelInfo>& rate_regularisers();
const std::vector<ModelInfo>& learning_methods();
const std::vector<ModelInfo>& optimisers();
const std::vector<ModelInfo>& rate_schedules();
const std::vector<ModelInfo>& gradient_clips();
const std::vector<ModelInfo>& surrogates();
const std::vector<ModelInfo>& membrane_terms();
const ModelInfo& warm_up();
const ModelInfo& learned_structure();

}  // namespace synfire
