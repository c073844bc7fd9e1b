// Bounds of neurons over their steps.
#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "core/array.hpp"
#include "core/interval.hpp"
#include "learning/bounds/bounded_layer.hpp"
#include "learning/gradient/products.hpp"
#include "sim/differentiable.hpp"

namespace synfire::learning::bounds {
namespace {

/// Weights [to, from] times what lies between two bounds.
class BoundedProduct {
 public:
  explicit BoundedProduct(const std::vector<float>& weights, std::size_t neurons)
      : neurons_(neurons), weights_(weights), sizes_(weights), rounding_(rounding(neurons)) {
    for (float& w : sizes_) w = std::abs(w);
  }

  /// Adds it to `sum`; arrays are [samples, neurons].
  void add(std::size_t samples, Bound<const float> x, Bound<float> sum) const {
    const std::size_t n = neurons_, all = samples * n;
    LargeVector<float> middle(all), radius(all), product(all), width(all);
    for (std::size_t i = 0; i < all; ++i) {
      middle[i] = (x.low[i] + x.high[i]) / 2;
      radius[i] = (x.high[i] - x.low[i]) / 2 + rounding_ * std::max(std::abs(x.low[i]), std::abs(x.high[i]));
    }
    multiply(Transposed::no, Transposed::yes, samples, n, n, middle.data(), weights_.data(), 0.0f,
             product.data());
    multiply(Transposed::no, Transposed::yes, samples, n, n, radius.data(), sizes_.data(), 0.0f,
             width.data());
    for (std::size_t i = 0; i < all; ++i) {
      const Interval<float> total = Interval<float>(sum.low[i], sum.high[i]) +
                                    Interval<float>::about(product[i] - width[i], product[i] + width[i], 2);
      sum.low[i] = total.low, sum.high[i] = total.high;
    }
  }

 private:
  std::size_t neurons_;
  std::vector<float> weights_, sizes_;
  float rounding_;
};

/// Bounds of so many numbers, with their room.
struct Room {
  explicit Room(std::size_t size) : low(size, 0.0f), high(size, 0.0f) {}
  Bound<float> bound() { return {low.data(), high.data()}; }
  Bound<const float> known() const { return {low.data(), high.data()}; }

  LargeVector<float> low, high;
};

/// The model's own step over intervals (sim/bounded.hpp): where a spike may come or not, both go on. Spikes
/// jump, so that nothing better than constants lies below and above them.
class NeuronBounds final : public BoundedLayer {
 public:
  NeuronBounds(const LayerDescription& layer, const SignalShape& in, const Making& making)
      : in_(in),
        out_{in.features, making.context.steps == 1 && in.constant},
        neurons_(bounded_neurons(layer.what.name, parameters(layer, making), making.context.dt_ms)),
        membrane_(layer.membrane || !neurons_->spikes()) {
    const std::size_t n = in.features.size();
    const auto array = [&](const std::string& name) {
      return making.arrays.at(layer.name + "." + name)->values;
    };
    if (layer.recurrent) recurrent_.emplace(array("recurrent"), n);
    const ModelInfo& info = *differentiable_model(layer.what.name);
    for (const FilledReceptor& described : layer.receptors) {
      const std::string& name = info.receptors[described.receptor].name;
      Filled filled{described.receptor - 1, array(name + ".bias"), {}};
      for (const std::size_t source : described.sources) {
        const std::string& what = source == 0 ? info.receptors[0].name : info.state[source - 1].name;
        filled.sources.emplace_back(source, BoundedProduct(array(name + "." + what), n));
      }
      filled_.push_back(std::move(filled));
    }
  }

  SignalShape shape() const override { return out_; }

  void bound(const Known& known, Bound<float> output) override {
    const std::size_t all = known.samples * in_.features.size();
    Room states(neurons_->states() * all), spikes(all), heard(recurrent_ ? all : 0);
    std::vector<Room> further(filled_.empty() ? 0 : neurons_->receptors(), Room(all));
    std::vector<Bound<const float>> arriving;
    for (const Room& room : further) arriving.push_back(room.known());
    neurons_->start(states.bound(), all, all);
    for (std::size_t t = 0; t < known.steps; ++t) {
      const std::size_t at = in_.constant ? 0 : t * all;
      Bound<const float> input{known.inputs[0].low + at, known.inputs[0].high + at};
      if (recurrent_ && t > 0) {
        std::copy_n(input.low, all, heard.low.data());
        std::copy_n(input.high, all, heard.high.data());
        recurrent_->add(known.samples, spikes.known(), heard.bound());
        input = heard.known();
      }
      for (const Filled& filled : filled_)
        fill(filled, known.samples, input, states.known(), further[filled.receptor].bound());
      neurons_->step(input, states.bound(), all, all, spikes.bound(), arriving);
      const Room& given = membrane_ ? states : spikes;
      std::copy_n(given.low.data(), all, output.low + (out_.constant ? 0 : t) * all);
      std::copy_n(given.high.data(), all, output.high + (out_.constant ? 0 : t) * all);
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

  struct Filled {
    std::size_t receptor;  // behind the first
    std::vector<float> bias;
    std::vector<std::pair<std::size_t, BoundedProduct>> sources;  // numbered as FilledReceptor::sources
  };
  // What arrives at a receptor, from the input of a step and the states before it.
  void fill(const Filled& filled, std::size_t samples, Bound<const float> input, Bound<const float> states,
            Bound<float> sum) const {
    const std::size_t n = in_.features.size(), all = samples * n;
    for (std::size_t i = 0; i < all; ++i) sum.low[i] = sum.high[i] = filled.bias[i % n];
    for (const auto& [source, product] : filled.sources)
      product.add(samples, source == 0 ? input : states.at((source - 1) * all), sum);
  }

  SignalShape in_, out_;
  std::unique_ptr<BoundedNeurons> neurons_;
  bool membrane_;
  std::optional<BoundedProduct> recurrent_;
  std::vector<Filled> filled_;
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
