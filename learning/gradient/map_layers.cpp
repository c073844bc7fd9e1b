// Layers that work on maps place by place or square by square: activations, pools, sums, dropout.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/loops.hpp"
#include "core/random.hpp"
#include "learning/gradient/elementwise.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/pools.hpp"
#include "learning/gradient/rank_parts.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

template <class Real>
std::size_t elements(const SignalShape& shape, const Pass& pass, const Piece<Real>& piece) {
  return shape.steps(pass.steps) * piece.samples * shape.features.size();
}

/// y = f(x), element by element. F has `value(x)` and `slope(x)`.
template <class Real, class F> class Elementwise final : public Layer<Real> {
 public:
  Elementwise(const SignalShape& shape, F f) : shape_(shape), f_(f) {}
  SignalShape shape() const override { return shape_; }
  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t size = elements(shape_, pass, piece);
    const Real* __restrict x = piece.inputs[0];
    Real* __restrict y = piece.output;
    run_loop([=, f = f_]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) y[i] = f.value(x[i]);
    });
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    if (piece.d_inputs[0] == nullptr) return;
    const std::size_t size = elements(shape_, pass, piece);
    const Real* __restrict x = piece.inputs[0];
    const Real* __restrict dy = piece.d_output;
    Real* __restrict dx = piece.d_inputs[0];
    run_loop([=, f = f_]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) dx[i] = f.slope(x[i]) * dy[i];
    });
  }

 private:
  SignalShape shape_;
  F f_;
};

/// y = k x with a learned k.
template <class Real> class ScaleLayer final : public Layer<Real> {
 public:
  ScaleLayer(const SignalShape& shape, Weights<Real> factor) : shape_(shape), factor_(std::move(factor)) {}
  SignalShape shape() const override { return shape_; }
  bool again() const override { return true; }
  std::vector<Weights<Real>*> weights() override { return {&factor_}; }
  void begin(const Pass& pass, std::span<const std::size_t>, SpareArrays<Real>&) override {
    sums_.assign(pass.parts, 0);
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const Real k = factor_.values[0];
    const std::size_t size = elements(shape_, pass, piece);
    for (std::size_t i = 0; i < size; ++i) piece.output[i] = k * piece.inputs[0][i];
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t size = elements(shape_, pass, piece);
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += double(piece.d_output[i]) * double(piece.inputs[0][i]);
    sums_[piece.part] = sum;
    if (piece.d_inputs[0] == nullptr) return;
    for (std::size_t i = 0; i < size; ++i) piece.d_inputs[0][i] = factor_.values[0] * piece.d_output[i];
  }
  void gather(const Pass& pass) override {
    if (pass.ranks != nullptr) pass.ranks->share(std::span(sums_));
    double sum = 0;
    for (const double part : sums_) sum += part;
    factor_.gradient[0] = Real(sum);
  }

 private:
  SignalShape shape_;
  Weights<Real> factor_;
  std::vector<double> sums_;
};

/// The sum of its inputs; those that are constant in time are added to each step.
template <class Real> class AddLayer final : public Layer<Real> {
 public:
  AddLayer(std::vector<SignalShape> inputs, const SignalShape& out) : in_(std::move(inputs)), out_(out) {}
  SignalShape shape() const override { return out_; }
  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t size = step_size(piece);
    for (std::size_t t = 0; t < out_.steps(pass.steps); ++t) {
      Real* to = piece.output + t * size;
      std::fill_n(to, size, Real(0));
      for (std::size_t k = 0; k < in_.size(); ++k) {
        const Real* from = piece.inputs[k] + (in_[k].constant ? 0 : t * size);
        for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
      }
    }
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t size = step_size(piece), steps = out_.steps(pass.steps);
    for (std::size_t k = 0; k < in_.size(); ++k) {
      Real* to = piece.d_inputs[k];
      if (to == nullptr) continue;
      std::copy_n(piece.d_output, (in_[k].constant ? 1 : steps) * size, to);
      for (std::size_t t = 1; in_[k].constant && t < steps; ++t)
        for (std::size_t i = 0; i < size; ++i) to[i] += piece.d_output[t * size + i];
    }
  }

 private:
  std::size_t step_size(const Piece<Real>& piece) const { return piece.samples * out_.features.size(); }

  std::vector<SignalShape> in_;
  SignalShape out_;
};

