// Bounds of the layers that are affine, or one function of each number, or choose the largest.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/array.hpp"
#include "core/interval.hpp"
#include "core/loops.hpp"
#include "learning/bounds/bounded_layer.hpp"
#include "learning/bounds/lines.hpp"
#include "learning/gradient/pools.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning::bounds {

float rounding(std::size_t n) {
  return 8 * std::sqrt(float(n) + 1) * std::numeric_limits<float>::epsilon() / 2;
}

void relax_by_constants(const Functionals& f, const SignalShape& shape, std::span<const SignalShape> inputs) {
  const std::size_t features = shape.features.size();
  for_each_function(f, shape, [&](std::size_t at, std::size_t row, double& constant) {
    double sum = 0;
    for (std::size_t i = 0; i < features; ++i) {
      const float a = f.of_output[row + i];
      if (a != 0) sum += double(a) * double(a > 0 ? f.output.low[at + i] : f.output.high[at + i]);
    }
    constant += sum;
  });
  for (std::size_t k = 0; k < inputs.size(); ++k)
    std::fill_n(f.of_inputs[k], inputs[k].steps(f.known.steps) * f.rows() * inputs[k].features.size(), 0.0f);
}

namespace {

Pass pass_of(const Round& round) {
  Pass pass{.backward = round.backward, .steps = round.steps, .parts = round.samples.size()};
  for (const std::size_t samples : round.samples) pass.samples += samples;
  return pass;
}

template <class Kind> bool is(const LayerDescription& layer) {
  return layer.what.name == Kind::describe().name;
}

/// y = W x + b, whatever layer that is: it gives b for no input and W x beyond, and its way back is that of
/// W. Of the same layer with weights |W| and no b come |W| r, the width that inputs within r of their middle
/// leave, and the steepness.
class AffineBounds final : public BoundedLayer {
 public:
  AffineBounds(const LayerDescription& layer, std::span<const SignalShape> inputs, const Making& making)
      : in_(inputs.begin(), inputs.end()),
        value_(make_layer<float>(layer, inputs, making.context)),
        size_(make_layer<float>(layer, inputs, making.context)) {
    std::size_t terms = 1;
    for (const auto kind : {&Layer<float>::weights, &Layer<float>::buffers}) {
      const auto mine = (value_.get()->*kind)(), sizes = (size_.get()->*kind)();
      for (std::size_t k = 0; k < mine.size(); ++k) {
        mine[k]->values = making.arrays.at(mine[k]->name)->values;
        sizes[k]->values = mine[k]->values;
        const bool offset = mine[k]->name.ends_with(".bias") || mine[k]->name.ends_with(".running_mean");
        for (float& w : sizes[k]->values) w = offset ? 0 : std::abs(w);
        if (mine[k]->name.ends_with(".weight")) terms = std::max(terms, mine[k]->size() / mine[k]->shape[0]);
      }
    }
    rounding_ = rounding(std::max<std::size_t>(64, terms));
    find_offset(making.context.steps);
  }

  SignalShape shape() const override { return value_->shape(); }

  void begin(const Round& round, SpareArrays<float>& spare) override {
    const Pass pass = pass_of(round);
    value_->begin(pass, round.samples, spare);
    size_->begin(pass, round.samples, spare);
    if (round.backward) return value_->before_backward(pass);
    value_->before_forward(pass);
    size_->before_forward(pass);
  }
  void end(const Round& round) override {
    const Pass pass = pass_of(round);
    if (round.backward) {
      value_->gather(pass), size_->gather(pass);
    } else {
      value_->after_forward(pass), size_->after_forward(pass);
    }
  }

