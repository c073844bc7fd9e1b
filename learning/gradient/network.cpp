#include "learning/gradient/network.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/denormals.hpp"
#include "learning/gradient/products.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

// A size of 0 stands for as many as there are classes.
void size_by_classes(LayerDescription& layer, std::size_t classes) {
  if (layer.what.name == layer::Dense::describe().name && value_of(layer.what, &layer::Dense::size) == 0)
    layer.what.parameters["size"] = double(classes);
}

}  // namespace

template <class Real>
Network<Real>::Network(std::vector<LayerDescription> layers, const SignalShape& input, std::size_t classes,
                       const LayerContext& context, std::size_t parts, std::span<const Chosen> regularisers,
                       Ranks* ranks)
    : descriptions_(std::move(layers)),
      classes_(classes),
      sequence_(context.steps),
      parts_(parts),
      steps_(context.steps),
      ranks_(ranks),
      shared_(ranks, parts),
      recompute_(context.recompute) {
  for (const Chosen& chosen : regularisers) regularisers_.emplace_back(chosen);
  nodes_.resize(descriptions_.size());
  nodes_[0].shape = input;
  for (std::size_t k = 1; k < nodes_.size(); ++k) {
    std::vector<SignalShape> shapes;
    for (const std::size_t from : descriptions_[k].from) shapes.push_back(nodes_[from].shape);
    size_by_classes(descriptions_[k], classes_);
    nodes_[k].layer = make_layer<Real>(descriptions_[k], shapes, context);
    nodes_[k].shape = nodes_[k].layer->shape();
    nodes_[k].kept = !recompute_ || k + 1 == nodes_.size() || !nodes_[k].layer->again();
    for (const std::size_t from : descriptions_[k].from) {
      if (nodes_[from].last_reader == 0) nodes_[from].first_reader = k;
      nodes_[from].last_reader = k;
    }
  }
  for (auto& node : nodes_) {
    node.output.resize(parts), node.gradient.resize(parts);
    node.targets.resize(parts), node.later.resize(parts);
  }
  for (std::size_t k = 0; k + 1 < nodes_.size(); ++k)
    if (nodes_[k].last_reader == 0)
      throw Error(ErrorKind::input, descriptions_[k].what.where,
                  fmt::format("layer {}: no other layer reads it", descriptions_[k].name));
  check_answer(context.answer);
}

template <class Real> void Network<Real>::check_answer(Answer answer) const {
  const SignalShape& last = nodes_.back().shape;
  const LayerDescription& said = descriptions_.back();
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::input, said.what.where, fmt::format("layer {}: {}", said.name, why));
  };
  const auto shape = [](const FeatureShape& of) {
    return fmt::format("[{}, {}, {}]", of.height, of.width, of.channels);
  };
  if (answer == Answer::anything) return;
  if (answer == Answer::sample) {
    const SignalShape& input = nodes_.front().shape;
    if (last.features.size() != input.features.size())
      refuse(fmt::format("it has {} outputs, but samples are {}, which a reconstruction gives back",
                         shape(last.features), shape(input.features)));
    if (last.constant != input.constant)
      refuse(last.constant
                 ? "it has one answer, but samples have one in each step"
                 : "it has an answer in each step, but samples are the same in all; add a `readout`");
    return;
  }
  if (!last.constant) refuse("it has an answer in each step; end the layers with a `readout`");
  if (last.features.size() != classes_)
    refuse(fmt::format("it has {} outputs, but there are {} classes", last.features.size(), classes_));
}

template <class Real> void Network<Real>::check_windows() const {
  for (std::size_t k = 1; k < nodes_.size(); ++k)
    if (!nodes_[k].layer->has_windows())
      throw Error(
          ErrorKind::input, descriptions_[k].what.where,
          fmt::format("layer {}: {} sees all steps at once, so weights cannot move within a sequence; "
                      "write `method: bptt`",
                      descriptions_[k].name, descriptions_[k].what.name));
}

