// Layers that choose inputs: the mask of the largest potentials, and the product of a mask and what it masks.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "learning/gradient/layers.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

/// layer::Sample. The derivative takes 1 at V >= threshold for the surrogate's step of V - threshold, and the
/// threshold for the potential that it is: what all potentials have in common moves nothing.
template <class Real> class SampleLayer final : public Layer<Real> {
 public:
  /// `among`: the shape of the layer whose elements that are not 0 take part; none: all do.
  SampleLayer(const SignalShape& in, std::optional<SignalShape> among, const layer::Sample& p,
              const LayerContext& context)
      : in_(in),
        among_(among),
        out_{in.features, p.mask == 0 || (in.constant && (!among || among->constant))},
        fraction_(p.fraction),
        leak_(Real(p.leak)),
        surrogate_(context.surrogate),
        smooth_(context.smooth) {}
  bool has_windows() const override { return false; }
  SignalShape shape() const override { return out_; }
  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    std::fill_n(piece.output, out_.steps(pass.steps) * piece.samples * size(), Real(0));
    for_each_mask(pass, piece, [&](std::size_t at, std::span<const Real> potential, const Choice& choice) {
      for (const std::size_t i : choice.candidates) {
        Real& mask = piece.output[at + i];
        if (smooth_ != nullptr) {
          mask = Real((*smooth_)(double(potential[i]) - double(potential[choice.threshold])));
        } else {
          mask =
              std::isnan(potential[i]) ? potential[i] : Real(!comes_before(potential, choice.threshold, i));
        }
      }
    });
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    if (among_ && piece.d_inputs[1] != nullptr)
      std::fill_n(piece.d_inputs[1], among_->steps(pass.steps) * piece.samples * among_->features.size(),
                  Real(0));
    Real* const d_in = piece.d_inputs[0];
    if (d_in == nullptr) return;
    const std::size_t steps = in_.steps(pass.steps), row = piece.samples * size();
    std::fill_n(d_in, steps * row, Real(0));
    std::vector<Real> slopes;
    for_each_mask(pass, piece, [&](std::size_t at, std::span<const Real> potential, const Choice& choice) {
      slopes.clear();
      for (const std::size_t i : choice.candidates)
        slopes.push_back(potential[i] - potential[choice.threshold]);
      surrogate_.slopes(std::span<const Real>(slopes), std::span(slopes));
      Real* to = d_in + (in_.constant ? 0 : out_.constant ? steps - 1 : at / row) * row + at % row;
      for (std::size_t k = 0; k < slopes.size(); ++k) {
        const Real d = piece.d_output[at + choice.candidates[k]] * slopes[k];
        to[choice.candidates[k]] += d;
        to[choice.threshold] -= d;
      }
    });
    for (std::size_t t = steps - 1; t-- > 0;)
      for (std::size_t i = 0; i < row; ++i) d_in[t * row + i] += leak_ * d_in[(t + 1) * row + i];
  }

 private:
  /// The inputs that take part, and which of them is the last to be chosen.
  struct Choice {
    std::vector<std::size_t> candidates;
    std::size_t threshold = 0;
  };

  std::size_t size() const { return in_.features.size(); }

  // What is no number comes first, so that there is an order; it is passed on, for the network to tell of.
  static Real rank(Real potential) {
    return std::isnan(potential) ? std::numeric_limits<Real>::infinity() : potential;
  }
  // Whether input a is chosen before b: the larger first, of equal ones the earlier.
  static bool comes_before(std::span<const Real> potential, std::size_t a, std::size_t b) {
    const Real of_a = rank(potential[a]), of_b = rank(potential[b]);
    return of_a > of_b || (of_a == of_b && a < b);
  }

  // visit(where the row of a mask begins, potentials, choice), for all masks that choose from anything.
  template <class Visit>
  void for_each_mask(const Pass& pass, const Piece<Real>& piece, const Visit& visit) const {
    const std::size_t steps = in_.steps(pass.steps), masks = out_.steps(pass.steps);
    std::vector<Real> potential(size());
    Choice choice;
    for (std::size_t b = 0; b < piece.samples; ++b) {
      std::fill(potential.begin(), potential.end(), Real(0));
      for (std::size_t t = 0; t < std::max(steps, masks); ++t) {
        const Real* x = piece.inputs[0] + (t * piece.samples + b) * size();
        if (t < steps)
          for (std::size_t i = 0; i < size(); ++i) potential[i] = leak_ * potential[i] + x[i];
        if (masks == 1 && t + 1 < steps) continue;
        find_candidates(pass, piece, b, t, choice.candidates);
        if (choice.candidates.empty()) continue;
        choose(potential, choice);
        visit(((masks == 1 ? 0 : t) * piece.samples + b) * size(), std::span<const Real>(potential), choice);
      }
    }
  }

  void choose(std::span<const Real> potential, Choice& choice) const {
    auto order = choice.candidates;
    const auto wanted = static_cast<std::size_t>(std::llround(fraction_ * double(order.size())));
    const auto last =
        order.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(wanted, 1, order.size()) - 1);
    std::nth_element(order.begin(), last, order.end(),
                     [&](std::size_t a, std::size_t b) { return comes_before(potential, a, b); });
    choice.threshold = *last;
  }

  // For one mask of all steps what is there in any of them, else what is there in step t.
  void find_candidates(const Pass& pass, const Piece<Real>& piece, std::size_t b, std::size_t t,
                       std::vector<std::size_t>& candidates) const {
    candidates.clear();
    const std::size_t steps = among_ ? among_->steps(pass.steps) : 1;
    const std::size_t first = steps == 1 || out_.constant ? 0 : t, end = out_.constant ? steps : first + 1;
    for (std::size_t i = 0; i < size(); ++i) {
      bool there = !among_.has_value();
      for (std::size_t s = first; !there && s < end; ++s) there = is_there(piece, s, b, i);
      if (there) candidates.push_back(i);
    }
  }
  bool is_there(const Piece<Real>& piece, std::size_t step, std::size_t b, std::size_t i) const {
    const std::size_t channels = among_->features.channels, own = in_.features.channels;
    const Real* const row = piece.inputs[1] + (step * piece.samples + b) * among_->features.size();
    if (channels == own) return row[i] != Real(0);
    const Real* const place = row + i / own * channels;
    return std::any_of(place, place + channels, [](Real x) { return x != Real(0); });
  }

  SignalShape in_;
  std::optional<SignalShape> among_;
  SignalShape out_;
  double fraction_;
  Real leak_;
  Surrogate surrogate_;
  std::shared_ptr<const std::function<double(double)>> smooth_;
};