  void bound(const Known& known, Bound<float> output) override {
    std::vector<LargeVector<float>> middles(in_.size()), radii(in_.size());
    for (std::size_t k = 0; k < in_.size(); ++k) {
      const std::size_t size = size_of(in_[k], known);
      middles[k].resize(size), radii[k].resize(size);
      const float* __restrict low = known.inputs[k].low;
      const float* __restrict high = known.inputs[k].high;
      float* __restrict middle = middles[k].data();
      float* __restrict radius = radii[k].data();
      run_loop([=, rounding = rounding_]() SYNFIRE_INLINE {
        SYNFIRE_INDEPENDENT
        for (std::size_t i = 0; i < size; ++i) {
          const float m = 0.5f * low[i] + 0.5f * high[i];
          const float above = high[i] - m, below = m - low[i], r = above > below ? above : below;
          middle[i] = m;
          radius[i] = r + rounding * (r + (m < 0 ? -m : m));
        }
      });
    }
    const std::size_t size = size_of(shape(), known);
    LargeVector<float> width(size);
    run(*value_, known, middles, output.low);
    run_sizes(known, radii, width.data());
    const float* __restrict w = width.data();
    float* __restrict low = output.low;
    float* __restrict high = output.high;
    run_loop([=, rounding = rounding_]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) {
        const float m = low[i], r = w[i] + rounding * (m < 0 ? -m : m);
        high[i] = m + r;
        low[i] = m - r;
      }
    });
  }

  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    size_->forward(pass_of_part(known), {known.part, known.samples, 0, inputs, steep, nullptr, {}}, 0);
    take_offset(known, steep);
  }

  void relax(const Functionals& f) override {
    const std::size_t features = shape().features.size();
    std::size_t at = 0;
    for (std::size_t t = 0; t < shape().steps(f.known.steps); ++t)
      for (std::size_t row = 0; row < f.rows(); ++row, at += features) {
        double sum = 0;
        for (std::size_t i = 0; i < features; ++i)
          sum += double(f.of_output[at + i]) * double(offset_[t * features + i]);
        f.constants[row] += sum;
      }
    // What was put in matters to the gradients of weights only, which nobody wants.
    std::vector<LargeVector<float>> nothing(in_.size());
    std::vector<const float*> inputs;
    for (std::size_t k = 0; k < in_.size(); ++k) {
      nothing[k].assign(in_[k].steps(f.known.steps) * f.rows() * in_[k].features.size(), 0);
      inputs.push_back(nothing[k].data());
    }
    LargeVector<float> output(value_->reads_output() ? at : 0, 0.0f);
    Pass pass = pass_of_part(f.known);
    pass.backward = true;
    value_->backward(pass, {f.known.part, f.rows(), 0, inputs, output.data(), f.of_output, f.of_inputs}, 0);
  }

 private:
  static Pass pass_of_part(const Known& known) { return {.steps = known.steps}; }
  static void run(Layer<float>& layer, const Known& known, const std::vector<LargeVector<float>>& inputs,
                  float* to) {
    std::vector<const float*> from;
    for (const auto& each : inputs) from.push_back(each.data());
    layer.forward(pass_of_part(known), {known.part, known.samples, 0, from, to, nullptr, {}}, 0);
  }
  void run_sizes(const Known& known, const std::vector<LargeVector<float>>& inputs, float* to) const {
    run(*size_, known, inputs, to);
    take_offset(known, to);
  }
  // What linear neurons give without input is no part of |W|.
  void take_offset(const Known& known, float* sizes) const {
    if (std::ranges::all_of(size_offset_, [](float b) { return b == 0; })) return;
    const std::size_t features = shape().features.size();
    for (std::size_t i = 0; i < size_of(shape(), known); ++i)
      sizes[i] -= size_offset_[i / (known.samples * features) * features + i % features];
  }
  void find_offset(std::size_t steps) {
    const Round one{steps, {1}, false};
    SpareArrays<float> spare;
    begin(one, spare);
    std::vector<LargeVector<float>> nothing(in_.size());
    for (std::size_t k = 0; k < in_.size(); ++k)
      nothing[k].assign(in_[k].steps(steps) * in_[k].features.size(), 0);
    const Known known{0, 1, steps, {}};
    offset_.resize(size_of(shape(), known)), size_offset_.resize(size_of(shape(), known));
    run(*value_, known, nothing, offset_.data());
    run(*size_, known, nothing, size_offset_.data());
    end(one);
  }

  std::vector<SignalShape> in_;
  std::unique_ptr<Layer<float>> value_, size_;
  float rounding_ = 0;
  LargeVector<float> offset_, size_offset_;  // [steps, features], what both layers give for no input
};