template <class Real> std::vector<Weights<Real>*> Network<Real>::weights() {
  std::vector<Weights<Real>*> all;
  for (auto& node : nodes_)
    if (node.layer)
      for (Weights<Real>* weights : node.layer->weights()) all.push_back(weights);
  return all;
}
template <class Real> std::vector<Weights<Real>*> Network<Real>::buffers() {
  std::vector<Weights<Real>*> all;
  for (auto& node : nodes_)
    if (node.layer)
      for (Weights<Real>* weights : node.layer->buffers()) all.push_back(weights);
  return all;
}
template <class Real> std::size_t Network<Real>::parameters() {
  std::size_t count = 0;
  for (const Weights<Real>* weights : this->weights()) count += weights->size();
  return count;
}

template <class Real>
std::vector<Real> Network<Real>::predict(const Batch<Real>& batch, std::uint64_t iteration,
                                         SequenceWindow window) {
  const Pass pass = begin(batch, false, false, iteration, window);
  forward(pass);
  std::vector<Real> outputs(batch.samples * classes_);
  for (std::size_t p = 0; p < parts_; ++p)
    std::copy_n(nodes_.back().output[p].data(), samples_[p] * classes_,
                outputs.data() + first_[p] * classes_);
  const SampleRange range = own(batch.samples);
  shared_.share(std::span(outputs), range.begin * classes_, range.end * classes_);
  return outputs;
}

template <class Real>
PassResult Network<Real>::evaluate(const Batch<Real>& batch, const Loss<Real>& loss, std::uint64_t iteration,
                                   SequenceWindow window) {
  const Pass pass = begin(batch, false, false, iteration, window);
  forward(pass);
  return judge(batch, loss, false);
}

template <class Real>
PassResult Network<Real>::learn(const Batch<Real>& batch, const Loss<Real>& loss, std::uint64_t iteration,
                                SequenceWindow window) {
  const Pass pass = begin(batch, true, true, iteration, window);
  forward(pass);
  PassResult result = judge(batch, loss, true);
  check_finite(result.loss);
  backward(pass, result);
  return result;
}

template <class Real>
PassResult Network<Real>::differentiate(const Batch<Real>& batch, const Loss<Real>& loss,
                                        std::uint64_t iteration, std::span<Real> by_input) {
  const Pass pass = begin(batch, false, true, iteration);
  forward(pass);
  PassResult result = judge(batch, loss, true);
  check_finite(result.loss);
  to_input_ = !by_input.empty();
  backward(pass, result);
  if (to_input_) take_input_gradient(by_input, batch.samples);
  to_input_ = false;
  return result;
}

// The other way round than `take`.
template <class Real> void Network<Real>::take_input_gradient(std::span<Real> by_input, std::size_t samples) {
  Node& node = nodes_.front();
  const std::size_t features = node.shape.features.size(), steps = node.shape.steps(steps_);
  if (by_input.size() < steps * samples * features)
    throw Error(ErrorKind::internal, "the gradient of a batch is smaller than the batch");
  for (std::size_t p = 0; p < parts_; ++p) {
    if (samples_[p] == 0) continue;
    for (std::size_t t = 0; t < steps; ++t)
      std::copy_n(node.gradient[p].data() + t * samples_[p] * features, samples_[p] * features,
                  by_input.data() + (t * samples + first_[p]) * features);
    spare_.give(std::move(node.gradient[p]));
    node.gradient[p] = {};
  }
}

template <class Real> std::vector<double> Network<Real>::mean_rates() const {
  std::vector<double> rates;
  for (const auto& node : nodes_) rates.push_back(node.layer ? node.layer->mean_rate() : -1);
  return rates;
}

template <class Real> std::vector<std::optional<Routing>> Network<Real>::routing() const {
  std::vector<std::optional<Routing>> all;
  for (const auto& node : nodes_) all.push_back(node.layer ? node.layer->routing() : std::nullopt);
  return all;
}

