// Layers that choose inputs: the mask of the largest potentials, and the product of a mask and what it masks.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "learning/gradient/layers.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

/// layer::Sample. The derivative takes 1 at V >= threshold for the surrogate's step of V - threshold, and the
/// threshold for the potential that it is: what all potentials have in common moves nothing.
template <class Real> class SampleLayer final : public Layer<Real> {
 public:
  SampleLayer(const SignalShape& in, const layer::Sample& p, const LayerContext& context)
      : in_(in),
        out_{in.features, in.constant || p.mask == 0},
        chosen_(std::clamp<std::size_t>(
            static_cast<std::size_t>(std::llround(p.fraction * double(in.features.size()))), 1,
            in.features.size())),
        leak_(Real(p.leak)),
        surrogate_(context.surrogate),
        smooth_(context.smooth) {}
  SignalShape shape() const override { return out_; }
  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    for_each_mask(
        pass, piece, [&](std::size_t b, std::size_t t, std::span<const Real> potential, std::size_t nth) {
          Real* mask = piece.output + (t * piece.samples + b) * size();
          for (std::size_t i = 0; i < size(); ++i)
            mask[i] = smooth_ != nullptr ? Real((*smooth_)(double(potential[i]) - double(potential[nth])))
                                         : Real(!comes_before(potential, nth, i));
        });
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    Real* const d_in = piece.d_inputs[0];
    if (d_in == nullptr) return;
    const std::size_t steps = in_.steps(pass.steps), row = piece.samples * size();
    std::fill_n(d_in, steps * row, Real(0));
    std::vector<Real> slopes(size());
    for_each_mask(pass, piece,
                  [&](std::size_t b, std::size_t t, std::span<const Real> potential, std::size_t nth) {
                    const Real* d_mask = piece.d_output + (t * piece.samples + b) * size();
                    for (std::size_t i = 0; i < size(); ++i) slopes[i] = potential[i] - potential[nth];
                    surrogate_.slopes(std::span<const Real>(slopes), std::span(slopes));
                    Real* to = d_in + (out_.constant ? steps - 1 : t) * row + b * size();
                    for (std::size_t i = 0; i < size(); ++i) {
                      to[i] += d_mask[i] * slopes[i];
                      to[nth] -= d_mask[i] * slopes[i];
                    }
                  });
    for (std::size_t t = steps - 1; t-- > 0;)
      for (std::size_t i = 0; i < row; ++i) d_in[t * row + i] += leak_ * d_in[(t + 1) * row + i];
  }

 private:
  std::size_t size() const { return in_.features.size(); }

  // Whether input a is chosen before b: the larger first, of equal ones the earlier.
  static bool comes_before(std::span<const Real> potential, std::size_t a, std::size_t b) {
    return potential[a] > potential[b] || (potential[a] == potential[b] && a < b);
  }

  // visit(sample, step of the output, potentials, which of them is the threshold)
  template <class Visit>
  void for_each_mask(const Pass& pass, const Piece<Real>& piece, const Visit& visit) const {
    const std::size_t steps = in_.steps(pass.steps);
    std::vector<Real> potential(size());
    std::vector<std::size_t> order(size());
    for (std::size_t b = 0; b < piece.samples; ++b) {
      std::fill(potential.begin(), potential.end(), Real(0));
      for (std::size_t t = 0; t < steps; ++t) {
        const Real* x = piece.inputs[0] + (t * piece.samples + b) * size();
        for (std::size_t i = 0; i < size(); ++i) potential[i] = leak_ * potential[i] + x[i];
        if (out_.constant && t + 1 < steps) continue;
        std::iota(order.begin(), order.end(), std::size_t(0));
        const auto nth = order.begin() + static_cast<std::ptrdiff_t>(chosen_ - 1);
        std::nth_element(order.begin(), nth, order.end(),
                         [&](std::size_t a, std::size_t c) { return comes_before(potential, a, c); });
        visit(b, out_.constant ? 0 : t, std::span<const Real>(potential), *nth);
      }
    }
  }

  SignalShape in_, out_;
  std::size_t chosen_;
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

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_sampling(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                           const LayerContext& context) {
  if (layer.what.name == layer::Multiply::describe().name) return make_multiply<Real>(layer, inputs);
  if (layer.what.name != layer::Sample::describe().name) return nullptr;
  return std::make_unique<SampleLayer<Real>>(inputs[0], values_of<layer::Sample>(layer.what), context);
}

template std::unique_ptr<Layer<float>> make_sampling(const LayerDescription&, std::span<const SignalShape>,
                                                     const LayerContext&);
template std::unique_ptr<Layer<double>> make_sampling(const LayerDescription&, std::span<const SignalShape>,
                                                      const LayerContext&);

}  // namespace synfire::learning
