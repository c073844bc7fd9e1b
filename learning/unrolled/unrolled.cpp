#include "learning/unrolled/unrolled.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "learning/unrolled/linear_rows.hpp"
#include "networks/given_synapses.hpp"
#include "networks/layer_kinds.hpp"
#include "networks/training.hpp"
#include "sim/catalogue.hpp"

namespace synfire::learning {
namespace {

/// What a layer's output is made of.
enum class Nature : std::uint8_t {
  given,  ///< of the sample alone
  spikes,
  positive,  ///< a sum of spikes with no weight below 0
  linear,    ///< of spikes, with what is given
  numbers    ///< what synapses cannot carry
};

class Unroller {
 public:
  Unroller(const NetworkDescription& trained, Network<float>& network)
      : trained_(trained),
        network_(network),
        layers_(network.layers()),
        rows_(network),
        counted_(layers_.size(), false) {}

  Unrolled take() {
    check_training();
    find_signals();
    find_populations();
    if (made_.layers.empty())
      throw Error(ErrorKind::input, layers_.front().what.where,
                  "layers: there are no neurons among them, so there is nothing to simulate");
    made_.network.seed = trained_.seed;
    made_.network.simulation = trained_.simulation;
    made_.network.source_text = trained_.source_text;
    made_.network.source_file = trained_.source_file;
    for (std::size_t k = 0; k < made_.layers.size(); ++k) add_population(k);
    for (std::size_t k = 0; k < made_.layers.size(); ++k) connect(k);
    find_readers();
    record();
    made_.dense_behind = operations(layers_.size() - 1, made_.dense_before);
    return std::move(made_);
  }

 private:
  void check_training() const {
    const Chosen& loss = trained_.training->loss;
    if (loss.name == training::Reconstruction::describe().name)
      throw Error(
          ErrorKind::input, loss.where,
          "loss of training (reconstruction): the network decides nothing that a simulation could show; "
          "`synfire eval` judges it");
    const Chosen& membrane = trained_.training->membrane;
    if (membrane.name == training::OwnMembrane::describe().name) return;
    throw Error(ErrorKind::input, membrane.where,
                fmt::format("membrane of training ({}): neurons of a simulation keep their own membrane; "
                            "`synfire eval` judges such a network",
                            membrane.name));
  }

  // ---- What flows where ----

  void find_signals() {
    signals_.resize(layers_.size());
    for (std::size_t k = 1; k < layers_.size(); ++k) signals_[k] = signal_of(k);
  }

  Nature signal_of(std::size_t k) const {
    const LayerDescription& layer = layers_[k];
    if (layer.neurons) return has_membrane(k) ? Nature::numbers : Nature::spikes;
    Nature least = Nature::numbers, most = Nature::given;
    for (const std::size_t from : layer.from) {
      if (signals_[from] == Nature::numbers) return signals_[from];
      least = std::min(least, signals_[from]), most = std::max(most, signals_[from]);
    }
    return most == Nature::given ? most : nature_of(k, least, most);
  }

  Nature nature_of(std::size_t k, Nature least, Nature most) const {
    using Kind = LinearRows::Kind;
    if (rows_.changes(k)) return Nature::numbers;
    if (rows_.takes_largest(k)) return most == Nature::spikes ? Nature::spikes : Nature::numbers;
    switch (rows_.kind(k)) {
      case Kind::same:
        return most != Nature::linear || !is_activation(k) ? most : Nature::numbers;
      case Kind::pool:
      case Kind::whole:
        return std::max(most, Nature::positive);
      case Kind::sum:
        return std::max(most, least == Nature::given ? Nature::linear : Nature::positive);
      case Kind::none:
        return Nature::numbers;
      case Kind::flex:
        return rows_.pools_apart(k) && most != Nature::spikes ? Nature::numbers : Nature::linear;
      default:
        return Nature::linear;
    }
  }