/// y = f(x), number by number.
template <class F> class UnaryBounds final : public BoundedLayer {
 public:
  UnaryBounds(const SignalShape& shape, F f) : shape_(shape), f_(f) {}
  SignalShape shape() const override { return shape_; }

  void bound(const Known& known, Bound<float> output) override {
    const std::size_t count = size_of(shape_, known);
    const float* __restrict x_low = known.inputs[0].low;
    const float* __restrict x_high = known.inputs[0].high;
    float* __restrict low = output.low;
    float* __restrict high = output.high;
    run_loop([=, f = f_]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < count; ++i) {
        const Range range = f.range(x_low[i], x_high[i]);
        low[i] = range.low;
        high[i] = range.high;
      }
    });
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    const Bound<const float> x = known.inputs[0];
    for (std::size_t i = 0; i < size_of(shape_, known); ++i) {
      const float slope = f_.steepest(x.low[i], x.high[i]);
      steep[i] = slope == 0 || inputs[0][i] == 0 ? 0 : slope * inputs[0][i];
    }
  }
  void relax(const Functionals& f) override {
    const Bound<const float> x = f.known.inputs[0];
    const std::size_t features = shape_.features.size();
    std::vector<Lines> lines(features);
    std::size_t before = std::numeric_limits<std::size_t>::max();
    for_each_function(f, shape_, [&](std::size_t at, std::size_t row, double& constant) {
      if (at != before)
        for (std::size_t i = 0; i < features; ++i) lines[i] = f_.lines(x.low[at + i], x.high[at + i]);
      before = at;
      double sum = 0;
      for (std::size_t i = 0; i < features; ++i) {
        const float a = f.of_output[row + i];
        f.of_inputs[0][row + i] = a * (a > 0 ? lines[i].low_slope : lines[i].high_slope);
        sum += double(a) * double(a > 0 ? lines[i].low_offset : lines[i].high_offset);
      }
      constant += sum;
    });
  }

 private:
  SignalShape shape_;
  F f_;
};

/// What never falls when an input rises, and moves by no more than the input that moves most: pools and
/// readouts of the largest, and masks of the largest. Bounds come from the ends of the inputs.
class LargestBounds : public BoundedLayer {
 public:
  LargestBounds(const LayerDescription& layer, std::span<const SignalShape> inputs, const Making& making)
      : in_(inputs.begin(), inputs.end()), layer_(make_layer<float>(layer, inputs, making.context)) {}

  SignalShape shape() const override { return layer_->shape(); }
  void bound(const Known& known, Bound<float> output) override {
    run(known, known.inputs[0].low, output.low);
    run(known, known.inputs[0].high, output.high);
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    run(known, inputs[0], steep);
  }
  void relax(const Functionals& f) override { relax_by_constants(f, shape(), in_); }

 protected:
  void run(const Known& known, const float* from, float* to) {
    layer_->forward({.steps = known.steps}, {known.part, known.samples, 0, {&from, 1}, to, nullptr, {}}, 0);
  }

  std::vector<SignalShape> in_;
  std::unique_ptr<Layer<float>> layer_;
};

/// The largest under a square is above each of them; it is the one that is above all others, and else below
/// the largest of what they can be.
class MaxPoolBounds final : public LargestBounds {
 public:
  MaxPoolBounds(const LayerDescription& layer, std::span<const SignalShape> inputs, const Making& making)
      : LargestBounds(layer, inputs, making) {
    if (is<layer::GlobalPool>(layer)) {
      from_ = {1, inputs[0].features.places(), inputs[0].features.channels};
      window_ = {from_.width, 1, 0};
      return;
    }
    const auto p = values_of<layer::MaxPool>(layer.what);
    from_ = inputs[0].features;
    window_ = {whole(p.kernel), whole(p.stride == 0 ? p.kernel : p.stride), whole(p.padding)};
  }