template <class Real> void Network<Real>::begin_epoch(std::uint64_t epoch) {
  for (auto& node : nodes_)
    if (node.layer) node.layer->begin_epoch(epoch);
}

// Parts are begun in their order, so that sums over them have few terms waiting.
template <class Real> template <class Visit> void Network<Real>::for_each_part(const Visit& visit) {
  std::atomic<std::size_t> next = 0;
  const auto workers = std::min(parts_, std::size_t(tbb::this_task_arena::max_concurrency()));
  tbb::parallel_for(std::size_t(0), workers, [&](std::size_t) {
    keep_to_this_thread();
    const FlushDenormals flush;
    for (std::size_t p = next++; p < parts_; p = next++)
      if (samples_[p] > 0) visit(p);
  });
}

template <class Real>
Pass Network<Real>::begin(const Batch<Real>& batch, bool training, bool backward, std::uint64_t iteration,
                          SequenceWindow window) {
  keep_to_this_thread();
  if (sequence_ % window.count != 0)
    throw Error(ErrorKind::internal,
                fmt::format("{} steps cannot be cut into {} windows", sequence_, window.count));
  steps_ = sequence_ / window.count;
  samples_.resize(parts_);
  first_.resize(parts_);
  for (std::size_t p = 0; p < parts_; ++p) {
    const bool here = shared_.begin() <= p && p < shared_.end();
    first_[p] = batch.samples * p / parts_;
    samples_[p] = here ? batch.samples * (p + 1) / parts_ - first_[p] : 0;
  }
  const Pass pass{training,       backward,
                  steps_,         parts_,
                  iteration,      0,
                  batch.samples,  shared_.alone() ? nullptr : &shared_,
                  window.number,  window.count,
                  window.repeated};
  for (auto& node : nodes_)
    if (node.layer) node.layer->begin(pass, samples_, spare_);
  take_input(batch);
  return pass;
}

template <class Real> SampleRange Network<Real>::own(std::size_t samples) const {
  return {samples * shared_.begin() / parts_, samples * shared_.end() / parts_};
}

template <class Real> void Network<Real>::take_input(const Batch<Real>& batch) {
  take(0, {batch.values.data(), batch.values.size()}, batch.samples);
}

// Cuts [steps, samples, features] into the parts of a batch.
template <class Real>
void Network<Real>::take(std::size_t k, std::span<const Real> values, std::size_t samples) {
  Node& node = nodes_[k];
  const std::size_t features = node.shape.features.size(), steps = node.shape.steps(steps_);
  if (values.size() < steps * samples * features)
    throw Error(ErrorKind::internal, "a batch is smaller than its samples");
  for_each_part([&](std::size_t p) {
    node.output[p].resize(size(k, p));
    for (std::size_t t = 0; t < steps; ++t)
      std::copy_n(values.data() + (t * samples + first_[p]) * features, samples_[p] * features,
                  node.output[p].data() + t * samples_[p] * features);
  });
}

template <class Real>
void Network<Real>::compute(const Batch<Real>& batch, std::span<const Given> given,
                            std::span<const std::size_t> wanted, std::uint64_t iteration) {
  const Pass pass = begin(batch, false, false, iteration);
  std::vector<bool> needed(nodes_.size(), false), is_given(nodes_.size(), false);
  is_given[0] = true;
  for (const Given& each : given) {
    take(each.layer, each.values, batch.samples);
    is_given[each.layer] = true;
  }
  for (const std::size_t layer : wanted) needed[layer] = true;
  for (std::size_t k = nodes_.size(); k-- > 0;)
    if (needed[k] && !is_given[k])
      for (const std::size_t from : descriptions_[k].from) needed[from] = true;
  std::vector<std::size_t> computed;
  for (std::size_t k = 1; k < nodes_.size(); ++k)
    if (needed[k] && !is_given[k]) computed.push_back(k);
  for (const std::size_t k : computed) nodes_[k].layer->before_forward(pass);
  for_each_part([&](std::size_t p) {
    for (const std::size_t k : computed) forward(pass, k, p, 0);
  });
  for (const std::size_t k : computed) nodes_[k].layer->after_forward(pass);
}