  bool is_activation(std::size_t k) const {
    const std::string& kind = layers_[k].what.name;
    return kind != layer::Flatten::describe().name && kind != layer::Dropout::describe().name;
  }
  bool spikes(std::size_t k) const { return model_info(layers_[k].what.name).spikes; }
  bool has_membrane(std::size_t k) const { return layers_[k].membrane || !spikes(k); }
  bool routes(std::size_t k) const { return rows_.pools_apart(k) && signals_[k] == Nature::linear; }
  bool is_source(std::size_t k) const {
    return layers_[k].neurons || (rows_.takes_largest(k) && signals_[k] == Nature::spikes);
  }

  // Whether neurons hear what synapses cannot carry, or its sum must be known, as receptors are filled by it.
  bool steps(std::size_t k) const {
    if (!layers_[k].neurons) return false;
    const Nature heard = signals_[layers_[k].from[0]];
    return heard == Nature::numbers || (heard != Nature::given && !layers_[k].receptors.empty());
  }
  // That is computed step by step from the spikes so far, unless it takes membranes or all steps at once.
  std::optional<std::size_t> out_of_step(std::size_t k) const {
    if (layers_[k].neurons) return has_membrane(k) ? std::optional(k) : std::nullopt;
    if (signals_[k] == Nature::given) return std::nullopt;
    for (const std::size_t from : layers_[k].from)
      if (const auto found = out_of_step(from)) return found;
    return network_.shape(k).constant ? std::optional(k) : std::nullopt;
  }
  void check_in_step(std::size_t reader) const {
    const auto culprit = out_of_step(layers_[reader].from[0]);
    if (!culprit) return;
    const LayerDescription& layer = layers_[*culprit];
    throw Error(
        ErrorKind::input, layer.what.where,
        fmt::format("layer {}: the neurons '{}' behind it hear {}, which a simulation does not hand on; "
                    "`synfire eval` judges such a network",
                    layer.name, layers_[reader].name,
                    layer.neurons ? "its membrane" : "what follows from all steps together"));
  }

  // Neurons, and pools of spikes that neurons hear.
  void find_populations() {
    std::vector<bool> heard(layers_.size(), false);
    for (std::size_t k = layers_.size(); k-- > 1;) {
      if (!layers_[k].neurons && !heard[k]) continue;
      if (steps(k)) check_in_step(k);
      for (const std::size_t from : layers_[k].from) heard[from] = true;
    }
    for (std::size_t k = 1; k < layers_.size(); ++k) {
      const bool routed = heard[k] && routes(k);
      if (!layers_[k].neurons && !routed && !(heard[k] && is_source(k))) continue;
      UnrolledLayer layer;
      layer.layer = k;
      layer.routed = routed;
      layer.reads = layers_[k].from[0];
      layer.lag = std::max<Step>(0, lag_of(layer.reads) + 1);
      layer.drive_varies = is_given(layer.reads);
      layer.spikes = !layers_[k].neurons || spikes(k);
      made_.lag = std::max(made_.lag, layer.lag);
      (routed ? pool_place_ : place_)[k] = made_.layers.size();
      made_.layers.push_back(layer);
    }
  }

  // Of the last spikes that a layer's output is made of; -1 where there are none.
  Step lag_of(std::size_t k) const {
    if (const auto place = place_.find(k); place != place_.end()) return made_.layers[place->second].lag;
    Step most = -1;
    if (const auto pool = pool_place_.find(k); pool != pool_place_.end())
      most = made_.layers[pool->second].lag;
    for (const std::size_t from : layers_[k].from) most = std::max(most, lag_of(from));
    return most;
  }
  // True when the sample reaches a layer without passing neurons.
  bool is_given(std::size_t k) const {
    if (k == 0) return true;
    if (place_.contains(k)) return false;
    return std::any_of(layers_[k].from.begin(), layers_[k].from.end(),
                       [&](std::size_t from) { return is_given(from); });
  }

  // ---- Populations ----

  FeatureShape shape_of(const UnrolledLayer& made) const {
    return made.routed ? rows_.pool_shape(made.layer) : network_.shape(made.layer).features;
  }