  void relax(const Functionals& f) override {
    const SignalShape& in = in_[0];
    std::fill_n(f.of_inputs[0], in.steps(f.known.steps) * f.rows() * in.features.size(), 0.0f);
    const std::size_t features = shape().features.size(), inputs = in.features.size();
    std::vector<std::uint32_t> chosen;
    std::vector<char> alone;
    std::size_t before = std::numeric_limits<std::size_t>::max();
    for_each_function(f, shape(), [&](std::size_t at, std::size_t row, double& constant) {
      const std::size_t map = at / features;
      if (at != before) choose(f.known.inputs[0], map * inputs, chosen, alone);
      before = at;
      float* to = f.of_inputs[0] + row / features * inputs;
      double sum = 0;
      for (std::size_t i = 0; i < features; ++i) {
        const float a = f.of_output[row + i];
        if (a > 0 || alone[i] != 0) {
          to[chosen[i]] += a;
        } else if (a < 0) {
          sum += double(a) * double(f.output.high[at + i]);
        }
      }
      constant += sum;
    });
  }

 private:
  // Of each output the input with the largest lower bound, and whether it is above what all others can be.
  void choose(Bound<const float> x, std::size_t map, std::vector<std::uint32_t>& chosen,
              std::vector<char>& alone) const {
    const std::size_t channels = from_.channels, size = shape().features.size();
    chosen.assign(size, std::numeric_limits<std::uint32_t>::max());
    alone.assign(size, 1);
    const FeatureShape out = is_global() ? FeatureShape{1, 1, channels} : shape().features;
    for_each_pair(out, [&](std::size_t o, std::size_t i) {
      if (chosen[o] == std::numeric_limits<std::uint32_t>::max() || x.low[map + i] > x.low[map + chosen[o]])
        chosen[o] = std::uint32_t(i);
    });
    for_each_pair(out, [&](std::size_t o, std::size_t i) {
      if (i != chosen[o] && x.high[map + i] > x.low[map + chosen[o]]) alone[o] = 0;
    });
  }
  template <class Visit> void for_each_pair(const FeatureShape& out, const Visit& visit) const {
    const auto both = [&](std::size_t o, std::size_t i) {
      for (std::size_t c = 0; c < from_.channels; ++c) visit(o * from_.channels + c, i * from_.channels + c);
    };
    if (!is_global()) return for_each_under(from_, out, window_, both);
    for (std::size_t i = 0; i < from_.width; ++i) both(0, i);
  }
  bool is_global() const {
    return from_.height == 1 && window_.kernel == from_.width && window_.padding == 0;
  }

  FeatureShape from_;
  Window window_{};
};

/// y_i = mean over the steps of x_i - log sum exp x: rises with x_i and falls with the others.
class LogSoftmaxBounds final : public BoundedLayer {
 public:
  explicit LogSoftmaxBounds(const SignalShape& in) : in_(in) {}
  SignalShape shape() const override { return {{1, 1, in_.features.size()}, true}; }

