#include "sim/reference/engine.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/array.hpp"
#include "sim/catalogue.hpp"
#include "sim/catalogue_rules.hpp"
#include "sim/catalogue_structure.hpp"
#include "sim/reference/connection.hpp"
#include "sim/statistics.hpp"

namespace synfire {
namespace {

using namespace reference;

/// One population with the input that lies ahead of it: pending[receptor][step mod pages][neuron].
struct Population {
  std::size_t index = 0;
  std::uint32_t size = 0;
  std::size_t receptors = 0;
  std::unique_ptr<ReferenceNeurons> neurons;
  std::unique_ptr<Emitter> source;
  std::vector<std::vector<std::vector<double>>> pending;
  IntervalStatistics statistics;
  std::vector<std::uint32_t> spikes;
  const RecordDescription* record = nullptr;
  std::vector<std::size_t> variables;  // of the record's traces
};

class ReferenceEngine final : public Engine {
 public:
  ReferenceEngine(const BuildContext& context, const RunOptions& options)
      : context_(context), options_(options) {
    const auto begin = Clock::now();
    const auto& network = context.network;
    for (std::size_t i = 0; i < network.populations.size(); ++i) add_population(i);
    const auto plans = plan_projections(context, false);
    double synapses = 0;
    for (const auto& plan : plans)
      if (!plan.is_current) synapses += plan.connector->expected_synapses();
    check_memory(synapses * sizeof(Synapse), synapses);
    for (const auto& plan : plans) add_connection(plan);
    for (auto& population : populations_)
      for (auto& receptor : population.pending)
        receptor.assign(std::size_t(longest_) + 1, std::vector<double>(population.size, 0.0));
    for (auto& connection : connections_)
      if (connection.learning) connection.learning->due.resize(std::size_t(longest_) + 1);
    link();
    build_s_ = std::chrono::duration<double>(Clock::now() - begin).count();
  }

  void start(RecordSink& sink) override {
    sink_ = &sink;
    record_weights(0);
    last_look_ = Clock::now();
  }

  bool advance(Step until) override {
    const auto begin = Clock::now();
    for (; done_ < until && !stop_asked(); ++done_) {
      advance_one(done_, *sink_);
      if (Clock::now() - last_look_ < std::chrono::milliseconds(200)) continue;
      last_look_ = Clock::now();
      sink_->flush(done_ + 1);
      if (options_.progress) options_.progress({done_ + 1, steps_, mean_rate_hz(done_ + 1)});
    }
    wall_s_ += std::chrono::duration<double>(Clock::now() - begin).count();
    stopped_ = done_ < until;
    return !stopped_;
  }

  RunResult finish() override {
    sink_->flush(done_);
    RunResult made = result(done_);
    made.build_s = build_s_;
    made.wall_s = wall_s_;
    made.stopped_early = stopped_;
    return made;
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool stop_asked() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }

  void advance_one(Step step, RecordSink& sink) {
    for (auto& connection : connections_)
      if (connection.current) add_current(connection, step);
    for (auto& connection : connections_)
      if (connection.learning) arrive(connection, step);
    for (auto& population : populations_) update(population, step);
    for (auto& connection : connections_)
      if (!connection.current) deliver(connection, step);
    for (std::size_t p = 0; p < connections_.size(); ++p)
      if (connections_[p].learning) learn(p, step + 1);
    for (auto& population : populations_) record(population, step, sink);
    record_weights(step + 1);
  }

  RunResult result(Step steps) const {
    RunResult result;
    result.backend = "reference";
    result.steps = steps;
    result.biological_s = context_.grid.time_ms(steps) * 1e-3;
    result.synaptic_events = events_;
    result.peak_rss_bytes = peak_resident_bytes();
    for (const auto& connection : connections_)
      for (const auto& row : connection.of_source) result.synapses += row.size();
    result.synapse_bytes = result.synapses * sizeof(Synapse);
    for (const auto& population : populations_) {
      if (!population.neurons && !population.source) continue;
      if (population.neurons) result.neuron_updates += std::uint64_t(population.size) * std::uint64_t(steps);
      PopulationResult p{context_.network.populations[population.index].name, population.size,
                         population.statistics.spikes(), 0, 0};
      double variation = 0;
      std::uint64_t varied = 0;
      population.statistics.add_variation(variation, varied);
      p.cv_isi = varied > 0 ? variation / double(varied) : 0;
      if (result.biological_s > 0) p.rate_hz = double(p.spikes) / p.neurons / result.biological_s;
      result.populations.push_back(p);
    }
    return result;
  }

