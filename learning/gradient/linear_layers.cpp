// Layers that are linear and learned: dense, conv, transposed_conv.
#include <algorithm>

#include <fmt/format.h>

#include "learning/gradient/convolution.hpp"
#include "learning/gradient/dense_product.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/ordered_sum.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

// d_bias[c] = sum over rows of d[row, c].
template <class Real> void sum_rows(const Real* d, std::size_t rows, std::size_t columns, Real* sums) {
  std::fill_n(sums, columns, Real(0));
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) sums[c] += d[r * columns + c];
}
template <class Real> void add_rows(const Real* row, std::size_t rows, std::size_t columns, Real* to) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) to[r * columns + c] += row[c];
}

/// Weights, a bias if there is one, and their gradients by part.
template <class Real> class Learned : public Layer<Real> {
 public:
  Learned(const SignalShape& in, const SignalShape& out, Weights<Real> weights,
          std::optional<Weights<Real>> bias)
      : in_(in), out_(out), weights_(std::move(weights)), bias_(std::move(bias)) {}

  SignalShape shape() const override { return out_; }
  std::vector<Weights<Real>*> weights() override {
    std::vector<Weights<Real>*> all{&weights_};
    if (bias_) all.push_back(&*bias_);
    return all;
  }
  void begin(const Pass& pass, std::span<const std::size_t> samples, SpareArrays<Real>& spare) override {
    samples_.assign(samples.begin(), samples.end());
    if (!pass.backward) return;
    weight_sum_.begin(samples, weights_.gradient, spare);
    if (bias_) bias_sum_.begin(samples, bias_->gradient, spare);
  }
  void gather(const Pass& pass) override {
    weight_sum_.finish(pass);
    if (bias_) bias_sum_.finish(pass);
  }

 protected:
  /// How many maps the parts have, each number once.
  std::vector<std::size_t> maps(const Pass& pass) const {
    return map_counts(samples_, in_.steps(pass.steps));
  }
  std::size_t rows(const Pass& pass, const Piece<Real>& piece) const {
    return in_.steps(pass.steps) * piece.samples;
  }
  /// `compute` writes the weights' gradient of this part.
  template <class Compute>
  void add_gradient(const Piece<Real>& piece, std::size_t rows_of_bias, const Compute& compute) {
    auto term = weight_sum_.open(piece.part);
    compute(term.values);
    weight_sum_.add(std::move(term));
    if (!bias_) return;
    auto of_bias = bias_sum_.open(piece.part);
    sum_rows(piece.d_output, rows_of_bias, bias_->size(), of_bias.values);
    bias_sum_.add(std::move(of_bias));
  }

  SignalShape in_, out_;
  Weights<Real> weights_;
  std::optional<Weights<Real>> bias_;
  OrderedSum<Real> weight_sum_, bias_sum_;
  std::vector<std::size_t> samples_;  ///< of the parts of this pass
};

/// y = W x + b, W being [out, in].
template <class Real> class DenseLayer final : public Learned<Real> {
 public:
  DenseLayer(const SignalShape& in, const SignalShape& out, Weights<Real> weights,
             std::optional<Weights<Real>> bias, Precision precision)
      : Learned<Real>(in, out, std::move(weights), std::move(bias)), precision_(precision) {}

  void before_forward(const Pass& pass) override {
    product_.begin(this->weights_, precision_, pass.backward);
  }
  void after_forward(const Pass&) override { product_.release(); }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t rows = this->rows(pass, piece), out = this->out_.features.size();
    const bool adds = this->bias_.has_value();
    if (adds)
      for (std::size_t r = 0; r < rows; ++r)
        std::copy_n(this->bias_->values.data(), out, piece.output + r * out);
    product_.forward(piece.inputs[0], rows, adds, piece.output);
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t rows = this->rows(pass, piece);
    this->add_gradient(piece, rows, [&](Real* gradient) {
      product_.by_weights(piece.inputs[0], piece.d_output, rows, gradient);
    });
    if (piece.d_inputs[0] != nullptr) product_.by_input(piece.d_output, rows, false, piece.d_inputs[0]);
  }

 private:
  Precision precision_;
  DenseProduct<Real> product_;
};