/// The largest under a square; the first of equals passes the gradient on.
template <class Real> class MaxPoolLayer final : public Layer<Real> {
 public:
  MaxPoolLayer(const SignalShape& in, const SignalShape& out, const Window& window)
      : in_(in), out_(out), window_(window) {}
  SignalShape shape() const override { return out_; }
  bool again() const override { return true; }
  bool reads_output() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t maps = out_.steps(pass.steps) * piece.samples;
    for (std::size_t m = 0; m < maps; ++m) {
      const Real* from = piece.inputs[0] + m * in_.features.size();
      Real* to = piece.output + m * out_.features.size();
      max_pool(in_.features, out_.features, window_, from, to);
    }
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    if (piece.d_inputs[0] == nullptr) return;
    const std::size_t maps = out_.steps(pass.steps) * piece.samples;
    std::fill_n(piece.d_inputs[0], maps * in_.features.size(), Real(0));
    LargeVector<Real> left(out_.features.size());  // gradient that has not found its input yet
    for (std::size_t m = 0; m < maps; ++m) {
      const Real* from = piece.inputs[0] + m * in_.features.size();
      const Real* top = piece.output + m * out_.features.size();
      Real* to = piece.d_inputs[0] + m * in_.features.size();
      std::copy_n(piece.d_output + m * out_.features.size(), out_.features.size(), left.data());
      max_pool_back(in_.features, out_.features, window_, from, top, left.data(), to);
    }
  }

 private:
  SignalShape in_, out_;
  Window window_;
};

template <class Real> class AveragePoolLayer final : public Layer<Real> {
 public:
  AveragePoolLayer(const SignalShape& in, const SignalShape& out, const Window& window)
      : in_(in), out_(out), window_(window) {}
  SignalShape shape() const override { return out_; }
  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t maps = out_.steps(pass.steps) * piece.samples;
    for (std::size_t m = 0; m < maps; ++m)
      average_pool(in_.features, out_.features, window_, piece.inputs[0] + m * in_.features.size(),
                   piece.output + m * out_.features.size());
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    if (piece.d_inputs[0] == nullptr) return;
    const std::size_t maps = out_.steps(pass.steps) * piece.samples;
    std::fill_n(piece.d_inputs[0], maps * in_.features.size(), Real(0));
    for (std::size_t m = 0; m < maps; ++m)
      average_pool_back(in_.features, out_.features, window_, piece.d_output + m * out_.features.size(),
                        piece.d_inputs[0] + m * in_.features.size());
  }

 private:
  SignalShape in_, out_;
  Window window_;
};

/// Zeros are drawn from (seed, layer, iteration, sample, step), so that no part of a batch knows of another.
template <class Real> class DropoutLayer final : public Layer<Real> {
 public:
  DropoutLayer(const SignalShape& in, double probability, bool each_step, RandomKey key)
      : in_(in),
        out_{in.features, in.constant && !each_step},
        kept_(1 - probability),
        each_step_(each_step),
        key_(key) {}
  SignalShape shape() const override { return out_; }
  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t size = in_.features.size();
    for_each_row(pass, piece, [&](std::size_t in, std::size_t out, std::span<const Real> factors) {
      for (std::size_t i = 0; i < size; ++i) piece.output[out + i] = piece.inputs[0][in + i] * factors[i];
    });
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    if (piece.d_inputs[0] == nullptr) return;
    const std::size_t size = in_.features.size();
    std::fill_n(piece.d_inputs[0], in_.steps(pass.steps) * piece.samples * size, Real(0));
    for_each_row(pass, piece, [&](std::size_t in, std::size_t out, std::span<const Real> factors) {
      for (std::size_t i = 0; i < size; ++i)
        piece.d_inputs[0][in + i] += piece.d_output[out + i] * factors[i];
    });
  }

 private:
  // Calls visit(where the row of a sample begins in the input, in the output, what its elements are times).
  template <class Visit>
  void for_each_row(const Pass& pass, const Piece<Real>& piece, const Visit& visit) const {
    const std::size_t size = in_.features.size();
    std::vector<double> draws(size);
    std::vector<Real> factors(size, Real(1));
    for (std::size_t b = 0; b < piece.samples; ++b)
      for (std::size_t t = 0; t < out_.steps(pass.steps); ++t) {
        if (pass.training && (t == 0 || each_step_)) {
          const std::size_t step = each_step_ ? pass.first_step() + t : 0;
          first_uniforms(key_, pass.iteration << 24 | (piece.first + b),
                         static_cast<std::uint32_t>(step * size), draws);
          for (std::size_t i = 0; i < size; ++i) factors[i] = draws[i] < kept_ ? Real(1 / kept_) : Real(0);
        }
        visit(((in_.constant ? 0 : t) * piece.samples + b) * size, (t * piece.samples + b) * size, factors);
      }
  }

  SignalShape in_, out_;
  double kept_;
  bool each_step_;
  RandomKey key_;
};

