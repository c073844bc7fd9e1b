#include "sim/plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "core/array.hpp"
#include "networks/keys.hpp"
#include "sim/catalogue.hpp"
#include "sim/catalogue_rules.hpp"
#include "sim/catalogue_structure.hpp"
#include "sim/record.hpp"
#include "sim/statistics.hpp"
#include "synapses/sparse.hpp"

namespace synfire {
namespace {

constexpr std::size_t batch = 512;  // values drawn at once

bool is_recorded(const NetworkDescription& network, std::size_t population) {
  const auto* record = record_of(network, population);
  return record != nullptr && (record->spikes.all || !record->spikes.ids.empty());
}

// True when a structural rule of another projection counts the synapses of this one.
bool is_counted(const NetworkDescription& network, std::size_t projection) {
  return std::any_of(network.projections.begin(), network.projections.end(), [&](const auto& other) {
    const RuleDescription* rule = structural_rule(other.plasticity);
    return rule != nullptr && rule->next == projection;
  });
}

// The unit in which 16 bits hold the weights well enough, or 0: rounding must change none by more than a
// thousandth of their mean.
double compact_unit(const ProjectionPlan& projection, const NetworkDescription& network) {
  const Distribution& weight = projection.description->weight;
  if (projection.one_weight() || projection.connector->has_weights() || weight.is_listed() ||
      network.simulation.weights == keys::full_weights)
    return 0;
  const double size = std::max(std::abs(weight.practically_lowest()), std::abs(weight.practically_highest()));
  const double unit = size / CompactBlock::largest;
  return unit / 2 <= 1e-3 * std::abs(weight.mean()) ? unit : 0;
}

Step longest_delay(const ProjectionPlan& projection) {
  if (projection.connector->has_delays()) return DelayRun::max_delay;
  const double ms = std::min(projection.description->delay.highest(), DelayRun::max_delay * projection.dt_ms);
  return std::max<Step>(1, Grid(projection.dt_ms).nearest(ms));
}

JointPlan alone(const ProjectionPlan& projection, const NetworkDescription& network, std::size_t index) {
  JointPlan joint;
  joint.projections = {index};
  joint.from = projection.description->from;
  joint.receptor = projection.receptor;
  joint.weight_unit = compact_unit(projection, network);
  joint.weights = projection.one_weight() ? JointPlan::Weights::shared
                  : joint.weight_unit > 0 ? JointPlan::Weights::compact
                                          : JointPlan::Weights::full;
  joint.one_delay = projection.one_delay();
  joint.longest_delay = longest_delay(projection);
  return joint;
}

// True when both can be stored together: what is stored once for all must be the same.
bool fit(const Plan& plan, const JointPlan& a, const JointPlan& b) {
  if (a.from != b.from || a.receptor != b.receptor || a.weights != b.weights || a.one_delay != b.one_delay)
    return false;
  const ProjectionPlan &first = plan.projections[a.projections.front()],
                       &second = plan.projections[b.projections.front()];
  if (a.weights == JointPlan::Weights::shared && first.weight(0, 0) != second.weight(0, 0)) return false;
  return !a.one_delay || first.delay(0, 0) == second.delay(0, 0);
}

// Which projections are stored together depends on the network alone, so that the order in which a neuron
// sums its inputs does, too.
void join_projections(Plan& plan, const NetworkDescription& network) {
  for (std::size_t p = 0; p < plan.projections.size(); ++p) {
    ProjectionPlan& projection = plan.projections[p];
    if (projection.is_current || projection.is_fused || projection.is_plastic ||
        !projection.description->plasticity.empty() || is_counted(network, p))
      continue;
    JointPlan joint = alone(projection, network, p);
    const auto same = std::find_if(plan.joints.begin(), plan.joints.end(),
                                   [&](const JointPlan& other) { return fit(plan, other, joint); });
    projection.joint = static_cast<std::size_t>(same - plan.joints.begin());
    if (same == plan.joints.end()) {
      plan.joints.push_back(std::move(joint));
    } else {
      same->projections.push_back(p);
      same->weight_unit = std::max(same->weight_unit, joint.weight_unit);
      same->longest_delay = std::max(same->longest_delay, joint.longest_delay);
    }
  }
}

// Weights that a rule brings were not there when the description was checked.
void check_weights(ProjectionPlan& plan) {
  const Distribution& weight = plan.description->weight;
  const auto* listed = std::get_if<std::vector<double>>(&weight.shape);
  if (listed != nullptr && listed->size() != plan.connector->kernel_size())
    throw Error(ErrorKind::input, weight.where,
                fmt::format("weight of projection '{}': the list has {} entries, but the kernel has {}",
                            plan.description->name, listed->size(), plan.connector->kernel_size()));
  plan.is_negative = !plan.magnitude && weight.lowest() < 0 && weight.highest() <= 0;
  if (!plan.connector->has_weights()) return;
  using Sign = ReceptorInfo::Sign;
  const ReceptorInfo& receptor = model_info(plan.to->model).receptors[plan.receptor];
  bool positive = false, negative = false;
  for (std::uint32_t t = 0; t < plan.to->size(); ++t) {
    for (const float w : plan.connector->weights_of(t)) {
      positive = positive || w > 0;
      negative = negative || w < 0;
    }
  }
  plan.is_negative = !plan.magnitude && negative && !positive;
  const bool any_sign = plan.description->connect.given != nullptr && !receptor.magnitude;
  const bool fits = any_sign                          ? true
                    : receptor.sign == Sign::positive ? !negative
                    : receptor.sign == Sign::negative ? !(positive && (negative || !receptor.magnitude))
                                                      : true;
  if (fits) return;
  throw Error(
      ErrorKind::input, plan.description->where,
      fmt::format(
          "projection '{}': the weights of '{}' do not all fit the receptor '{}'; split the file by the sign "
          "of the weights and name the receptor of each part",
          plan.description->name, plan.description->connect.file, receptor.name));
}

std::vector<Range> cut(std::uint32_t size, std::uint32_t parts) {
  constexpr std::uint32_t grain = 64;  // groups of random draws are not cut (encoders/poisson)
  const std::uint32_t grains = (size + grain - 1) / grain;
  parts = std::clamp(parts, 1u, std::max(1u, grains));
  std::vector<Range> ranges;
  for (std::uint32_t p = 0; p < parts; ++p) {
    const auto edge = [&](std::uint64_t k) {
      return static_cast<std::uint32_t>(std::min<std::uint64_t>(size, grains * k / parts * grain));
    };
    const std::uint32_t first = edge(p), end = edge(p + 1);
    if (end > first) ranges.push_back({first, end - first});
  }
  return ranges;
}

// Structural rules compare all synapses of a projection, so one shard must have them.
bool is_restructured(const Plan& plan, std::size_t population) {
  return std::any_of(plan.projections.begin(), plan.projections.end(), [&](const auto& projection) {
    return projection.description->to == population &&
           structural_rule(projection.description->plasticity) != nullptr;
  });
}

// Every shard gets a group: the parts of a population one after another, a population of fewer parts to the
// groups that have the least to do. Structural rules know of each other, so their targets share a rank.
void assign_groups(Plan& plan) {
  const auto per_rank = static_cast<std::ptrdiff_t>(plan.groups / plan.ranks);
  std::vector<double> load(plan.groups, 0);
  const auto give = [&](PopulationPlan& population, std::size_t part, std::size_t group) {
    population.groups[part] = group;
    load[group] += population.ranges[part].count;
  };
  for (const bool whole : {true, false}) {
    for (auto& population : plan.populations) {
      population.groups.resize(population.ranges.size());
      if ((population.ranges.size() >= plan.groups) != whole) continue;
      const auto end = is_restructured(plan, population.index) ? load.begin() + per_rank : load.end();
      for (std::size_t part = 0; part < population.ranges.size(); ++part)
        give(population, part,
             whole ? part * plan.groups / population.ranges.size()
                   : static_cast<std::size_t>(std::min_element(load.begin(), end) - load.begin()));
    }
  }
}

// True when a mask of another projection competes with this one.
bool is_rival(const NetworkDescription& network, const ProjectionDescription& projection) {
  return std::any_of(network.projections.begin(), network.projections.end(), [&](const auto& other) {
    return other.mask && other.mask->competition &&
           &network.projections[other.mask->competition->against] == &projection;
  });
}

std::uint32_t part_count(std::uint32_t size, const Plan& plan, unsigned shards) {
  const std::uint32_t least = size / (SparseBlock::max_targets - 64) + 1;
  if (shards > 0) return std::max(shards * plan.ranks, least);
  const std::uint32_t worth_a_shard = plan.ranks > 1 ? 64 : 512;
  return std::max(std::min(static_cast<std::uint32_t>(plan.groups), size / worth_a_shard + 1), least);
}

// The shortest time, in steps, in which the spikes of one neuron can act on another.
Step lookahead(const Plan& plan, const Grid& grid) {
  Step least = DelayRun::max_delay;
  for (const auto& projection : plan.projections) {
    if (projection.is_current || projection.is_fused) continue;
    const double ms = projection.connector->has_delays() ? 0 : projection.description->delay.lowest();
    least = std::min(least, std::max<Step>(1, grid.nearest(ms)));
  }
  return least;
}

// Workers must wait for each other once per lookahead. Weighs that (some 0.9 us, measured) against the work
// shared: 0.4 ns an update, 1.5 ns a draw, 1 ns a synaptic event at an assumed 10 spikes/s of every neuron.
// Of each rank, whose share of the work it is.
unsigned worthwhile_workers(const BuildContext& context, const Plan& plan, unsigned threads) {
  double step_ns = 0;
  for (const auto& population : context.network.populations)
    if (is_neuron_model(population.model)) step_ns += 0.4 * population.size();
  for (const auto& projection : plan.projections) {
    const double synapses = projection.connector->expected_synapses();
    step_ns += projection.is_fused ? 1.5 * synapses : synapses * 10 * context.grid.dt_ms() * 1e-3;
  }
  const double window_ns = step_ns / plan.ranks * static_cast<double>(lookahead(plan, context.grid));
  const auto cost = [&](unsigned workers) { return window_ns / workers + (workers > 1 ? 900.0 : 0.0); };
  return cost(threads) < cost(1) ? threads : 1;
}

// Runs of equal delay: as many as a row has delays, and not more than synapses.
double run_bytes(const ProjectionPlan& projection, double synapses, std::size_t blocks) {
  if (projection.one_delay()) return 0;
  const Distribution& delay = projection.description->delay;
  const double span = delay.practically_highest() - delay.practically_lowest();
  const double delays = projection.connector->has_delays() ? synapses : span / projection.dt_ms + 1;
  const double rows = double(projection.from->size()) * double(blocks);
  return std::min(synapses, rows * delays) * sizeof(DelayRun);
}

double bytes_of(const ProjectionPlan& projection, std::size_t shards) {
  if (projection.is_fused || projection.is_current) return 0;
  const StructureSize structure = structure_size(projection);
  const double synapses = structure.synapses;
  const bool plastic = projection.is_plastic;
  // A plastic synapse is found by its target as well, and may have traces of its own.
  constexpr double per_plastic = sizeof(float) + 2 * sizeof(std::uint32_t) + 8;
  const double weight = plastic ? per_plastic : (projection.one_weight() ? 0 : sizeof(float));
  const double rows =
      static_cast<double>(projection.from->size()) * 2 * sizeof(std::uint64_t) * double(shards);
  // While a block is built with drawn delays, each synapse's delay is held beside it.
  const double built = projection.one_delay() ? 0 : sizeof(std::uint32_t);
  const double runs = run_bytes(projection, synapses, shards);
  const double each = sizeof(std::uint16_t) + weight + built + structure.bytes_each;
  return synapses * each + runs + rows + double(projection.connector->bytes());
}

double bytes_of(const Plan& plan, const JointPlan& joint) {
  double synapses = 0, runs = 0, connectors = 0;
  for (const std::size_t p : joint.projections) {
    const ProjectionPlan& projection = plan.projections[p];
    synapses += projection.connector->expected_synapses();
    runs = std::max(runs, run_bytes(projection, synapses, plan.groups));
    connectors += double(projection.connector->bytes());
  }
  using Weights = JointPlan::Weights;
  const double each = joint.weights == Weights::shared ? 2 : joint.weights == Weights::compact ? 4 : 6;
  const double rows = double(plan.projections[joint.projections.front()].from->size()) * 2 *
                      sizeof(std::uint64_t) * double(plan.groups);
  return synapses * each + runs + rows + connectors;
}

// Beside the blocks that are built at the same time, each synapse's delay is held.
double bytes_while_building(const Plan& plan, unsigned threads) {
  std::vector<double> delays;
  for (const JointPlan& joint : plan.joints) {
    if (joint.one_delay) continue;
    double synapses = 0;
    for (const std::size_t p : joint.projections)
      synapses += plan.projections[p].connector->expected_synapses();
    const double bytes = joint.longest_delay < (1 << 16) ? sizeof(std::uint16_t) : sizeof(std::uint32_t);
    delays.insert(delays.end(), plan.groups, synapses * bytes / double(plan.groups));
  }
  std::sort(delays.begin(), delays.end(), std::greater<>());
  delays.resize(std::min<std::size_t>(delays.size(), threads));
  return std::accumulate(delays.begin(), delays.end(), 0.0);
}

}  // namespace

double ProjectionPlan::weight(std::uint32_t target, std::uint32_t k) const {
  const double w = connector->has_weights() ? double(connector->weights_of(target)[k])
                   : connector->kernel_size() > 0
                       ? description->weight.sample(weight_key, connector->kernel_entry(target, k))
                       : description->weight.sample(weight_key, target, k);
  return magnitude ? std::abs(w) : w;
}

double ProjectionPlan::delay_ms(std::uint32_t target, std::uint32_t k) const {
  const double ms = connector->has_delays() ? double(connector->delays_of(target)[k])
                                            : description->delay.sample(delay_key, target, k);
  if (ms >= keys::shortest_delay) return ms;
  throw Error(ErrorKind::input, description->where,
              fmt::format("projection '{}': a delay of {} ms is below {} ms, the shortest possible",
                          description->name, ms, keys::shortest_delay));
}

double ProjectionPlan::mask(std::uint32_t target, std::uint32_t k) const {
  const MaskDescription& mask = *description->mask;
  return mask.initial.sample(mask_key, target, mask.per_target ? 0 : k);
}

Step ProjectionPlan::delay(std::uint32_t target, std::uint32_t k) const {
  const double ms = connector->has_delays() ? double(connector->delays_of(target)[k])
                                            : description->delay.sample(delay_key, target, k);
  if (connector->has_delays() && ms < dt_ms * (1 - 1e-6))
    throw Error(
        ErrorKind::input, description->where,
        fmt::format("projection '{}': '{}' has a delay of {} ms, which is below the time step of {} ms",
                    description->name, description->connect.file, ms, dt_ms));
  const Step steps = std::max<Step>(1, Grid(dt_ms).nearest(ms));
  if (steps > DelayRun::max_delay)
    throw Error(ErrorKind::input, description->where,
                fmt::format("projection '{}': a delay of {} ms is {} steps; at most {} are possible",
                            description->name, ms, steps, DelayRun::max_delay));
  return steps;
}

void ProjectionPlan::weights(std::uint32_t target, std::span<float> weights) const {
  if (connector->has_weights() || connector->kernel_size() > 0) {
    for (std::uint32_t k = 0; k < weights.size(); ++k) weights[k] = static_cast<float>(weight(target, k));
    return;
  }
  std::array<double, batch> drawn;
  for (std::size_t first = 0; first < weights.size(); first += batch) {
    const auto part = std::span(drawn).first(std::min(batch, weights.size() - first));
    description->weight.sample(weight_key, target, static_cast<std::uint32_t>(first), part);
    for (std::size_t i = 0; i < part.size(); ++i)
      weights[first + i] = static_cast<float>(magnitude ? std::abs(part[i]) : part[i]);
  }
}

void ProjectionPlan::delays(std::uint32_t target, std::span<std::uint32_t> delays) const {
  if (connector->has_delays() || description->delay.highest() > DelayRun::max_delay * dt_ms) {
    for (std::uint32_t k = 0; k < delays.size(); ++k)
      delays[k] = static_cast<std::uint32_t>(delay(target, k));
    return;
  }
  const Grid grid(dt_ms);
  std::array<double, batch> drawn;
  for (std::size_t first = 0; first < delays.size(); first += batch) {
    const auto part = std::span(drawn).first(std::min(batch, delays.size() - first));
    description->delay.sample(delay_key, target, static_cast<std::uint32_t>(first), part);
    for (std::size_t i = 0; i < part.size(); ++i)
      delays[first + i] = static_cast<std::uint32_t>(std::max<Step>(1, grid.nearest(part[i])));
  }
}

const PopulationPlan* Plan::population(std::size_t index) const {
  for (const auto& population : populations)
    if (population.index == index) return &population;
  return nullptr;
}

std::vector<ProjectionPlan> plan_projections(const BuildContext& context, bool may_fuse) {
  const NetworkDescription& network = context.network;
  std::vector<ProjectionPlan> plans;
  for (const auto& projection : network.projections) {
    const auto& from = network.populations[projection.from];
    const auto& to = network.populations[projection.to];
    ProjectionPlan plan;
    plan.description = &projection;
    plan.from = &from;
    plan.to = &to;
    ConnectContext connect;
    connect.source_shape = from.shape;
    connect.target_shape = to.shape;
    connect.sources = from.size();
    connect.targets = to.size();
    connect.same_population = projection.from == projection.to;
    connect.key = context.key(fmt::format("projection/{}/connect", projection.name));
    plan.connector = make_connector(projection.connect, connect);
    plan.receptor = projection.receptor.value_or(0);
    plan.magnitude = model_info(to.model).receptors[plan.receptor].magnitude;
    check_weights(plan);
    plan.weight_key = context.key(fmt::format("projection/{}/weight", projection.name));
    plan.delay_key = context.key(fmt::format("projection/{}/delay", projection.name));
    plan.mask_key = context.key(fmt::format("projection/{}/mask", projection.name));
    plan.dt_ms = context.grid.dt_ms();
    plan.is_current = is_signal_model(from.model);
    check_rules(projection.plasticity, projection.name);
    check_structure(plan);
    plan.is_plastic =
        changes_synapses(projection.plasticity) || projection.mask || is_rival(network, projection);
    plan.is_fused = may_fuse && !plan.is_current && plan.connector->is_identity() && plan.one_delay() &&
                    projection.plasticity.empty() && !plan.is_plastic &&
                    make_count_source(context, from) != nullptr;
    plans.push_back(std::move(plan));
  }
  return plans;
}

Plan make_plan(const BuildContext& context, unsigned threads, unsigned shards, unsigned ranks) {
  const NetworkDescription& network = context.network;
  Plan plan;
  plan.ranks = ranks;
  plan.projections = plan_projections(context, true);
  plan.workers = shards > 0 ? threads : worthwhile_workers(context, plan, threads);
  plan.groups = std::size_t(shards > 0 ? shards : plan.workers) * ranks;
  join_projections(plan, network);
  for (std::size_t i = 0; i < network.populations.size(); ++i) {
    const auto& population = network.populations[i];
    if (is_signal_model(population.model)) continue;
    const bool neurons = is_neuron_model(population.model);
    const bool needed =
        std::any_of(plan.projections.begin(), plan.projections.end(), [&](const auto& projection) {
          const RuleDescription* rewarded = rewarded_rule(projection.description->plasticity);
          return (projection.from == &population && !projection.is_fused) ||
                 (rewarded != nullptr && rewarded->reward == i);
        });
    if (!neurons && !needed && !is_recorded(network, i)) continue;
    const bool one_part = !neurons || is_restructured(plan, i);
    const std::uint32_t parts = one_part ? 1 : part_count(population.size(), plan, shards);
    plan.populations.push_back({&population, i, neurons, cut(population.size(), parts), {}});
    plan.expected_bytes += double(population.size()) *
                           double(bytes_per_neuron(population) + IntervalStatistics::bytes_per_neuron);
  }
  for (const auto& projection : plan.projections) {
    const auto* to = plan.population(projection.description->to);
    if (!projection.joint) plan.expected_bytes += bytes_of(projection, to->ranges.size());
    if (!projection.is_fused && !projection.is_current)
      plan.expected_synapses += projection.connector->expected_synapses();
  }
  for (const JointPlan& joint : plan.joints) plan.expected_bytes += bytes_of(plan, joint);
  plan.expected_bytes += bytes_while_building(plan, threads) * ranks;
  // What a connector holds is there on every rank.
  for (const auto& projection : plan.projections)
    plan.expected_bytes += double(projection.connector->bytes()) * (ranks - 1);
  assign_groups(plan);
  return plan;
}

void check_memory(double bytes, double synapses) {
  const std::size_t available = available_bytes();
  if (bytes <= static_cast<double>(available)) return;
  throw Error(
      ErrorKind::resource,
      fmt::format(
          "the network needs about {:.1f} GB of memory ({:.3g} synapses), {:.1f} GB are free; make it "
          "smaller, or use constant weights and delays, which take less",
          bytes * 1e-9, synapses, double(available) * 1e-9));
}

}  // namespace synfire