template <class Real> std::vector<Real> Network<Real>::gathered(std::size_t layer) const {
  const SignalShape& shape = nodes_[layer].shape;
  const std::size_t features = shape.features.size(), steps = shape.steps(steps_);
  std::size_t samples = 0;
  for (const std::size_t part : samples_) samples += part;
  std::vector<Real> all(steps * samples * features);
  for (std::size_t p = 0; p < parts_; ++p)
    if (nodes_[layer].output[p].size() < size(layer, p))
      throw Error(ErrorKind::internal, "the output of a layer was not kept");
  for (std::size_t p = 0; p < parts_; ++p)
    for (std::size_t t = 0; t < steps && samples_[p] > 0; ++t)
      std::copy_n(nodes_[layer].output[p].data() + t * samples_[p] * features, samples_[p] * features,
                  all.data() + (t * samples + first_[p]) * features);
  return all;
}

template <class Real> std::size_t Network<Real>::size(std::size_t node, std::size_t part) const {
  const SignalShape& shape = nodes_[node].shape;
  return shape.steps(steps_) * samples_[part] * shape.features.size();
}

// Layers of one round in a row are gone through part by part, so that what one of them writes is still in the
// cache when the next one reads it.
template <class Real> void Network<Real>::forward(const Pass& pass) {
  for (std::size_t k = 1; k < nodes_.size();) {
    std::size_t end = k + 1;
    const int rounds = nodes_[k].layer->rounds(pass);
    while (rounds == 1 && end < nodes_.size() && nodes_[end].layer->rounds(pass) == 1) ++end;
    for (std::size_t each = k; each < end; ++each) nodes_[each].layer->before_forward(pass);
    for (int round = 0; round < rounds; ++round) {
      for_each_part([&](std::size_t p) {
        for (std::size_t each = k; each < end; ++each) {
          forward(pass, each, p, round);
          if (round + 1 == rounds) drop_read(pass, each, p);
        }
      });
      for (std::size_t each = k; each < end; ++each) nodes_[each].layer->after_forward_round(pass, round);
    }
    for (std::size_t each = k; each < end; ++each) nodes_[each].layer->after_forward(pass);
    k = end;
  }
}

template <class Real> void Network<Real>::forward(const Pass& pass, std::size_t k, std::size_t p, int round) {
  Node& node = nodes_[k];
  std::vector<const Real*> inputs;
  for (const std::size_t from : descriptions_[k].from) inputs.push_back(nodes_[from].output[p].data());
  if (node.output[p].empty()) node.output[p] = spare_.take(size(k, p));
  node.output[p].resize(size(k, p));
  const Piece<Real> piece{p, samples_[p], first_[p], inputs, node.output[p].data(), nullptr, {}};
  node.layer->forward(pass, piece, round);
}

// What this layer was the last one to read is given up, if it can be had again or nobody will come back for
// it.
template <class Real> void Network<Real>::drop_read(const Pass& pass, std::size_t k, std::size_t p) {
  if (!recompute_) return;
  for (const std::size_t from : descriptions_[k].from) {
    Node& node = nodes_[from];
    if (from == 0 || (node.kept && pass.backward) || node.last_reader != k) continue;
    spare_.give(std::move(node.output[p]));
    node.output[p] = {};
  }
}

template <class Real> void Network<Real>::restore(const Pass& pass, std::size_t k, std::size_t p) {
  if (!nodes_[k].output[p].empty()) return;
  for (const std::size_t from : descriptions_[k].from) restore(pass, from, p);
  forward(pass, k, p, nodes_[k].layer->rounds(pass) - 1);
}

