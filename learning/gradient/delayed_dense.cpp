// Dense layers whose connections have delays.
#include <algorithm>

#include <fmt/format.h>

#include "learning/gradient/delays.hpp"
#include "learning/gradient/layers.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

/// y(t) = b + sum over inputs of what they were some steps ago.
template <class Real> class DelayedDense final : public Layer<Real> {
  using Product = DelayedWeights<Real>;

 public:
  DelayedDense(const LayerDescription& layer, const SignalShape& in, const layer::Dense& p,
               const LayerContext& context)
      : in_(in.features.size()),
        out_(whole(p.size)),
        truncate_(context.truncate),
        product_(layer, context, in_, out_, "weight", p.init, 0) {
    if (p.bias != 0) bias_ = begin_bias<Real>(layer, context, out_, p.init, in_);
  }

  SignalShape shape() const override { return {{1, 1, out_}, false}; }
  std::vector<Weights<Real>*> weights() override {
    std::vector<Weights<Real>*> all;
    product_.add_weights(all);
    if (bias_) all.push_back(&*bias_);
    return all;
  }
  void begin_epoch(std::uint64_t epoch) override { product_.begin_epoch(epoch); }
  void begin(const Pass& pass, std::span<const std::size_t> samples, SpareArrays<Real>& spare) override {
    heard_.begin(pass);
    product_.begin(pass, samples, spare);
    if (pass.backward && bias_) bias_sum_.begin(samples, bias_->gradient, spare);
  }
  void before_forward(const Pass& pass) override { product_.prepare(pass, false); }
  void after_forward(const Pass& pass) override {
    if (!pass.backward) product_.release();
  }
  void gather(const Pass& pass) override {
    product_.gather(pass);
    if (bias_) bias_sum_.finish(pass);
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t rows = pass.steps * piece.samples;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < out_; ++j) piece.output[r * out_ + j] = bias_ ? bias_->values[j] : Real(0);
    const auto x = input(pass, piece);
    product_.add(x, piece.output, product_.way_of(x));
    leave(pass, piece, x);
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    const auto x = input(pass, piece);
    product_.by_weights(piece.part, x, piece.d_output, product_.way_of(x));
    if (bias_) sum_bias(pass, piece);
    if (piece.d_inputs[0] != nullptr)
      product_.by_input(pass, piece.samples, piece.d_output, truncate_, piece.d_inputs[0]);
  }

 private:
  DelayedInput<Real> input(const Pass& pass, const Piece<Real>& piece) const {
    return {pass.steps, piece.samples, piece.inputs[0], heard_.before(pass, piece.part)};
  }
  // To the next window: the last steps, which may be those of windows before this one.
  void leave(const Pass& pass, const Piece<Real>& piece, const DelayedInput<Real>& x) {
    const std::size_t step = piece.samples * in_, kept = product_.longest();
    Real* const after = heard_.after(pass, piece.part, kept * step);
    if (after == nullptr) return;
    const std::size_t old = kept > x.steps ? kept - x.steps : 0;
    if (x.before == nullptr) std::fill_n(after, old * step, Real(0));
    if (x.before != nullptr) std::copy_n(x.before + (kept - old) * step, old * step, after);
    std::copy_n(x.now + (x.steps - (kept - old)) * step, (kept - old) * step, after + old * step);
  }
  void sum_bias(const Pass& pass, const Piece<Real>& piece) {
    auto term = bias_sum_.open(piece.part);
    std::fill_n(term.values, out_, Real(0));
    for (std::size_t r = 0; r < pass.steps * piece.samples; ++r)
      for (std::size_t j = 0; j < out_; ++j) term.values[j] += piece.d_output[r * out_ + j];
    bias_sum_.add(std::move(term));
  }

  std::size_t in_, out_, truncate_;
  Product product_;
  std::optional<Weights<Real>> bias_;
  OrderedSum<Real> bias_sum_;
  Carried<Real> heard_;  // inputs
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_delayed(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                          const LayerContext& context) {
  if (!layer.delays || layer.neurons) return nullptr;
  if (inputs[0].constant)
    throw Error(ErrorKind::input, layer.delays->where,
                fmt::format("delays of layer {}: what it reads is the same in all steps, so that there is "
                            "nothing to delay; let it read neurons, or recordings (`input: events`)",
                            layer.name));
  return std::make_unique<DelayedDense<Real>>(layer, inputs[0], values_of<layer::Dense>(layer.what), context);
}

template std::unique_ptr<Layer<float>> make_delayed(const LayerDescription&, std::span<const SignalShape>,
                                                    const LayerContext&);
template std::unique_ptr<Layer<double>> make_delayed(const LayerDescription&, std::span<const SignalShape>,
                                                     const LayerContext&);

}  // namespace synfire::learning