  void add_population(std::size_t k) {
    UnrolledLayer& made = made_.layers[k];
    const LayerDescription& layer = layers_[made.layer];
    const FeatureShape shape = shape_of(made);
    std::vector<std::uint32_t> extents{static_cast<std::uint32_t>(shape.channels)};
    if (shape.places() > 1)
      extents = {static_cast<std::uint32_t>(shape.height), static_cast<std::uint32_t>(shape.width),
                 static_cast<std::uint32_t>(shape.channels)};
    made.population = made_.network.populations.size();
    if (!layer.neurons) {
      const std::string name = made.routed ? layer.name + ".pool" : layer.name;
      made_.network.populations.push_back(gate_population(name, std::move(extents)));
      made_.network.populations.back().where = layer.what.where;
      return;
    }
    PopulationDescription population;
    population.name = layer.name;
    population.model = layer.what.name;
    population.shape = std::move(extents);
    population.where = layer.what.where;
    for (const auto& [name, value] : layer.what.parameters) population.parameters[name] = Distribution(value);
    for (const auto& learned : layer.learned)
      population.parameters[learned.name] = Distribution(double(array(layer.name + "." + learned.name)[0]));
    if (model_info(layer.what.name).receptors[0].magnitude)
      throw Error(ErrorKind::input, layer.what.where,
                  fmt::format("layer {}: its inputs are conductances, which have no sign in the engines; "
                              "`synfire eval` judges such a network",
                              layer.name));
    made.drive = made.population + 1;
    made_.network.populations.push_back(std::move(population));
    made_.network.populations.push_back(
        fed_population(layer.name + ".drive", static_cast<std::uint32_t>(shape.size())));
    add_projection(*made.drive, made.population, 1).connect.rule = "one_to_one";
    for (const FilledReceptor& filled : layer.receptors) fill(filled, layer, made);
  }

  // A receptor whose weights hear values: what they give comes from a population of its own.
  void fill(const FilledReceptor& filled, const LayerDescription& layer, UnrolledLayer& made) {
    if (trained_.simulation.engine == "event")
      throw Error(
          ErrorKind::input, layer.what.where,
          fmt::format("layer {}: `receptors` need the states of neurons in each step, which the event "
                      "engine does not hand on; take `engine: batched`",
                      layer.name));
    const auto size = static_cast<std::uint32_t>(network_.shape(made.layer).features.size());
    const ReceptorInfo& receptor = model_info(layer.what.name).receptors[filled.receptor];
    made.filled.push_back(made_.network.populations.size());
    made_.network.populations.push_back(fed_population(layer.name + "." + receptor.name, size));
    auto& projection = add_projection(made.filled.back(), made.population, 1);
    projection.connect.rule = "one_to_one";
    projection.receptor = filled.receptor;
    made.dense_operations +=
        double(size) * double(size) * double(filled.sources.size()) * double(trained_.training->steps);
  }

  const std::vector<float>& array(const std::string& name) const {
    for (const Weights<float>* weights : network_.weights())
      if (weights->name == name) return weights->values;
    throw Error(ErrorKind::internal, fmt::format("no weights '{}'", name));
  }

  // ---- Synapses ----

  ProjectionDescription& add_projection(std::size_t from, std::size_t to, Step delay) {
    ProjectionDescription projection;
    const auto& populations = made_.network.populations;
    projection.name = fmt::format("{}->{}", populations[from].name, populations[to].name);
    projection.from = from, projection.to = to;
    projection.delay = Distribution(double(delay) * trained_.simulation.dt);
    projection.receptor = 0;
    projection.where = populations[to].where;
    made_.network.projections.push_back(std::move(projection));
    return made_.network.projections.back();
  }

