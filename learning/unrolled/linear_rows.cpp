#include "learning/unrolled/linear_rows.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

const Weights<float>* find(const std::vector<Weights<float>*>& arrays, const std::string& name) {
  const auto found =
      std::find_if(arrays.begin(), arrays.end(), [&](const auto* w) { return w->name == name; });
  return found == arrays.end() ? nullptr : *found;
}

const std::vector<float>& values(const std::vector<Weights<float>*>& arrays, const LayerDescription& layer,
                                 std::string_view what) {
  if (const auto* found = find(arrays, fmt::format("{}.{}", layer.name, what))) return found->values;
  throw Error(ErrorKind::internal, layer.what.where, fmt::format("layer {}: it has no {}", layer.name, what));
}

template <class Kind> bool is(const LayerDescription& layer) {
  return layer.what.name == Kind::describe().name;
}

// gamma a / sqrt(variance + epsilon)
std::vector<double> norm_factors(Network<float>& network, const LayerDescription& layer) {
  const auto p = values_of<layer::BatchNorm>(layer.what);
  const auto& gamma = values(network.weights(), layer, "weight");
  const auto& variance = values(network.buffers(), layer, "running_variance");
  std::vector<double> factors(gamma.size());
  for (std::size_t c = 0; c < gamma.size(); ++c)
    factors[c] = double(gamma[c]) * (p.scale * p.threshold) / std::sqrt(double(variance[c]) + p.epsilon);
  return factors;
}

}  // namespace

LinearRows::LinearRows(Network<float>& network) {
  rows_.resize(network.layers().size());
  for (std::size_t k = 1; k < rows_.size(); ++k) rows_[k] = row_of(network, k);
}

LinearRows::Row LinearRows::row_of(Network<float>& network, std::size_t k) const {
  const LayerDescription& layer = network.layers()[k];
  Row row;
  row.in = network.shape(layer.from[0]).features;
  row.out = network.shape(k).features;
  row.inputs = layer.from.size();
  const auto window = [&](const auto& p, Kind kind) {
    row.kind = kind;
    row.kernel = whole(p.kernel), row.stride = whole(p.stride), row.padding = whole(p.padding);
  };
  if (layer.neurons) return row;
  if (is<layer::Dense>(layer)) row.kind = Kind::dense;
  if (is<layer::Conv>(layer)) window(values_of<layer::Conv>(layer.what), Kind::conv);
  if (is<layer::TransposedConv>(layer))
    window(values_of<layer::TransposedConv>(layer.what), Kind::transposed);
  if (row.kind != Kind::none) {
    row.weights = values(network.weights(), layer, "weight");
    if (layer.delays) {
      row.delays = values(network.weights(), layer, "delay");
      row.longest_delay = whole_delay(*std::ranges::max_element(row.delays));
    }
  } else if (is<layer::MaxPool>(layer)) {
    window(values_of<layer::MaxPool>(layer.what), Kind::pool);
    row.largest = true;
  } else if (is<layer::AveragePool>(layer)) {
    window(values_of<layer::AveragePool>(layer.what), Kind::pool);
    row.share = 1 / double(row.kernel * row.kernel);
  } else if (is<layer::GlobalPool>(layer)) {
    row.kind = Kind::whole;
    row.largest = values_of<layer::GlobalPool>(layer.what).of != 0;
    row.share = row.largest ? 1 : 1 / double(row.in.places());
  } else if (is<layer::BatchNorm>(layer)) {
    row.kind = Kind::channelwise;
    row.factors = norm_factors(network, layer);
    row.changes = values(network.buffers(), layer, "running_variance").size() > row.factors.size();
  } else if (is<layer::Scale>(layer)) {
    row.kind = Kind::channelwise;
    row.factors = {double(values(network.weights(), layer, "factor")[0])};
  } else if (is<layer::Flatten>(layer) || is<layer::Dropout>(layer) || is<layer::Relu>(layer) ||
             is<layer::LeakyRelu>(layer) || is<layer::Celu>(layer)) {
    row.kind = Kind::same;  // activations: of what is not below 0
  } else if (is<layer::Add>(layer)) {
    row.kind = Kind::sum;
  } else if (is<layer::Flex>(layer)) {
    make_flex(network, layer, row);
  }
  if (row.kind == Kind::pool && row.stride == 0) row.stride = row.kernel;
  return row;
}

// Not linear while the mask is live: it depends on what it masks.
void LinearRows::make_flex(Network<float>& network, const LayerDescription& layer, Row& row) const {
  const auto p = values_of<layer::Flex>(layer.what);
  row.operations = double(row.out.size()) * p.kernel * p.kernel * double(row.in.channels);
  if (p.frozen_after == 0 || values(network.buffers(), layer, "frozen")[0] == 0) return;
  const auto& mask = values(network.buffers(), layer, "mask");
  row.kind = Kind::flex;
  row.kernel = whole(p.kernel), row.stride = whole(p.stride), row.padding = whole(p.padding);
  row.weights = values(network.weights(), layer, "weight");
  row.share = 1 / double(row.kernel * row.kernel);
  row.align.emplace(row.in.channels, row.out.channels, p.align == 1);
  const std::size_t copies = row.out.size() / mask.size();  // one mask may be that of all channels of a place
  for (std::size_t i = 0; i < row.out.size(); ++i) row.convolves.push_back(mask[i / copies] > 0.5f);
  row.largest = p.pool == 0 && std::ranges::count(row.convolves, false) > 0;
}

double LinearRows::dense_operations(std::size_t layer) const {
  const Row& row = rows_[layer];
  const double kernel = double(row.kernel * row.kernel);
  switch (row.kind) {
    case Kind::dense:
      return double(row.in.size()) * double(row.out.size());
    case Kind::conv:
      return double(row.out.size()) * kernel * double(row.in.channels);
    case Kind::transposed:
      return double(row.in.size()) * kernel * double(row.out.channels);
    default:
      return row.operations;
  }
}

}  // namespace synfire::learning