template <class Real, template <class> class Pool, class Kind>
std::unique_ptr<Layer<Real>> make_pool(const LayerDescription& layer, const SignalShape& in) {
  const auto p = values_of<Kind>(layer.what);
  const Window window{whole(p.kernel), whole(p.stride == 0 ? p.kernel : p.stride), whole(p.padding)};
  if (2 * window.padding > window.kernel)
    throw Error(ErrorKind::input, layer.what.where,
                fmt::format("layer {}: a padding of {} is more than half of the kernel ({})", layer.name,
                            window.padding, window.kernel));
  const auto side = [&](std::size_t places) {
    if (places + 2 * window.padding < window.kernel)
      throw Error(ErrorKind::input, layer.what.where,
                  fmt::format("layer {}: a square of {} does not fit into {} places", layer.name,
                              window.kernel, places));
    return (places + 2 * window.padding - window.kernel) / window.stride + 1;
  };
  const FeatureShape out{side(in.features.height), side(in.features.width), in.features.channels};
  return std::make_unique<Pool<Real>>(in, SignalShape{out, in.constant}, window);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_global(const LayerDescription& layer, const SignalShape& in) {
  const bool mean = values_of<layer::GlobalPool>(layer.what).of == 0;
  // A whole map is one row of places under one square.
  const SignalShape row{{1, in.features.places(), in.features.channels}, in.constant};
  const SignalShape out{{1, 1, in.features.channels}, in.constant};
  class Reduced final : public Layer<Real> {
   public:
    Reduced(const SignalShape& from, const SignalShape& to, bool mean_of)
        : in_(from), out_(to), mean_(mean_of) {}
    SignalShape shape() const override { return out_; }
    bool again() const override { return true; }
    bool reads_output() const override { return true; }
    void forward(const Pass& pass, const Piece<Real>& piece, int) override {
      const std::size_t places = in_.features.places(), channels = in_.features.channels;
      for (std::size_t m = 0; m < out_.steps(pass.steps) * piece.samples; ++m)
        for (std::size_t c = 0; c < channels; ++c) {
          const Real* x = piece.inputs[0] + m * places * channels + c;
          Real value = x[0];
          for (std::size_t k = 1; k < places; ++k)
            value = mean_ ? value + x[k * channels] : std::max(value, x[k * channels]);
          piece.output[m * channels + c] = mean_ ? value / Real(places) : value;
        }
    }
    void backward(const Pass& pass, const Piece<Real>& piece, int) override {
      if (piece.d_inputs[0] == nullptr) return;
      const std::size_t places = in_.features.places(), channels = in_.features.channels;
      for (std::size_t m = 0; m < out_.steps(pass.steps) * piece.samples; ++m)
        for (std::size_t c = 0; c < channels; ++c) {
          const Real* x = piece.inputs[0] + m * places * channels + c;
          Real* dx = piece.d_inputs[0] + m * places * channels + c;
          const Real d = piece.d_output[m * channels + c], top = piece.output[m * channels + c];
          bool found = false;
          for (std::size_t k = 0; k < places; ++k) {
            const bool here = !found && x[k * channels] == top;
            found = found || here;
            dx[k * channels] = mean_ ? d / Real(places) : here ? d : Real(0);
          }
        }
    }

   private:
    SignalShape in_, out_;
    bool mean_;
  };
  return std::make_unique<Reduced>(row, out, mean);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_add(const LayerDescription& layer, std::span<const SignalShape> inputs) {
  SignalShape out{inputs[0].features, true};
  for (const auto& in : inputs) {
    out.constant = out.constant && in.constant;
    if (in.features == out.features) continue;
    throw Error(ErrorKind::input, layer.what.where,
                fmt::format("layer {}: it cannot add maps of [{}, {}, {}] and of [{}, {}, {}]", layer.name,
                            out.features.height, out.features.width, out.features.channels,
                            in.features.height, in.features.width, in.features.channels));
  }
  return std::make_unique<AddLayer<Real>>(std::vector(inputs.begin(), inputs.end()), out);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_scale(const LayerDescription& layer, const SignalShape& in) {
  Weights<Real> factor;
  factor.name = layer.name + ".factor";
  factor.shape = {1};
  factor.values = {Real(values_of<layer::Scale>(layer.what).factor)};
  factor.gradient = {Real(0)};
  factor.decays = false;
  return std::make_unique<ScaleLayer<Real>>(in, std::move(factor));
}

template <class Real, class F> std::unique_ptr<Layer<Real>> elementwise(const SignalShape& shape, F f) {
  return std::make_unique<Elementwise<Real, F>>(shape, f);
}

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_map(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                      const LayerContext& context) {
  const SignalShape& in = inputs[0];
  const std::string& kind = layer.what.name;
  const auto is = [&]<class Kind>(std::type_identity<Kind>) { return kind == Kind::describe().name; };
  if (is(std::type_identity<layer::MaxPool>()))
    return make_pool<Real, MaxPoolLayer, layer::MaxPool>(layer, in);
  if (is(std::type_identity<layer::AveragePool>()))
    return make_pool<Real, AveragePoolLayer, layer::AveragePool>(layer, in);
  if (is(std::type_identity<layer::GlobalPool>())) return make_global<Real>(layer, in);
  if (is(std::type_identity<layer::Add>())) return make_add<Real>(layer, inputs);
  if (is(std::type_identity<layer::Scale>())) return make_scale<Real>(layer, in);
  if (is(std::type_identity<layer::Flatten>()))
    return elementwise<Real>({{1, 1, in.features.size()}, in.constant}, Identity<Real>{});
  if (is(std::type_identity<layer::Relu>())) return elementwise<Real>(in, Rectified<Real>{0});
  if (is(std::type_identity<layer::Clamp>())) {
    const auto p = values_of<layer::Clamp>(layer.what);
    if (p.low >= p.high)
      throw Error(ErrorKind::input, layer.what.where,
                  fmt::format("layer {}: low ({}) must be below high ({})", layer.name, p.low, p.high));
    return elementwise<Real>(in, Clamped<Real>{Real(p.low), Real(p.high)});
  }
  if (is(std::type_identity<layer::LeakyRelu>()))
    return elementwise<Real>(in, Rectified<Real>{Real(values_of<layer::LeakyRelu>(layer.what).slope)});
  if (is(std::type_identity<layer::Celu>()))
    return elementwise<Real>(in, Exponential<Real>{Real(values_of<layer::Celu>(layer.what).alpha)});
  if (is(std::type_identity<layer::Dropout>())) {
    const auto p = values_of<layer::Dropout>(layer.what);
    return std::make_unique<DropoutLayer<Real>>(in, p.probability, p.mask == 1,
                                                RandomKey(context.seed, "layer/" + layer.name + "/dropout"));
  }
  return nullptr;
}

template std::unique_ptr<Layer<float>> make_map(const LayerDescription&, std::span<const SignalShape>,
                                                const LayerContext&);
template std::unique_ptr<Layer<double>> make_map(const LayerDescription&, std::span<const SignalShape>,
                                                 const LayerContext&);

}  // namespace synfire::learning