// What the way back through a layer reads.
template <class Real> void Network<Real>::restore_for(const Pass& pass, std::size_t k, std::size_t p) {
  for (const std::size_t from : descriptions_[k].from) restore(pass, from, p);
  if (nodes_[k].layer->reads_output() || !regularisers_.empty()) restore(pass, k, p);
}

template <class Real>
PassResult Network<Real>::judge(const Batch<Real>& batch, const Loss<Real>& loss, bool backward) {
  std::vector<double> losses(parts_, 0), correct(parts_, 0);
  Node& last = nodes_.back();
  const double scale = 1 / double(batch.samples);
  for (std::size_t p = 0; p < parts_; ++p) {
    if (samples_[p] == 0) continue;
    if (backward) give_gradient(nodes_.size() - 1, p);
    if (loss.reconstructs()) {
      const std::size_t elements = last.shape.steps(steps_) * last.shape.features.size();
      losses[p] = loss.distance(output(nodes_.size() - 1, p), output(0, p), elements, scale,
                                {last.gradient[p].data(), last.gradient[p].size()});
      continue;
    }
    const std::span<const Real> outputs(last.output[p].data(), samples_[p] * classes_);
    const std::span<const std::uint32_t> labels(batch.labels.data() + first_[p], samples_[p]);
    if (backward) {
      losses[p] = loss.evaluate(outputs, labels, classes_, scale, {last.gradient[p].data(), outputs.size()});
    } else {
      losses[p] = loss.evaluate(outputs, labels, classes_, scale);
    }
    for (std::size_t b = 0; b < samples_[p]; ++b) {
      const Real* row = outputs.data() + b * classes_;
      if (std::max_element(row, row + classes_) - row == std::ptrdiff_t(labels[b])) correct[p] += 1;
    }
  }
  shared_.share(std::span(losses));
  shared_.share(std::span(correct));
  PassResult result;
  for (std::size_t p = 0; p < parts_; ++p) {
    result.loss += losses[p];
    result.correct += static_cast<std::size_t>(correct[p]);
  }
  return result;
}

template <class Real> void Network<Real>::give_gradient(std::size_t k, std::size_t p) {
  nodes_[k].gradient[p] = spare_.take(size(k, p));
}

template <class Real> void Network<Real>::backward(const Pass& pass, PassResult& result) {
  std::vector<double> costs(parts_, 0);  // of the regularisers and of layers
  for (std::size_t end = nodes_.size(); end > 1;) {
    std::size_t k = end - 1;
    const int rounds = nodes_[k].layer->rounds(pass);
    while (rounds == 1 && k > 1 && nodes_[k - 1].layer->rounds(pass) == 1) --k;
    for (std::size_t each = end; each-- > k;) nodes_[each].layer->before_backward(pass);
    for (int round = 0; round < rounds; ++round) {
      for_each_part([&](std::size_t p) {
        for (std::size_t each = end; each-- > k;) {
          if (round == 0) restore_for(pass, each, p);
          if (round == 0 && pass.training && !regularisers_.empty()) costs[p] += regularise(pass, each, p);
          backward(pass, each, p, round);
          if (round + 1 == rounds) costs[p] += nodes_[each].layer->cost(p);
        }
      });
      for (std::size_t each = end; each-- > k;) nodes_[each].layer->after_backward_round(pass, round);
    }
    for (std::size_t each = end; each-- > k;) nodes_[each].layer->gather(pass);
    end = k;
  }
  shared_.share(std::span(costs));
  for (const double cost : costs) result.loss += cost;
}

