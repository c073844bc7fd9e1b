#include "learning/bounds/bounded_network.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/denormals.hpp"
#include "learning/gradient/products.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning::bounds {

BoundedNetwork::BoundedNetwork(const std::vector<LayerDescription>& layers, const SignalShape& input,
                               const LayerContext& context, std::span<const Weights<float>* const> arrays,
                               FlexRule rule, std::size_t parts)
    : steps_(context.steps), samples_(parts), first_(parts) {
  LayerContext exact = context;
  exact.precision = Precision::single;
  Arrays by_name;
  for (const auto* array : arrays) by_name[array->name] = array;
  const Making making{exact, by_name};
  nodes_.resize(1);
  nodes_[0].name = layers[0].name, nodes_[0].shape = input;
  of_layer_ = {0};
  for (std::size_t k = 1; k < layers.size(); ++k) {
    std::vector<SignalShape> shapes;
    std::vector<std::size_t> from;
    for (const std::size_t layer : layers[k].from) {
      from.push_back(of_layer_[layer]);
      shapes.push_back(nodes_[from.back()].shape);
    }
    if (layers[k].what.name == layer::Flex::describe().name) {
      FlexPieces flex = make_flex_pieces(layers[k], shapes[0], making, rule);
      const std::size_t before = nodes_.size() - 1;
      for (auto& piece : flex.pieces) {
        for (std::size_t& each : piece.from) each = each == 0 ? from[0] : before + each;
        add(piece.name, std::move(piece.layer), std::move(piece.from));
      }
      nodes_.back().mix = flex.mix;
    } else {
      add(layers[k].name, make_bounded(layers[k], shapes, making), std::move(from));
    }
    of_layer_.push_back(nodes_.size() - 1);
  }
  for (Node& node : nodes_) node.low.resize(parts), node.high.resize(parts);
}
BoundedNetwork::~BoundedNetwork() = default;

void BoundedNetwork::add(std::string name, std::unique_ptr<BoundedLayer> layer,
                         std::vector<std::size_t> from) {
  Node node;
  node.name = std::move(name);
  node.shape = layer->shape();
  node.layer = std::move(layer);
  node.from = std::move(from);
  nodes_.push_back(std::move(node));
}

template <class Visit> void BoundedNetwork::for_each_part(const Visit& visit) {
  std::atomic<std::size_t> next = 0;
  const auto workers = std::min(samples_.size(), std::size_t(tbb::this_task_arena::max_concurrency()));
  tbb::parallel_for(std::size_t(0), workers, [&](std::size_t) {
    keep_to_this_thread();
    const FlushDenormals flush;
    for (std::size_t p = next++; p < samples_.size(); p = next++)
      if (samples_[p] > 0) visit(p);
  });
}

std::size_t BoundedNetwork::count(std::size_t node, std::size_t part) const {
  return nodes_[node].shape.steps(steps_) * samples_[part] * nodes_[node].shape.features.size();
}

std::vector<Bound<const float>> BoundedNetwork::inputs_of(std::size_t node, std::size_t part) const {
  std::vector<Bound<const float>> all;
  for (const std::size_t from : nodes_[node].from)
    all.push_back({nodes_[from].low[part].data(), nodes_[from].high[part].data()});
  return all;
}

Round BoundedNetwork::round(std::size_t functions, bool backward) const {
  Round made{steps_, samples_, backward};
  for (std::size_t& samples : made.samples) samples *= functions;
  return made;
}

