// Bounds of neurons over their steps.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/array.hpp"
#include "core/interval.hpp"
#include "learning/bounds/bounded_layer.hpp"
#include "learning/gradient/products.hpp"

namespace synfire::learning::bounds {
namespace {

/// The model's own step over intervals (sim/bounded.hpp): where a spike may come or not, both go on. Spikes
/// jump, so that nothing better than constants lies below and above them.
class NeuronBounds final : public BoundedLayer {
 public:
  NeuronBounds(const LayerDescription& layer, const SignalShape& in, const Making& making)
      : in_(in),
        out_{in.features, making.context.steps == 1 && in.constant},
        neurons_(bounded_neurons(layer.what.name, parameters(layer, making), making.context.dt_ms)),
        membrane_(layer.membrane || !neurons_->spikes()) {
    if (!layer.recurrent) return;
    recurrent_ = making.arrays.at(layer.name + ".recurrent")->values;
    sizes_ = recurrent_;
    for (float& w : sizes_) w = std::abs(w);
    rounding_ = rounding(in.features.size());
  }

  SignalShape shape() const override { return out_; }

  void bound(const Known& known, Bound<float> output) override {
    const std::size_t all = known.samples * in_.features.size(), states = neurons_->states();
    LargeVector<float> state_low(states * all), state_high(states * all), spike_low(all), spike_high(all);
    LargeVector<float> heard_low, heard_high;
    const Bound<float> state{state_low.data(), state_high.data()},
        spikes{spike_low.data(), spike_high.data()};
    neurons_->start(state, all, all);
    for (std::size_t t = 0; t < known.steps; ++t) {
      const std::size_t at = in_.constant ? 0 : t * all;
      Bound<const float> input{known.inputs[0].low + at, known.inputs[0].high + at};
      if (!recurrent_.empty() && t > 0) {
        heard_low.resize(all), heard_high.resize(all);
        hear(known.samples, input, spikes, {heard_low.data(), heard_high.data()});
        input = {heard_low.data(), heard_high.data()};
      }
      neurons_->step(input, state, all, all, spikes);
      const Bound<float> given = membrane_ ? state : spikes;
      std::copy_n(given.low, all, output.low + (out_.constant ? 0 : t) * all);
      std::copy_n(given.high, all, output.high + (out_.constant ? 0 : t) * all);
    }
  }
  void steepness(const Known& known, Bound<const float> output, std::span<const float* const>,
                 float* steep) override {
    for (std::size_t i = 0; i < size_of(out_, known); ++i)
      steep[i] = output.low[i] == output.high[i] ? 0 : std::numeric_limits<float>::infinity();
  }
  void relax(const Functionals& f) override { relax_by_constants(f, out_, std::span(&in_, 1)); }

 private:
  static std::map<std::string, double> parameters(const LayerDescription& layer, const Making& making) {
    auto all = layer.what.parameters;
    for (const LearnedParameter& learned : layer.learned)
      all[learned.name] = double(making.arrays.at(layer.name + "." + learned.name)->values[0]);
    return all;
  }

  // What arrives with the spikes of the step before: weights [to, from].
  void hear(std::size_t samples, Bound<const float> input, const Bound<float>& spikes,
            const Bound<float>& heard) const {
    const std::size_t n = in_.features.size();
    LargeVector<float> middle(samples * n), radius(samples * n), sum(samples * n), width(samples * n);
    for (std::size_t i = 0; i < samples * n; ++i) {
      middle[i] = (spikes.low[i] + spikes.high[i]) / 2;
      radius[i] = (spikes.high[i] - spikes.low[i]) / 2 + rounding_;
    }
    multiply(Transposed::no, Transposed::yes, samples, n, n, middle.data(), recurrent_.data(), 0.0f,
             sum.data());
    multiply(Transposed::no, Transposed::yes, samples, n, n, radius.data(), sizes_.data(), 0.0f,
             width.data());
    for (std::size_t i = 0; i < samples * n; ++i) {
      const Interval<float> total = Interval<float>(input.low[i], input.high[i]) +
                                    Interval<float>::about(sum[i] - width[i], sum[i] + width[i], 2);
      heard.low[i] = total.low, heard.high[i] = total.high;
    }
  }

  SignalShape in_, out_;
  std::unique_ptr<BoundedNeurons> neurons_;
  bool membrane_;
  std::vector<float> recurrent_, sizes_;
  float rounding_ = 0;
};

}  // namespace

std::unique_ptr<BoundedLayer> make_bounded_neurons(const LayerDescription& layer, const SignalShape& input,
                                                   const Making& making) {
  if (making.context.membrane.name != "own")
    throw Error(ErrorKind::input, layer.what.where,
                fmt::format("layer {}: no bounds are known of neurons whose membrane is assumed "
                            "(`training.membrane: {}`)",
                            layer.name, making.context.membrane.name));
  return std::make_unique<NeuronBounds>(layer, input, making);
}

}  // namespace synfire::learning::bounds
