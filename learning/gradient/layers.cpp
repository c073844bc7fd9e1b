#include "learning/gradient/layers.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/random.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {

template <class Real>
Weights<Real> begin_weights(const LayerDescription& layer, const LayerContext& context, std::string_view what,
                            const std::vector<std::size_t>& shape, double start, std::size_t fan_in,
                            std::size_t fan_out) {
  Weights<Real> made;
  made.name = fmt::format("{}.{}", layer.name, what);
  std::size_t size = 1;
  for (const std::size_t extent : shape) size *= extent;
  made.shape = shape;
  made.values.assign(size, Real(0));
  made.gradient.assign(size, Real(0));
  const std::string_view word = layer::starts[static_cast<std::size_t>(start)];
  if (word == "zero") return made;
  const double in = double(fan_in), both = double(fan_in + fan_out);
  const bool normal = word.ends_with("normal");
  const double width = word == "kaiming_uniform"  ? std::sqrt(1 / in)
                       : word == "kaiming_normal" ? std::sqrt(2 / double(fan_out))
                       : normal                   ? std::sqrt(2 / both)
                                                  : std::sqrt(6 / both);
  RandomStream stream(RandomKey(context.seed, "layer/" + made.name), 0);
  for (Real& value : made.values)
    value = static_cast<Real>(normal ? width * stream.normal() : stream.uniform(-width, width));
  return made;
}

template <class Real>
Weights<Real> begin_bias(const LayerDescription& layer, const LayerContext& context, std::size_t size,
                         double start, std::size_t fan_in) {
  const bool uniform = layer::starts[static_cast<std::size_t>(start)] == "kaiming_uniform";
  Weights<Real> made = begin_weights<Real>(layer, context, "bias", {size},
                                           uniform ? 0 : double(layer::starts.size() - 1), fan_in, size);
  made.decays = false;
  return made;
}

template <class Real>
std::unique_ptr<Layer<Real>> make_layer(const LayerDescription& description,
                                        std::span<const SignalShape> inputs, const LayerContext& context) {
  using Make = std::unique_ptr<Layer<Real>> (*)(const LayerDescription&, std::span<const SignalShape>,
                                                const LayerContext&);
  for (const Make make :
       {Make(make_delayed<Real>), Make(make_linear<Real>), Make(make_map<Real>), Make(make_sampling<Real>),
        Make(make_norm<Real>), Make(make_flex<Real>), Make(make_neurons<Real>), Make(make_readout<Real>)})
    if (auto made = make(description, inputs, context)) return made;
  throw Error(ErrorKind::internal, description.what.where,
              fmt::format("layer {}: nobody makes it", description.what.name));
}

template Weights<float> begin_weights(const LayerDescription&, const LayerContext&, std::string_view,
                                      const std::vector<std::size_t>&, double, std::size_t, std::size_t);
template Weights<double> begin_weights(const LayerDescription&, const LayerContext&, std::string_view,
                                       const std::vector<std::size_t>&, double, std::size_t, std::size_t);
template Weights<float> begin_bias(const LayerDescription&, const LayerContext&, std::size_t, double,
                                   std::size_t);
template Weights<double> begin_bias(const LayerDescription&, const LayerContext&, std::size_t, double,
                                    std::size_t);
template std::unique_ptr<Layer<float>> make_layer(const LayerDescription&, std::span<const SignalShape>,
                                                  const LayerContext&);
template std::unique_ptr<Layer<double>> make_layer(const LayerDescription&, std::span<const SignalShape>,
                                                   const LayerContext&);

}  // namespace synfire::learning