// A layer that is read by several gets the sum of what each of them says: the first one writes, others add.
template <class Real>
void Network<Real>::backward(const Pass& pass, std::size_t k, std::size_t p, int round) {
  Node& node = nodes_[k];
  const auto& from = descriptions_[k].from;
  auto& targets = node.targets[p];
  auto& later = node.later[p];
  if (round == 0) {
    targets.assign(from.size(), nullptr);
    later.resize(from.size());
    for (std::size_t j = 0; j < from.size(); ++j) {
      if (from[j] == 0 && !to_input_) continue;
      if (nodes_[from[j]].gradient[p].empty()) {
        give_gradient(from[j], p);
        targets[j] = nodes_[from[j]].gradient[p].data();
      } else {
        later[j] = spare_.take(size(from[j], p));
        targets[j] = later[j].data();
      }
    }
  }
  std::vector<const Real*> inputs;
  for (const std::size_t source : from) inputs.push_back(nodes_[source].output[p].data());
  const Piece<Real> piece{
      p, samples_[p], first_[p], inputs, node.output[p].data(), node.gradient[p].data(), targets};
  node.layer->backward(pass, piece, round);
  if (round + 1 < node.layer->rounds(pass)) return;
  for (std::size_t j = 0; j < from.size(); ++j) {
    for (std::size_t i = 0; i < later[j].size(); ++i) nodes_[from[j]].gradient[p][i] += later[j][i];
    spare_.give(std::move(later[j]));
    later[j] = {};
  }
  spare_.give(std::move(node.gradient[p]));
  node.gradient[p] = {};
  // What no other layer and not its own way back reads any more can be had again if it must be.
  for (const std::size_t source : from)
    if (!nodes_[source].kept && nodes_[source].first_reader == k && !nodes_[source].layer->reads_output() &&
        regularisers_.empty()) {
      spare_.give(std::move(nodes_[source].output[p]));
      nodes_[source].output[p] = {};
    }
  // All that read its output are behind.
  if (!recompute_) return;
  spare_.give(std::move(node.output[p]));
  node.output[p] = {};
}

// Adds what the regularisers say of the rates of a spiking layer; gives their part of the loss.
template <class Real> double Network<Real>::regularise(const Pass& pass, std::size_t k, std::size_t p) {
  Node& node = nodes_[k];
  if (node.layer->mean_rate() < 0 || descriptions_[k].membrane) return 0;
  const std::size_t neurons = node.shape.features.size(), steps = node.shape.steps(pass.steps);
  const std::size_t row = samples_[p] * neurons;
  const auto count = double(pass.samples);
  double loss = 0;
  std::vector<Real> rates(row, Real(0)), slopes(row, Real(0));
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t i = 0; i < row; ++i) rates[i] += node.output[p][t * row + i] / Real(steps);
  for (const auto& regulariser : regularisers_)
    loss += regulariser.evaluate(rates, neurons, 1 / count, slopes);
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t i = 0; i < row; ++i) node.gradient[p][t * row + i] += slopes[i] / Real(steps);
  return loss;
}

template <class Real> void Network<Real>::check_finite(double loss) const {
  if (std::isfinite(loss)) return;
  together(ranks_, [&] { find_infinite(); });
  together(ranks_, [&] {
    throw Error(ErrorKind::input, descriptions_.back().what.where,
                "the loss is no longer a finite number; a smaller learning rate or `clip` may help");
  });
}

template <class Real> void Network<Real>::find_infinite() const {
  for (std::size_t k = 0; k < nodes_.size(); ++k)
    for (std::size_t p = 0; p < parts_; ++p) {
      if (nodes_[k].output[p].empty()) continue;
      const std::size_t step = samples_[p] * nodes_[k].shape.features.size();
      const auto values = output(k, p);
      const auto bad = std::find_if(values.begin(), values.end(), [](Real x) { return !std::isfinite(x); });
      if (bad == values.end()) continue;
      throw Error(ErrorKind::input, descriptions_[k].what.where,
                  fmt::format("layer {}: its output is no longer a finite number (step {} of {}); a smaller "
                              "learning rate or `clip` may help",
                              descriptions_[k].name, std::size_t(bad - values.begin()) / step + 1, steps_));
    }
}

template class Network<float>;
template class Network<double>;

}  // namespace synfire::learning