void BoundedNetwork::bound(const Boxes& boxes) {
  keep_to_this_thread();
  const std::size_t parts = samples_.size(), features = nodes_[0].shape.features.size();
  for (std::size_t p = 0; p < parts; ++p) {
    first_[p] = boxes.samples * p / parts;
    samples_[p] = boxes.samples * (p + 1) / parts - first_[p];
    const auto take = [&](const LargeVector<float>& all, LargeVector<float>& own) {
      own.assign(all.begin() + std::ptrdiff_t(first_[p] * features),
                 all.begin() + std::ptrdiff_t((first_[p] + samples_[p]) * features));
    };
    take(boxes.low, nodes_[0].low[p]), take(boxes.high, nodes_[0].high[p]);
  }
  const Round forward = round(1, false);
  for (std::size_t k = 1; k < nodes_.size(); ++k) {
    Node& node = nodes_[k];
    if (node.mix != nullptr) node.mix->clear(parts);
    node.layer->begin(forward, spare_);
    for_each_part([&](std::size_t p) {
      node.low[p].resize(count(k, p)), node.high[p].resize(count(k, p));
      const auto inputs = inputs_of(k, p);
      node.layer->bound({p, samples_[p], steps_, inputs}, {node.low[p].data(), node.high[p].data()});
    });
    node.layer->end(forward);
  }
}

Boxes BoundedNetwork::gathered(std::size_t k) const {
  const Node& node = nodes_[k];
  const std::size_t features = node.shape.features.size(), steps = node.shape.steps(steps_);
  Boxes all;
  for (const std::size_t part : samples_) all.samples += part;
  all.low.resize(steps * all.samples * features), all.high.resize(all.low.size());
  for (std::size_t p = 0; p < samples_.size(); ++p)
    for (std::size_t t = 0; t < steps && samples_[p] > 0; ++t) {
      const std::size_t from = t * samples_[p] * features, to = (t * all.samples + first_[p]) * features;
      std::copy_n(node.low[p].data() + from, samples_[p] * features, all.low.data() + to);
      std::copy_n(node.high[p].data() + from, samples_[p] * features, all.high.data() + to);
    }
  return all;
}

Width BoundedNetwork::width(std::size_t k) const {
  Width made;
  std::size_t all = 0;
  for (std::size_t p = 0; p < samples_.size(); ++p) {
    const std::size_t size = samples_[p] == 0 ? 0 : count(k, p);
    for (std::size_t i = 0; i < size; ++i) {
      const double width = double(nodes_[k].high[p][i]) - double(nodes_[k].low[p][i]);
      made.mean += width, made.largest = std::max(made.largest, width);
      made.certain += width == 0 ? 1 : 0;
    }
    all += size;
  }
  made.mean /= double(all), made.certain /= double(all);
  return made;
}