  double mean_rate_hz(Step steps) const {
    double spikes = 0, neurons = 0;
    for (const auto& population : populations_) {
      if (!population.neurons) continue;
      spikes += double(population.statistics.spikes());
      neurons += population.size;
    }
    return neurons > 0 ? spikes / neurons / (context_.grid.time_ms(steps) * 1e-3) : 0;
  }

  void add_population(std::size_t index) {
    const auto& network = context_.network;
    const auto& description = network.populations[index];
    Population population;
    population.index = index;
    population.size = description.size();
    population.statistics = IntervalStatistics(population.size);
    population.record = record_of(network, index);
    if (is_neuron_model(description.model)) {
      const ModelInfo& info = model_info(description.model);
      population.receptors = info.receptors.size();
      population.pending.resize(population.receptors);
      population.neurons = make_reference_neurons(context_, description);
      if (population.record != nullptr)
        population.variables = recorded_variables(network, *population.record);
    } else if (!is_signal_model(description.model)) {
      population.source = make_spike_source(context_, description, {0, population.size});
    }
    populations_.push_back(std::move(population));
  }

  void add_connection(const ProjectionPlan& plan) {
    Connection connection;
    connection.from = plan.description->from;
    connection.to = plan.description->to;
    connection.receptor = plan.receptor;
    if (plan.is_current) {
      connection.current = make_signal_source(context_, *plan.from);
      connection.one_source = plan.from->size() == 1 && plan.to->size() != 1;
      connection.current_delay = plan.delay(0, 0);
      for (std::uint32_t t = 0; t < plan.to->size(); ++t)
        connection.current_weights.push_back(plan.weight(t, 0));
    } else {
      connection.of_source.resize(plan.from->size());
      std::vector<std::uint32_t> sources;
      std::size_t number = 0;
      for (std::uint32_t t = 0; t < plan.to->size(); ++t) {
        sources.clear();
        plan.connector->sources_of(t, sources);
        for (std::uint32_t k = 0; k < sources.size(); ++k) {
          const Synapse synapse{t, plan.delay(t, k), plan.weight(t, k), number++};
          longest_ = std::max(longest_, synapse.delay);
          connection.of_source[sources[k]].push_back(synapse);
        }
      }
      connection.release =
          make_release(plan.description->plasticity, plan.from->size(), context_.grid.dt_ms());
      if (plan.is_plastic) connection.learning = make_learning(plan, connection, number);
      if (forms_synapses(plan.description->plasticity))
        longest_ = std::max(longest_, context_.grid.nearest(plan.description->delay.highest()));
    }
    connections_.push_back(std::move(connection));
  }

  std::unique_ptr<Learning> make_learning(const ProjectionPlan& plan, const Connection& connection,
                                          std::size_t count) const {
    const auto& rules = plan.description->plasticity;
    auto learning = std::make_unique<Learning>();
    learning->sign = plan.is_negative ? -1 : 1;
    std::vector<ReferenceSynapses::Synapse> synapses(count);
    for (const auto& row : connection.of_source)
      for (const auto& synapse : row)
        synapses[synapse.number] = {synapse.target, learning->sign * synapse.weight};
    learning->synapses =
        make_reference_synapses(rules, std::move(synapses), plan.to->size(), context_.grid.dt_ms());
    learning->structure = make_structure_rule(plan, context_);
    learning->mask = make_mask(plan, context_);
    learning->rewarded = rewarded_rule(rules);
    if (learning->rewarded == nullptr) return learning;
    const auto& rewarding = context_.network.populations[*learning->rewarded->reward];
    if (is_signal_model(rewarding.model)) {
      learning->reward_current = make_signal_source(context_, rewarding);
    } else {
      learning->reward_rate = 1 / rule_parameter(*learning->rewarded, "tau_d");
    }
    return learning;
  }