  void bound(const Known& known, Bound<float> output) override {
    const std::size_t size = in_.features.size(), steps = in_.steps(known.steps);
    for (std::size_t b = 0; b < known.samples; ++b)
      for (std::size_t c = 0; c < size; ++c) {
        double low = 0, high = 0;
        for (std::size_t t = 0; t < steps; ++t) {
          const Bound<const float> x{known.inputs[0].low + (t * known.samples + b) * size,
                                     known.inputs[0].high + (t * known.samples + b) * size};
          low += against(x.low[c], x.high, c, size), high += against(x.high[c], x.low, c, size);
        }
        output.low[b * size + c] = std::nextafter(float(low / double(steps)), -HUGE_VALF);
        output.high[b * size + c] = std::nextafter(float(high / double(steps)), HUGE_VALF);
      }
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    const std::size_t size = in_.features.size(), steps = in_.steps(known.steps);
    for (std::size_t b = 0; b < known.samples; ++b) {
      double sum = 0;  // the logarithm of the sum moves by no more than the largest
      std::vector<double> own(size, 0);
      for (std::size_t t = 0; t < steps; ++t) {
        const float* x = inputs[0] + (t * known.samples + b) * size;
        sum += double(*std::max_element(x, x + size));
        for (std::size_t c = 0; c < size; ++c) own[c] += double(x[c]);
      }
      for (std::size_t c = 0; c < size; ++c) steep[b * size + c] = float((own[c] + sum) / double(steps));
    }
  }
  /// For differences of classes, whose coefficients add up to 0, it is the mean over the steps.
  void relax(const Functionals& f) override {
    const std::size_t size = in_.features.size(), steps = in_.steps(f.known.steps);
    for (std::size_t row = 0; row < f.rows(); ++row) {
      const float* a = f.of_output + row * size;
      double all = 0, sizes = 0;
      for (std::size_t c = 0; c < size; ++c) all += double(a[c]), sizes += std::abs(double(a[c]));
      if (std::abs(all) > 1e-6 * sizes)
        throw Error(ErrorKind::internal, "log_softmax is bounded for differences of classes only");
      for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t c = 0; c < size; ++c)
          f.of_inputs[0][(t * f.rows() + row) * size + c] = a[c] / float(steps);
    }
  }

 private:
  static double against(float own, const float* others, std::size_t c, std::size_t size) {
    double sum = 0;
    for (std::size_t k = 0; k < size; ++k) sum += k == c ? 1 : std::exp(double(others[k]) - double(own));
    return -std::log(sum);
  }

  SignalShape in_;
};

/// The product of several maps, one with a single channel counting for all; by the ends of all factors. The
/// lines of McCormick (1976) would need two factors; constants serve any number.
class ProductBounds final : public BoundedLayer {
 public:
  ProductBounds(std::span<const SignalShape> inputs, const SignalShape& out)
      : in_(inputs.begin(), inputs.end()), out_(out) {}
  SignalShape shape() const override { return out_; }

  void bound(const Known& known, Bound<float> output) override {
    for_each(known, [&](std::size_t to, std::span<const std::size_t> from) {
      Interval<float> product(1.0f);
      for (std::size_t k = 0; k < from.size(); ++k)
        product = product * Interval<float>(known.inputs[k].low[from[k]], known.inputs[k].high[from[k]]);
      output.low[to] = product.low, output.high[to] = product.high;
    });
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    for_each(known, [&](std::size_t to, std::span<const std::size_t> from) {
      float sum = 0;
      for (std::size_t k = 0; k < from.size(); ++k) {
        if (inputs[k][from[k]] == 0) continue;
        float term = inputs[k][from[k]];
        for (std::size_t other = 0; other < from.size(); ++other)
          if (other != k)
            term *= std::max(std::abs(known.inputs[other].low[from[other]]),
                             std::abs(known.inputs[other].high[from[other]]));
        sum += term;
      }
      steep[to] = sum;
    });
  }
  void relax(const Functionals& f) override { relax_by_constants(f, out_, in_); }

 private:
  template <class Visit> void for_each(const Known& known, const Visit& visit) const {
    std::vector<std::size_t> from(in_.size());
    const std::size_t features = out_.features.size(), channels = out_.features.channels;
    for (std::size_t t = 0; t < out_.steps(known.steps); ++t)
      for (std::size_t b = 0; b < known.samples; ++b)
        for (std::size_t i = 0; i < features; ++i) {
          for (std::size_t k = 0; k < in_.size(); ++k) {
            const bool single = in_[k].features.channels != channels;
            from[k] = ((in_[k].constant ? 0 : t) * known.samples + b) * in_[k].features.size() +
                      (single ? i / channels : i);
          }
          visit((t * known.samples + b) * features + i, from);
        }
  }