  // The terms of one element of a layer, added up by source, delay and neuron; factors multiply along the
  // way, and delays add up.
  struct Terms {
    std::vector<double> sums;
    std::vector<bool> seen;
    std::vector<std::uint32_t> found;  // neurons with a sum
  };
  /// A source, and the steps after which it is heard beyond those of its way.
  using Heard = std::pair<std::size_t, std::size_t>;
  using AllTerms = std::map<Heard, Terms>;
  void expand(std::size_t layer, std::size_t element, double factor, std::size_t delay,
              AllTerms& terms) const {
    if (factor == 0 || signals_[layer] == Nature::given) return;
    const auto place = place_.find(layer);
    if (place == place_.end()) {
      const auto& inputs = layers_[layer].from;
      rows_.visit(layer, element, [&](std::size_t input, std::size_t from, double weight) {
        if (input < inputs.size())
          return expand(inputs[input], from, factor * weight, delay + rows_.delay(layer, element, from),
                        terms);
        add_term(terms.at({pool_place_.at(layer), delay}), from, factor * weight);
      });
      return;
    }
    add_term(terms.at({place->second, delay}), element, factor);
  }
  static void add_term(Terms& of, std::size_t element, double factor) {
    of.sums[element] += factor;
    if (of.seen[element]) return;
    of.seen[element] = true;
    of.found.push_back(static_cast<std::uint32_t>(element));
  }

  // The sources that a layer hears, not through others, with all delays up to `longest` and more.
  void find_sources(std::size_t layer, std::size_t longest, AllTerms& terms) const {
    const auto add = [&](std::size_t place) {
      const std::size_t size = shape_of(made_.layers[place]).size();
      for (std::size_t delay = 0; delay <= longest; ++delay)
        terms.try_emplace({place, delay}, Terms{std::vector<double>(size), std::vector<bool>(size), {}});
    };
    if (const auto place = place_.find(layer); place != place_.end()) return add(place->second);
    if (const auto pool = pool_place_.find(layer); pool != pool_place_.end()) add(pool->second);
    for (const std::size_t from : layers_[layer].from)
      find_sources(from, longest + rows_.longest_delay(layer), terms);
  }

  void connect(std::size_t to) {
    const UnrolledLayer& made = made_.layers[to];
    AllTerms terms;
    for (const std::size_t from : layers_[made.layer].from) find_sources(from, 0, terms);
    if (steps(made.layer)) {
      for (const auto& [heard, unused] : terms)
        if (heard.second == 0) made_.layers[to].steps_after.push_back(heard.first);
      terms.clear();
    }
    std::map<Heard, GivenSynapses> synapses;
    const std::size_t size = shape_of(made).size();
    for (std::size_t element = 0; element < size && !terms.empty(); ++element) {
      add_terms(to, element, terms);
      for (auto& [heard, of] : terms) take_row(of, synapses[heard]);
    }
    for (auto& [heard, all] : synapses) {
      if (heard.second > 0 && all.size() == 0) continue;
      const Step way = made.lag - made_.layers[heard.first].lag;
      add_wiring(heard.first, to, way + Step(heard.second), std::move(all));
    }
    if (layers_[made.layer].recurrent) connect_to_itself(to, size);
    made_.layers[to].dense_operations += operations(made.reads, made_.dense_before);
  }

  void add_terms(std::size_t to, std::size_t element, AllTerms& terms) const {
    const std::size_t layer = made_.layers[to].layer;
    const std::size_t from_layer = layers_[layer].from[0];
    if (layers_[layer].neurons) return expand(from_layer, element, 1, 0, terms);
    if (made_.layers[to].routed)
      return rows_.visit_pool(layer, element,
                              [&](std::size_t from) { expand(from_layer, from, 1, 0, terms); });
    rows_.visit(layer, element,
                [&](std::size_t, std::size_t from, double) { expand(from_layer, from, 1, 0, terms); });
  }

  static void take_row(Terms& terms, GivenSynapses& synapses) {
    std::sort(terms.found.begin(), terms.found.end());
    for (const std::uint32_t source : terms.found) {
      const auto weight = static_cast<float>(terms.sums[source]);
      terms.sums[source] = 0, terms.seen[source] = false;
      if (weight == 0) continue;
      synapses.sources.push_back(source);
      synapses.weights.push_back(weight);
    }
    synapses.begin.push_back(synapses.size());
    terms.found.clear();
  }