/// The product of its inputs, place by place; what is constant in time counts in every step, what has one
/// channel for every channel.
template <class Real> class MultiplyLayer final : public Layer<Real> {
 public:
  MultiplyLayer(std::vector<SignalShape> inputs, const SignalShape& out)
      : in_(std::move(inputs)), out_(out) {}
  SignalShape shape() const override { return out_; }
  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    std::fill_n(piece.output, out_.steps(pass.steps) * piece.samples * out_.features.size(), Real(1));
    for (std::size_t k = 0; k < in_.size(); ++k)
      for_each(pass, piece, k,
               [&](std::size_t out, std::size_t in) { piece.output[out] *= piece.inputs[k][in]; });
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    std::vector<Real> others(out_.steps(pass.steps) * piece.samples * out_.features.size());
    for (std::size_t k = 0; k < in_.size(); ++k) {
      if (piece.d_inputs[k] == nullptr) continue;
      std::copy_n(piece.d_output, others.size(), others.begin());
      for (std::size_t j = 0; j < in_.size(); ++j)
        if (j != k)
          for_each(pass, piece, j,
                   [&](std::size_t out, std::size_t in) { others[out] *= piece.inputs[j][in]; });
      std::fill_n(piece.d_inputs[k], in_[k].steps(pass.steps) * piece.samples * in_[k].features.size(),
                  Real(0));
      for_each(pass, piece, k,
               [&](std::size_t out, std::size_t in) { piece.d_inputs[k][in] += others[out]; });
    }
  }

 private:
  // visit(element of the output, the element of input k that is in it)
  template <class Visit>
  void for_each(const Pass& pass, const Piece<Real>& piece, std::size_t k, const Visit& visit) const {
    const std::size_t channels = out_.features.channels, places = piece.samples * out_.features.places();
    const std::size_t of_input = in_[k].features.channels;
    for (std::size_t t = 0; t < out_.steps(pass.steps); ++t)
      for (std::size_t place = 0; place < places; ++place) {
        const std::size_t out = (t * places + place) * channels;
        const std::size_t in = ((in_[k].constant ? 0 : t) * places + place) * of_input;
        for (std::size_t c = 0; c < channels; ++c) visit(out + c, in + (of_input == 1 ? 0 : c));
      }
  }

  std::vector<SignalShape> in_;
  SignalShape out_;
};

template <class Real>
std::unique_ptr<Layer<Real>> make_multiply(const LayerDescription& layer,
                                           std::span<const SignalShape> inputs) {
  SignalShape out{inputs[0].features, true};
  for (const auto& in : inputs) {
    out.constant = out.constant && in.constant;
    out.features.channels = std::max(out.features.channels, in.features.channels);
  }
  for (const auto& in : inputs) {
    const FeatureShape &a = out.features, &b = in.features;
    if (a.height == b.height && a.width == b.width && (a.channels == b.channels || b.channels == 1)) continue;
    throw Error(ErrorKind::input, layer.what.where,
                fmt::format("layer {}: it cannot multiply maps of [{}, {}, {}] by one of [{}, {}, {}]",
                            layer.name, a.height, a.width, a.channels, b.height, b.width, b.channels));
  }
  return std::make_unique<MultiplyLayer<Real>>(std::vector(inputs.begin(), inputs.end()), out);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_sample(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                         const LayerContext& context) {
  std::optional<SignalShape> among;
  if (inputs.size() > 1) among = inputs[1];
  const FeatureShape& own = inputs[0].features;
  if (among) {
    const FeatureShape& other = among->features;
    const bool fits = other.height == own.height && other.width == own.width &&
                      (own.channels == 1 || own.channels == other.channels || other.channels == 1);
    if (!fits)
      throw Error(
          ErrorKind::input, layer.what.where,
          fmt::format("layer {}: potentials of [{}, {}, {}] do not fit a layer of [{}, {}, {}]", layer.name,
                      own.height, own.width, own.channels, other.height, other.width, other.channels));
  }
  return std::make_unique<SampleLayer<Real>>(inputs[0], among, values_of<layer::Sample>(layer.what), context);
}

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_sampling(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                           const LayerContext& context) {
  if (layer.what.name == layer::Multiply::describe().name) return make_multiply<Real>(layer, inputs);
  if (layer.what.name != layer::Sample::describe().name) return nullptr;
  return make_sample<Real>(layer, inputs, context);
}

template std::unique_ptr<Layer<float>> make_sampling(const LayerDescription&, std::span<const SignalShape>,
                                                     const LayerContext&);
template std::unique_ptr<Layer<double>> make_sampling(const LayerDescription&, std::span<const SignalShape>,
                                                      const LayerContext&);

}  // namespace synfire::learning