/// Weights are [out channels, height, width, in channels].
template <class Real> class ConvLayer final : public Learned<Real> {
 public:
  ConvLayer(const ConvolutionShape& shape, const SignalShape& in, const SignalShape& out,
            Weights<Real> weights, std::optional<Weights<Real>> bias, Precision precision)
      : Learned<Real>(in, out, std::move(weights), std::move(bias)), convolution_(shape, precision) {}

  void before_forward(const Pass& pass) override {
    convolution_.prepare_forward(this->weights_.values.data(), this->maps(pass));
  }
  void after_forward(const Pass&) override { convolution_.release(); }
  void before_backward(const Pass& pass) override {
    convolution_.prepare_by_input(this->weights_.values.data(), this->maps(pass));
  }
  void gather(const Pass& pass) override {
    Learned<Real>::gather(pass);
    convolution_.release();
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const Real* bias = this->bias_ ? this->bias_->values.data() : nullptr;
    convolution_.forward(this->rows(pass, piece), piece.inputs[0], bias, piece.output);
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t maps = this->rows(pass, piece);
    this->add_gradient(piece, maps * this->out_.features.places(), [&](Real* gradient) {
      convolution_.by_weights(maps, piece.inputs[0], piece.d_output, gradient);
    });
    if (piece.d_inputs[0] != nullptr) convolution_.by_input(maps, piece.d_output, piece.d_inputs[0]);
  }

 private:
  Convolution<Real> convolution_;
};

/// The transpose of a convolution from its output to its input; weights are [in channels, height, width, out
/// channels], those of that convolution.
template <class Real> class TransposedConvLayer final : public Learned<Real> {
 public:
  TransposedConvLayer(const ConvolutionShape& shape, const SignalShape& in, const SignalShape& out,
                      Weights<Real> weights, std::optional<Weights<Real>> bias, Precision precision)
      : Learned<Real>(in, out, std::move(weights), std::move(bias)), convolution_(shape, precision) {}

  void before_forward(const Pass& pass) override {
    convolution_.prepare_by_input(this->weights_.values.data(), this->maps(pass));
  }
  void after_forward(const Pass&) override { convolution_.release(); }
  void before_backward(const Pass& pass) override {
    convolution_.prepare_forward(this->weights_.values.data(), this->maps(pass));
  }
  void gather(const Pass& pass) override {
    Learned<Real>::gather(pass);
    convolution_.release();
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t maps = this->rows(pass, piece);
    convolution_.by_input(maps, piece.inputs[0], piece.output);
    if (this->bias_)
      add_rows(this->bias_->values.data(), maps * this->out_.features.places(), this->bias_->size(),
               piece.output);
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t maps = this->rows(pass, piece);
    this->add_gradient(piece, maps * this->out_.features.places(), [&](Real* gradient) {
      convolution_.by_weights(maps, piece.d_output, piece.inputs[0], gradient);
    });
    if (piece.d_inputs[0] != nullptr) convolution_.forward(maps, piece.d_output, nullptr, piece.d_inputs[0]);
  }

 private:
  Convolution<Real> convolution_;
};

// Places of a kernel along a side.
std::size_t places(const LayerDescription& layer, std::size_t in, std::size_t kernel, std::size_t stride,
                   std::size_t padding) {
  if (in + 2 * padding >= kernel) return (in + 2 * padding - kernel) / stride + 1;
  throw Error(ErrorKind::input, layer.what.where,
              fmt::format("layer {}: a kernel of {} does not fit into {} places with {} around", layer.name,
                          kernel, in, padding));
}