  std::vector<SignalShape> in_;
  SignalShape out_;
};

/// A mask of 0 and 1 of which nothing is known.
class AnyMaskBounds final : public BoundedLayer {
 public:
  AnyMaskBounds(std::span<const SignalShape> inputs, const SignalShape& out)
      : in_(inputs.begin(), inputs.end()), out_(out) {}
  SignalShape shape() const override { return out_; }
  void bound(const Known& known, Bound<float> output) override {
    std::fill_n(output.low, size_of(out_, known), 0.0f);
    std::fill_n(output.high, size_of(out_, known), 1.0f);
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const>,
                 float* steep) override {
    std::fill_n(steep, size_of(out_, known), std::numeric_limits<float>::infinity());
  }
  void relax(const Functionals& f) override { relax_by_constants(f, out_, in_); }

 private:
  std::vector<SignalShape> in_;
  SignalShape out_;
};

template <class F> std::unique_ptr<BoundedLayer> unary(const SignalShape& shape, F f) {
  return std::make_unique<UnaryBounds<F>>(shape, f);
}

bool is_affine(const LayerDescription& layer) {
  if (layer.neurons)
    return !layer.recurrent && layer.receptors.empty() &&
           bounded_neurons(layer.what.name, layer.what.parameters, 1)->linear();
  if (is<layer::Readout>(layer)) return values_of<layer::Readout>(layer.what).of != 3;
  if (is<layer::GlobalPool>(layer)) return values_of<layer::GlobalPool>(layer.what).of == 0;
  return is<layer::Dense>(layer) || is<layer::Conv>(layer) || is<layer::TransposedConv>(layer) ||
         is<layer::AveragePool>(layer) || is<layer::BatchNorm>(layer) || is<layer::Add>(layer) ||
         is<layer::Scale>(layer) || is<layer::Flatten>(layer) || is<layer::Dropout>(layer);
}

}  // namespace

std::unique_ptr<BoundedLayer> make_bounded(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                           const Making& making) {
  const SignalShape& in = inputs[0];
  const auto shape = [&] { return make_layer<float>(layer, inputs, making.context)->shape(); };
  if (layer.delays)
    throw Error(ErrorKind::input, layer.delays->where,
                fmt::format("layer {}: no bounds are known of connections with delays", layer.name));
  if (is_affine(layer)) return std::make_unique<AffineBounds>(layer, inputs, making);
  if (layer.neurons) return make_bounded_neurons(layer, in, making);
  if (is<layer::MaxPool>(layer) || is<layer::GlobalPool>(layer))
    return std::make_unique<MaxPoolBounds>(layer, inputs, making);
  if (is<layer::Readout>(layer)) return std::make_unique<LargestBounds>(layer, inputs, making);
  if (is<layer::LogSoftmaxReadout>(layer)) return std::make_unique<LogSoftmaxBounds>(in);
  if (is<layer::Multiply>(layer)) return std::make_unique<ProductBounds>(inputs, shape());
  if (is<layer::Sample>(layer)) return std::make_unique<AnyMaskBounds>(inputs, shape());
  if (is<layer::Relu>(layer)) return unary(in, Rectifier{{0}});
  if (is<layer::LeakyRelu>(layer))
    return unary(in, Rectifier{{float(values_of<layer::LeakyRelu>(layer.what).slope)}});
  if (is<layer::Celu>(layer))
    return unary(in, ExponentialUnit{{{float(values_of<layer::Celu>(layer.what).alpha)}}});
  if (is<layer::Clamp>(layer)) {
    const auto p = values_of<layer::Clamp>(layer.what);
    return unary(in, Ramp{1, 0, {float(p.low), float(p.high)}});
  }
  throw Error(ErrorKind::input, layer.what.where,
              fmt::format("layer {}: no bounds are known of {}", layer.name, layer.what.name));
}

}  // namespace synfire::learning::bounds