  // What projections know of each other: masks that compete or complement, structures that rates refer to.
  void link() {
    const auto& projections = context_.network.projections;
    std::map<std::size_t, std::shared_ptr<StructureLog>> logs;
    for (std::size_t p = 0; p < projections.size(); ++p) {
      if (const auto& mask = projections[p].mask; mask && mask->complement_of)
        connections_[*mask->complement_of].learning->mask->lead(*connections_[p].learning->mask);
      if (const auto& mask = projections[p].mask; mask && mask->competition) {
        watch(connections_[p], mask->competition->tau);
        watch(connections_[mask->competition->against], mask->competition->tau);
      }
      const RuleDescription* rule = structural_rule(projections[p].plasticity);
      if (rule == nullptr) continue;
      StructureRule& structure = *connections_[p].learning->structure;
      structure.announce = [this, p](Step point, const StructureEvent& event) {
        sink_->structure(p, point, event);
      };
      if (!rule->next) continue;
      auto& log = logs[*rule->next];
      Connection& next = connections_[*rule->next];
      if (!log) {
        log = std::make_shared<StructureLog>();
        log->add(StructureLog::from_the_start, counts_of(next, populations_[next.to].size));
        if (next.learning && next.learning->structure) next.learning->structure->own = log;
      }
      structure.next = log;
    }
  }

  // After all that happens at a point of the grid.
  void learn(std::size_t p, Step point) {
    Connection& connection = connections_[p];
    Learning& learning = *connection.learning;
    learning.synapses->end_step(point - 1, populations_[connection.to].spikes);
    if (learning.structure && point % learning.structure->every == 0) restructure(connection, point);
    const auto& mask = context_.network.projections[p].mask;
    if (!mask) return;
    const Connection* rival = mask->competition ? &connections_[mask->competition->against] : nullptr;
    learn_mask(connection, rival, mask->competition ? mask->competition->tau : 0, point,
               populations_[connection.to].size);
  }

  // The reward at the beginning of a step, per ms: what came from spikes up to the step before.
  void take_reward(Learning& learning, Step step) {
    if (learning.rewarded == nullptr || step == 0) return;
    if (learning.reward_current) {
      float value = 0;
      learning.reward = learning.reward_current->values(step - 1, 0, {&value, 1}) ? double(value) * 1e-3 : 0;
      return;
    }
    learning.reward *= std::exp(-context_.grid.dt_ms() * learning.reward_rate);
    learning.reward += learning.reward_rate * double(populations_[*learning.rewarded->reward].spikes.size());
  }

  // Spikes of plastic projections meet their synapse when they arrive, not when they are emitted.
  void arrive(Connection& connection, Step step) {
    Learning& learning = *connection.learning;
    take_reward(learning, step);
    learning.synapses->begin_step(learning.reward, learning.reward_rate);
    decay_activity(learning, context_.grid.dt_ms());
    auto& page = learning.due[static_cast<std::size_t>(step % (longest_ + 1))];
    auto& input = pending(connection.to, connection.receptor, step);
    for (const auto& [k, part] : page) {
      input[learning.synapses->target(k)] +=
          learning.sign * part * mask_factor(learning, k) * learning.synapses->arrive(k);
      for (Activity& activity : learning.watched) activity.traces[k] += 1;
    }
    events_ += page.size();
    page.clear();
  }

  void record_weights(Step point) {
    for (std::size_t r = 0; r < context_.network.weight_records.size(); ++r) {
      const WeightRecord& record = context_.network.weight_records[r];
      if (!WeightTimes(record, context_.grid).contain(point)) continue;
      const Connection& connection = connections_[record.projection];
      SynapseTable table;
      for (std::uint32_t source = 0; source < connection.of_source.size(); ++source) {
        auto row = connection.of_source[source];
        std::stable_sort(row.begin(), row.end(), [](const Synapse& a, const Synapse& b) {
          return a.target != b.target ? a.target < b.target : a.delay < b.delay;
        });
        for (const Synapse& synapse : row) {
          table.sources.push_back(source);
          table.targets.push_back(synapse.target);
          table.weights.push_back(static_cast<float>(connection.learning->sign *
                                                     connection.learning->synapses->weight(synapse.number)));
          if (const Mask* mask = connection.learning->mask.get())
            table.masks.push_back(mask->values()[mask->per_target() ? synapse.target : synapse.number]);
        }
      }
      sink_->weights(r, point, table);
    }
  }