  void connect_to_itself(std::size_t k, std::size_t size) {
    const LayerDescription& layer = layers_[made_.layers[k].layer];
    const auto& weights = array(layer.name + ".recurrent");
    const auto* delays = layer.delays ? &array(layer.name + ".delay") : nullptr;
    const auto delay_of = [&](std::size_t n) { return delays != nullptr ? whole_delay((*delays)[n]) : 0; };
    std::vector<GivenSynapses> synapses(
        delays != nullptr ? whole_delay(*std::ranges::max_element(*delays)) + 1 : 1);
    for (std::size_t to = 0; to < size; ++to) {
      for (std::size_t from = 0; from < size; ++from) {
        const std::size_t n = to * size + from;
        if (weights[n] == 0) continue;
        synapses[delay_of(n)].sources.push_back(static_cast<std::uint32_t>(from));
        synapses[delay_of(n)].weights.push_back(weights[n]);
      }
      for (GivenSynapses& each : synapses) each.begin.push_back(each.size());
    }
    for (std::size_t delay = 0; delay < synapses.size(); ++delay)
      if (delay == 0 || synapses[delay].size() > 0)
        add_wiring(k, k, 1 + Step(delay), std::move(synapses[delay]));
    made_.layers[k].dense_operations += double(size) * double(size) * double(trained_.training->steps);
  }

  void add_wiring(std::size_t from, std::size_t to, Step delay, GivenSynapses synapses) {
    UnrolledWiring wiring{from, to, std::vector<std::uint32_t>(shape_of(made_.layers[from]).size())};
    for (const std::uint32_t source : synapses.sources) ++wiring.fan_out[source];
    made_.wirings.push_back(std::move(wiring));
    ProjectionDescription& projection =
        add_projection(made_.layers[from].population, made_.layers[to].population, delay);
    projection.connect.rule = "list";
    projection.connect.given = std::make_shared<const GivenSynapses>(std::move(synapses));
  }

  // Multiply-accumulates of a sample in a layer and all before it up to neurons, those that were not counted
  // yet; what is done before any neurons goes to `before`.
  double operations(std::size_t layer, double& before) {
    if (layer == 0 || counted_[layer] || place_.contains(layer)) return 0;
    counted_[layer] = true;
    double sum = 0;
    const double own =
        rows_.dense_operations(layer) * double(network_.shape(layer).steps(trained_.training->steps));
    (signals_[layer] == Nature::given ? before : sum) += own;
    for (const std::size_t from : layers_[layer].from) sum += operations(from, before);
    return sum;
  }

  // ---- What comes behind ----

  void find_readers() {
    std::vector<bool> needed(layers_.size(), false);
    needed.back() = true;
    for (std::size_t k = layers_.size(); k-- > 1;) {
      if (!needed[k]) continue;
      if (!layers_[k].neurons) {
        for (const std::size_t from : layers_[k].from) needed[from] = true;
        continue;
      }
      UnrolledLayer& layer = made_.layers[place_.at(k)];
      layer.is_read = true;
      layer.membrane = has_membrane(k);
    }
  }

  void record() {
    for (const UnrolledLayer& layer : made_.layers) {
      RecordDescription record{.population = layer.population, .spikes = Selection::none(), .traces = {}};
      if (layer.spikes) record.spikes = Selection{};
      if (layer.membrane)
        record.traces.push_back({model_info(layers_[layer.layer].what.name).state.front().name, Selection{},
                                 trained_.simulation.dt, layers_[layer.layer].what.where});
      if (layer.spikes || layer.membrane) made_.network.records.push_back(std::move(record));
    }
  }

  const NetworkDescription& trained_;
  Network<float>& network_;
  const std::vector<LayerDescription>& layers_;
  LinearRows rows_;
  std::vector<Nature> signals_;
  std::map<std::size_t, std::size_t> place_;       // layer -> its place among made_.layers
  std::map<std::size_t, std::size_t> pool_place_;  // the same for the pools of layers that route
  std::vector<bool> counted_;
  Unrolled made_;
};

}  // namespace

Unrolled unroll(const NetworkDescription& trained, Network<float>& network) {
  return Unroller(trained, network).take();
}

}  // namespace synfire::learning