std::vector<double> BoundedNetwork::relaxed_margins(std::span<const std::uint32_t> labels) {
  const std::size_t classes = this->classes(), last = nodes_.size() - 1;
  const Round back = round(classes, true);
  std::vector<double> margins(labels.size() * classes);
  std::vector<std::vector<LargeVector<float>>> held(nodes_.size(),
                                                    std::vector<LargeVector<float>>(samples_.size()));
  std::vector<std::vector<double>> constants(samples_.size());
  const auto room = [&](std::size_t k, std::size_t p) { return count(k, p) * classes; };
  for_each_part([&](std::size_t p) {
    constants[p].assign(samples_[p] * classes, 0);
    held[last][p].assign(room(last, p), 0);
    for (std::size_t b = 0; b < samples_[p]; ++b)
      for (std::size_t c = 0; c < classes; ++c) {
        float* row = held[last][p].data() + (b * classes + c) * classes;
        row[labels[first_[p] + b]] += 1, row[c] -= 1;
      }
  });
  for (std::size_t k = last; k > 0; --k) {
    Node& node = nodes_[k];
    node.layer->begin(back, spare_);
    for_each_part([&](std::size_t p) {
      if (held[k][p].empty()) return;
      const auto inputs = inputs_of(k, p);
      std::vector<LargeVector<float>> of_inputs;
      std::vector<float*> to;
      for (const std::size_t from : node.from) to.push_back(of_inputs.emplace_back(room(from, p)).data());
      node.layer->relax({{p, samples_[p], steps_, inputs},
                         {node.low[p].data(), node.high[p].data()},
                         classes,
                         held[k][p].data(),
                         to,
                         constants[p].data()});
      held[k][p] = {};
      for (std::size_t i = 0; i < node.from.size(); ++i) {
        LargeVector<float>& sum = held[node.from[i]][p];
        if (std::ranges::all_of(of_inputs[i], [](float a) { return a == 0; }))
          continue;  // only constants so far
        if (sum.empty()) {
          sum = std::move(of_inputs[i]);
        } else {
          for (std::size_t n = 0; n < sum.size(); ++n) sum[n] += of_inputs[i][n];
        }
      }
    });
    node.layer->end(back);
  }
  for_each_part([&](std::size_t p) {
    const std::size_t features = nodes_[0].shape.features.size();
    const float slack = rounding(std::size_t(1) << 16);
    for (std::size_t row = 0; row < samples_[p] * classes; ++row) {
      if (held[0][p].empty()) {
        margins[first_[p] * classes + row] = constants[p][row] - double(slack) * std::abs(constants[p][row]);
        continue;
      }
      const float* a = held[0][p].data() + row * features;
      const float* low = nodes_[0].low[p].data() + row / classes * features;
      const float* high = nodes_[0].high[p].data() + row / classes * features;
      double sum = 0, size = std::abs(constants[p][row]);
      for (std::size_t i = 0; i < features; ++i) {
        sum += double(a[i]) * double(a[i] > 0 ? low[i] : high[i]);
        size += double(std::abs(a[i])) * double(std::max(std::abs(low[i]), std::abs(high[i])));
      }
      margins[first_[p] * classes + row] = constants[p][row] + sum - double(slack) * size;
    }
  });
  return margins;
}

std::vector<double> BoundedNetwork::steepness(std::span<const float> unit) {
  const std::size_t last = nodes_.size() - 1, classes = this->classes();
  std::size_t samples = 0;
  for (const std::size_t part : samples_) samples += part;
  std::vector<double> all(samples * classes);
  std::vector<std::vector<LargeVector<float>>> steep(nodes_.size(),
                                                     std::vector<LargeVector<float>>(samples_.size()));
  std::vector<std::vector<char>> jumps(samples_.size());
  for_each_part([&](std::size_t p) {
    jumps[p].assign(samples_[p], 0);
    steep[0][p].resize(count(0, p));
    for (std::size_t i = 0; i < steep[0][p].size(); ++i) steep[0][p][i] = unit[i % unit.size()];
  });
  const Round forward = round(1, false);
  for (std::size_t k = 1; k < nodes_.size(); ++k) {
    Node& node = nodes_[k];
    node.layer->begin(forward, spare_);
    for_each_part([&](std::size_t p) {
      LargeVector<float>& mine = steep[k][p];
      mine.resize(count(k, p));
      std::vector<const float*> from;
      for (const std::size_t each : node.from) from.push_back(steep[each][p].data());
      const auto inputs = inputs_of(k, p);
      node.layer->steepness({p, samples_[p], steps_, inputs}, {node.low[p].data(), node.high[p].data()}, from,
                            mine.data());
      // A jump is told of its sample, and 0 goes on: infinity times 0 is nothing that could be added.
      for (std::size_t i = 0; i < mine.size(); ++i)
        if (!(mine[i] <= std::numeric_limits<float>::max())) {
          jumps[p][i / node.shape.features.size() % samples_[p]] = 1;
          mine[i] = 0;
        }
    });
    node.layer->end(forward);
  }
  for_each_part([&](std::size_t p) {
    for (std::size_t i = 0; i < samples_[p] * classes; ++i)
      all[first_[p] * classes + i] =
          jumps[p][i / classes] != 0 ? std::numeric_limits<double>::infinity() : double(steep[last][p][i]);
  });
  return all;
}

}  // namespace synfire::learning::bounds