  std::vector<double>& pending(std::size_t population, std::size_t receptor, Step step) {
    return populations_[population].pending[receptor][static_cast<std::size_t>(step % (longest_ + 1))];
  }

  void add_current(Connection& connection, Step step) {
    const Step emitted = step - connection.current_delay;
    if (emitted < 0) return;
    auto& input = pending(connection.to, connection.receptor, step);
    std::vector<float> values(connection.one_source ? 1 : input.size());
    if (!connection.current->values(emitted, 0, values)) return;
    for (std::size_t i = 0; i < input.size(); ++i)
      input[i] += connection.current_weights[i] * double(values[connection.one_source ? 0 : i]);
  }

  void update(Population& population, Step step) {
    population.spikes.clear();
    if (population.source) population.source->step(step, population.spikes);
    if (population.neurons) {
      std::vector<double> input(population.receptors);
      for (std::uint32_t i = 0; i < population.size; ++i) {
        for (std::size_t r = 0; r < population.receptors; ++r) {
          double& waiting = pending(population.index, r, step)[i];
          input[r] = waiting;
          waiting = 0;
        }
        population.spikes.insert(population.spikes.end(), population.neurons->step(step, i, input), i);
      }
    }
    population.statistics.add(step, population.spikes);
  }

  void deliver(const Connection& connection, Step step) {
    for (const std::uint32_t source : populations_[connection.from].spikes) {
      const double part = connection.release ? connection.release->part(source, step, 1) : 1;
      for (const Synapse& synapse : connection.of_source[source]) {
        if (connection.learning) {
          connection.learning->due[static_cast<std::size_t>((step + synapse.delay) % (longest_ + 1))]
              .emplace_back(synapse.number, part);
        } else {
          pending(connection.to, connection.receptor, step + synapse.delay)[synapse.target] +=
              part * synapse.weight;
          if (step + synapse.delay < steps_) ++events_;  // the others do not arrive any more
        }
      }
      if (connection.learning && connection.learning->structure)
        connection.learning->flights.push_back({step, source, part});
    }
  }

  void record(const Population& population, Step step, RecordSink& sink) {
    if (population.record == nullptr) return;
    const Selection& chosen = population.record->spikes;
    std::vector<std::uint32_t> neurons;
    for (const std::uint32_t i : population.spikes)
      if (chosen.all || std::binary_search(chosen.ids.begin(), chosen.ids.end(), i)) neurons.push_back(i);
    if (!neurons.empty()) sink.spikes(population.index, std::vector<Step>(neurons.size(), step), neurons);
    for (std::size_t t = 0; t < population.variables.size(); ++t) {
      const auto& trace = population.record->traces[t];
      if ((step + 1) % std::max<Step>(1, context_.grid.nearest(trace.every)) != 0) continue;
      std::vector<float> frame;
      const auto sample = [&](std::uint32_t i) {
        frame.push_back(static_cast<float>(population.neurons->state(i, population.variables[t])));
      };
      if (trace.neurons.all)
        for (std::uint32_t i = 0; i < population.size; ++i) sample(i);
      for (const std::uint32_t i : trace.neurons.ids) sample(i);
      sink.frames(population.index, t, frame);
    }
  }

  BuildContext context_;
  RunOptions options_;
  double build_s_ = 0, wall_s_ = 0;
  RecordSink* sink_ = nullptr;
  Clock::time_point last_look_{};
  Step done_ = 0;
  bool stopped_ = false;
  std::vector<Population> populations_;
  std::vector<Connection> connections_;
  Step steps_ = context_.grid.nearest(context_.network.simulation.duration);
  Step longest_ = 1;  // delay of any synapse
  std::uint64_t events_ = 0;
};

}  // namespace

std::unique_ptr<Engine> make_reference_engine(const BuildContext& context, const RunOptions& options) {
  return std::make_unique<ReferenceEngine>(context, options);
}

}  // namespace synfire