template <class Real>
std::optional<Weights<Real>> bias_if(double wanted, const LayerDescription& layer,
                                     const LayerContext& context, std::size_t size, double start,
                                     std::size_t fan_in) {
  if (wanted == 0) return std::nullopt;
  return begin_bias<Real>(layer, context, size, start, fan_in);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_dense(const LayerDescription& layer, const SignalShape& in,
                                        const LayerContext& context) {
  const auto p = values_of<layer::Dense>(layer.what);
  const std::size_t size = whole(p.size), inputs = in.features.size();
  return std::make_unique<DenseLayer<Real>>(
      in, SignalShape{{1, 1, size}, in.constant},
      begin_weights<Real>(layer, context, "weight", {size, inputs}, p.init, inputs, size),
      bias_if<Real>(p.bias, layer, context, size, p.init, inputs), context.precision);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_conv(const LayerDescription& layer, const SignalShape& in,
                                       const LayerContext& context) {
  const auto p = values_of<layer::Conv>(layer.what);
  const std::size_t kernel = whole(p.kernel), stride = whole(p.stride), padding = whole(p.padding);
  const FeatureShape out{places(layer, in.features.height, kernel, stride, padding),
                         places(layer, in.features.width, kernel, stride, padding), whole(p.channels)};
  const ConvolutionShape shape{in.features, out, kernel, stride, padding};
  const std::size_t fan_in = kernel * kernel * in.features.channels, fan_out = kernel * kernel * out.channels;
  return std::make_unique<ConvLayer<Real>>(
      shape, in, SignalShape{out, in.constant},
      begin_weights<Real>(layer, context, "weight", {out.channels, kernel, kernel, in.features.channels},
                          p.init, fan_in, fan_out),
      bias_if<Real>(p.bias, layer, context, out.channels, p.init, fan_in), context.precision);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_transposed(const LayerDescription& layer, const SignalShape& in,
                                             const LayerContext& context) {
  const auto p = values_of<layer::TransposedConv>(layer.what);
  const std::size_t kernel = whole(p.kernel), stride = whole(p.stride), padding = whole(p.padding),
                    more = whole(p.output_padding);
  if (more >= stride)
    throw Error(
        ErrorKind::input, layer.what.where,
        fmt::format("layer {}: output_padding ({}) must be below stride ({})", layer.name, more, stride));
  const auto side = [&](std::size_t places_in) {
    const std::size_t full = (places_in - 1) * stride + kernel + more;
    if (full <= 2 * padding)
      throw Error(ErrorKind::input, layer.what.where,
                  fmt::format("layer {}: a padding of {} leaves nothing of it", layer.name, padding));
    return full - 2 * padding;
  };
  const FeatureShape out{side(in.features.height), side(in.features.width), whole(p.channels)};
  const ConvolutionShape shape{out, in.features, kernel, stride, padding};
  const std::size_t fan_in = kernel * kernel * in.features.channels, fan_out = kernel * kernel * out.channels;
  auto weights =
      begin_weights<Real>(layer, context, "weight", {in.features.channels, kernel, kernel, out.channels},
                          p.init, fan_in, fan_out);
  weights.filters_last = true;
  return std::make_unique<TransposedConvLayer<Real>>(
      shape, in, SignalShape{out, in.constant}, std::move(weights),
      bias_if<Real>(p.bias, layer, context, out.channels, p.init, fan_in), context.precision);
}

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_linear(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                         const LayerContext& context) {
  const std::string& kind = layer.what.name;
  if (kind == layer::Dense::describe().name) return make_dense<Real>(layer, inputs[0], context);
  if (kind == layer::Conv::describe().name) return make_conv<Real>(layer, inputs[0], context);
  if (kind == layer::TransposedConv::describe().name) return make_transposed<Real>(layer, inputs[0], context);
  return nullptr;
}

template std::unique_ptr<Layer<float>> make_linear(const LayerDescription&, std::span<const SignalShape>,
                                                   const LayerContext&);
template std::unique_ptr<Layer<double>> make_linear(const LayerDescription&, std::span<const SignalShape>,
                                                    const LayerContext&);

}  // namespace synfire::learning
