#include "sim/cpu/engine.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "core/array.hpp"
#include "core/denormals.hpp"
#include "core/loops.hpp"
#include "sim/catalogue.hpp"
#include "sim/catalogue_rules.hpp"
#include "sim/catalogue_structure.hpp"
#include "sim/cpu/inlets.hpp"
#include "sim/cpu/joint.hpp"
#include "sim/cpu/links.hpp"
#include "sim/cpu/plastic.hpp"

namespace synfire {
namespace {

constexpr Step lead = 2 * Exchange::longest_window;  // how far a group may run ahead of those it feeds

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<float> weights_by_target(const ProjectionPlan& projection, Range range) {
  if (projection.one_weight()) return {static_cast<float>(projection.weight(0, 0))};
  std::vector<float> weights(range.count);
  for (std::uint32_t i = 0; i < range.count; ++i)
    weights[i] = static_cast<float>(projection.weight(range.first + i, 0));
  return weights;
}

SparseBlock make_block(const ProjectionPlan& projection, Range range, bool one_weight) {
  std::vector<std::uint32_t> row;
  const auto sources = [&](std::uint32_t t) -> const std::vector<std::uint32_t>& {
    row.clear();
    projection.connector->sources_of(range.first + t, row);
    return row;
  };
  const auto weight = [&](std::uint32_t t, std::uint32_t k) {
    return static_cast<float>(projection.weight(range.first + t, k));
  };
  const auto delay = [&](std::uint32_t t, std::uint32_t k) { return projection.delay(range.first + t, k); };
  return build_sparse(projection.from->size(), range.count, one_weight, projection.one_delay(), sources,
                      weight, delay);
}

}  // namespace

CpuEngine::CpuEngine(const BuildContext& context, const RunOptions& options)
    : context_(context), options_(options), threads_(threads_to_use()) {
  const auto start = Clock::now();
  const Plan plan = plan_for_ranks();
  workers_ = plan.workers;
  if (options_.ranks != nullptr) remote_ = std::make_unique<Remote>(*options_.ranks, plan, context_.network);
  together(options_.ranks, [&] { build(plan); });
  agree_on_delays();
  ReadingAges ages;
  together(options_.ranks, [&] { ages = join_neighbours(); });
  agree_on_ages(ages);
  together(options_.ranks, [&] {
    keep_histories(ages.oldest);
    assign_homes();
    if (remote_) remote_->exchange().begin(groups_, shards_, ages.least_remote);
  });
  build_s_ = seconds_since(start);
}

void CpuEngine::build(const Plan& plan) {
  make_shards(plan);
  make_inlets(plan);
  for (const auto& shard : shards_)
    shard->for_each_inlet([&](Inlet& inlet) {
      if (PlasticInlet* plastic = inlet.as_plastic()) shard->plastic.push_back(plastic);
    });
  link_masks(context_.network, shards_);
  link_structures(context_.network, shards_);
}

void CpuEngine::make_shards(const Plan& plan) {
  const std::size_t count = plan.groups / plan.ranks;
  const unsigned rank = options_.ranks != nullptr ? options_.ranks->rank() : 0;
  for (std::size_t g = 0; g < count; ++g) groups_.push_back(std::make_unique<Group>());
  for (const auto& population : plan.populations) {
    for (std::size_t part = 0; part < population.ranges.size(); ++part) {
      const Range range = population.ranges[part];
      parts_.push_back({population.index, range, nullptr});
      if (plan.rank_of(population.groups[part]) != rank) continue;
      auto shard = std::make_unique<Shard>();
      shard->population = population.index;
      shard->range = range;
      shard->neurons = population.neurons;
      shard->emitter = population.neurons ? make_neurons(context_, *population.description, range)
                                          : make_spike_source(context_, *population.description, range);
      shard->statistics = IntervalStatistics(range.count);
      shard->group = groups_[population.groups[part] % count].get();
      shard->group->shards.push_back(shard.get());
      parts_.back().shard = shard.get();
      shards_.push_back(std::move(shard));
    }
  }
}

std::unique_ptr<Inlet> CpuEngine::make_inlet(const ProjectionPlan& projection, const Shard& shard,
                                             std::span<float> input) const {
  if (projection.is_current) {
    const bool one_source = projection.from->size() == 1 && projection.to->size() != 1;
    return std::make_unique<CurrentInlet>(make_signal_source(context_, *projection.from), one_source,
                                          shard.range, weights_by_target(projection, shard.range),
                                          projection.delay(0, 0), input);
  }
  if (projection.is_fused)
    return std::make_unique<DriveInlet>(make_count_source(context_, *projection.from), shard.range,
                                        weights_by_target(projection, shard.range), projection.delay(0, 0),
                                        input);
  const auto& rules = projection.description->plasticity;
  if (projection.is_plastic) return make_plastic(projection, shard, input);
  const auto make = [&]<class Due>(std::unique_ptr<Release> release) -> std::unique_ptr<Inlet> {
    return std::make_unique<SparseInlet<Due>>(make_block(projection, shard.range, projection.one_weight()),
                                              shards_of(projection.description->from), std::move(release),
                                              input);
  };
  auto release = make_release(rules, projection.from->size(), context_.grid.dt_ms());
  return release ? make.operator()<TracedArrival>(std::move(release)) : make.operator()<Arrival>(nullptr);
}

std::vector<Shard*> CpuEngine::shards_of(std::size_t population) const {
  std::vector<Shard*> found;
  for (const auto& shard : shards_)
    if (shard->population == population) found.push_back(shard.get());
  if (!remote_) return found;
  for (const auto& ghost : remote_->exchange().ghosts())
    if (ghost->population == population) found.push_back(ghost.get());
  std::sort(found.begin(), found.end(),
            [](const Shard* a, const Shard* b) { return a->range.first < b->range.first; });
  return found;
}

std::unique_ptr<Inlet> CpuEngine::make_plastic(const ProjectionPlan& projection, const Shard& shard,
                                               std::span<float> input) const {
  const ProjectionDescription& description = *projection.description;
  PlasticParts parts;
  parts.projection = std::size_t(&description - context_.network.projections.data());
  parts.block = make_block(projection, shard.range, false);
  parts.feeders = shards_of(description.from);
  parts.release = make_release(description.plasticity, projection.from->size(), context_.grid.dt_ms());
  parts.input = input;
  parts.targets = shard.range;
  parts.dt_ms = context_.grid.dt_ms();
  add_structure(projection, parts);
  parts.mask = make_mask(projection, context_, shard.range, parts.block);
  if (projection.is_negative) {
    parts.sign = -1;
    for (float& weight : parts.block.weights) weight = -weight;
  }
  if (const RuleDescription* rule = rewarded_rule(description.plasticity)) {
    const auto& rewarding = context_.network.populations[*rule->reward];
    if (is_signal_model(rewarding.model)) {
      parts.reward.emplace(make_signal_source(context_, rewarding));
    } else {
      parts.reward.emplace(shards_of(*rule->reward), rule_parameter(*rule, "tau_d"), parts.dt_ms);
    }
  }
  return make_plastic_inlet(description.plasticity, std::move(parts));
}

void CpuEngine::add_structure(const ProjectionPlan& projection, PlasticParts& parts) const {
  const ProjectionDescription& description = *projection.description;
  parts.structure = make_structure_rule(projection, context_);
  if (!parts.structure) return;
  if (forms_synapses(description.plasticity) && !projection.one_delay()) {
    const auto steps = [&](double ms) { return std::max<Step>(1, context_.grid.nearest(ms)); };
    parts.block.min_delay = std::min(parts.block.min_delay, steps(description.delay.lowest()));
    parts.block.max_delay = std::max(parts.block.max_delay, steps(description.delay.highest()));
  }
  const RuleDescription& rule = *structural_rule(description.plasticity);
  if (!rule.next) return;
  const ProjectionDescription& next = context_.network.projections[*rule.next];
  if (remote_) refuse_remote_next(description, next);
  if (structural_rule(next.plasticity) != nullptr) parts.next = shards_of(next.to);
}

void CpuEngine::make_inlets(const Plan& plan) {
  struct Job {
    double synapses;
    std::function<void()> build;
  };
  std::vector<Job> jobs;
  for (const auto& group : groups_) {
    for (JointInlet& joint : place_joints(plan, *group)) {
      group->inlets.emplace_back();
      jobs.push_back({joint.expected_synapses(),
                      [this, slot = &group->inlets, n = group->inlets.size() - 1, made = std::move(joint)] {
                        (*slot)[n] = made.build(shards_of(made.from));
                      }});
    }
  }
  for (const auto& projection : plan.projections) {
    for (const auto& shard : shards_) {
      if (shard->population != projection.description->to) continue;
      const std::size_t slot = shard->inlets.size();
      shard->inlets.emplace_back();
      if (projection.joint) continue;
      const auto input = shard->emitter->input(projection.receptor);
      jobs.push_back({projection.connector->expected_synapses(), [this, &projection, &shard, slot, input] {
                        shard->inlets[slot] = make_inlet(projection, *shard, input);
                      }});
    }
  }
  // The largest first, so that no worker is left with one when the others are done.
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const Job& a, const Job& b) { return a.synapses > b.synapses; });
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads_);
  tbb::task_arena arena(static_cast<int>(threads_));
  std::mutex telling;
  double built = 0, all = 0;
  for (const Job& job : jobs) all += job.synapses;
  const auto tell = [&](const Job& job) {
    const std::lock_guard lock(telling);
    built += job.synapses;
    if (options_.building && all > 0) options_.building(built / all);
  };
  arena.execute([&] {
    std::atomic<std::size_t> next{0};
    tbb::parallel_for(0u, threads_, [&](unsigned) {
      for (std::size_t j = next++; j < jobs.size(); j = next++) jobs[j].build(), tell(jobs[j]);
    });
  });
}

CpuEngine::ReadingAges CpuEngine::join_neighbours() {
  ReadingAges ages{std::numeric_limits<Step>::max(), std::vector<Step>(context_.network.populations.size())};
  for (const auto& group : groups_) {
    std::map<Group*, Step> youngest;  // feeder -> the smallest age at which its spikes are read here
    std::map<Group*, Step> oldest;
    const auto add = [&](const Inlet& inlet) {
      for (const auto& [feeder, age, last] : inlet.feeders()) {
        const auto [young, is_new] = youngest.try_emplace(feeder->group, age);
        young->second = std::min(young->second, age);
        Step& old = oldest[feeder->group];
        old = std::max(old, age);
        Step& read = ages.oldest[feeder->population];
        read = std::max(read, last);
      }
    };
    for (const auto& inlet : group->inlets) add(*inlet);
    for (const Shard* shard : group->shards) shard->for_each_inlet(add);
    const auto join = [&](Group& other) {
      if (const auto found = youngest.find(&other); found != youngest.end())
        group->feeders.push_back({&other, found->second});
      if (const auto found = oldest.find(&other); found != oldest.end())
        other.fed.push_back({group.get(), found->second});
    };
    for (const auto& other : groups_)  // in a fixed order
      if (other != group) join(*other);
    if (!remote_) continue;
    for (const auto& sender : remote_->exchange().senders()) {
      join(*sender);
      const auto found = youngest.find(sender.get());
      if (found != youngest.end()) ages.least_remote = std::min(ages.least_remote, found->second);
      if (found == youngest.end()) group->feeders.push_back({sender.get(), lead});
    }
  }
  return ages;
}

// As long as any rank reads them: what is saved of a shard must do for all.
void CpuEngine::keep_histories(const std::vector<Step>& oldest_reading) {
  const auto keep = [&](Group& group) {
    Step oldest = 0;
    for (const Shard* shard : group.shards) oldest = std::max(oldest, oldest_reading[shard->population]);
    for (Shard* shard : group.shards) {
      if (oldest_reading[shard->population] == 0) continue;
      shard->history.keep(oldest + lead);
      group.history = shard->history.kept();
    }
  };
  for (const auto& group : groups_) keep(*group);
  if (!remote_) return;
  Exchange& exchange = remote_->exchange();
  for (const auto& sender : exchange.senders()) keep(*sender);
  const auto is_sent = [&](const Shard* shard) { return exchange.is_sent(*shard); };
  for (const auto& group : groups_)
    if (std::any_of(group->shards.begin(), group->shards.end(), is_sent))
      group->fed.push_back({&exchange.packing(), 0});
}

// Heaviest first to the worker with the least to do. Counts an update as 1 and a synapse as 1/1000 (a spike
// of each source once in a thousand steps).
void CpuEngine::assign_homes() {
  const auto cost = [](const Group& group) {
    double sum = 0;
    const auto add = [&sum](const Inlet& inlet) {
      sum += inlet.is_drive() ? 2.0 * double(inlet.synapses()) : double(inlet.synapses()) * 1e-3;
    };
    for (const auto& inlet : group.inlets) add(*inlet);
    for (const Shard* shard : group.shards) {
      sum += shard->range.count;
      shard->for_each_inlet(add);
    }
    return sum;
  };
  std::vector<Group*> order;
  for (const auto& group : groups_) order.push_back(group.get());
  std::stable_sort(order.begin(), order.end(), [&](Group* a, Group* b) { return cost(*a) > cost(*b); });
  homes_.assign(workers_, {});
  std::vector<double> load(workers_, 0);
  for (Group* group : order) {
    const auto least = static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    homes_[least].push_back(group);
    load[least] += cost(*group);
  }
}

Step CpuEngine::completed() const {
  Step least = std::numeric_limits<Step>::max();
  for (const auto& group : groups_) least = std::min(least, group->done.load(std::memory_order_acquire));
  return groups_.empty() ? 0 : least;
}

// Looks for a while whether a group becomes ready: the neighbour it waits for may be within a step of it.
bool CpuEngine::becomes_ready(const Group& group, int looks) {
  for (; looks > 0; --looks) {
    if (group.ready()) return true;
    pause_thread();
  }
  return group.ready();
}

// Runs a group as far as its neighbours allow; false when it could not move.
bool CpuEngine::run_group(Group& group, Step steps, int looks) {
  if (group.done.load(std::memory_order_relaxed) >= steps) return false;
  if (group.busy.test(std::memory_order_relaxed) || group.busy.test_and_set(std::memory_order_acquire))
    return false;
  constexpr int most_in_a_row = 64;  // then look at the others, whose data may be waited for
  int moved = 0;
  while (moved < most_in_a_row && group.done.load(std::memory_order_relaxed) < steps &&
         becomes_ready(group, looks)) {
    group.advance();
    ++moved;
    // What is finished goes to the other ranks at once, while the next window is computed.
    if (remote_ && remote_->exchange().closes_window(group.done.load(std::memory_order_relaxed))) break;
  }
  group.busy.clear(std::memory_order_release);
  return moved > 0;
}

// A worker runs the groups at home in its caches; after a while without work it takes anybody's.
void CpuEngine::work(unsigned worker, Step steps) {
  const FlushDenormals flush;
  constexpr int patience = 200, before_yielding = 50, looks_for_one = 200;
  int idle = 0;
  while (completed() < steps && !interrupted_.load(std::memory_order_relaxed)) {
    if (recording_->failed() || stop_asked()) {
      if (remote_) remote_->ask_to_stop();
      if (!remote_) interrupted_ = true;
    }
    if (remote_ && remote_->pauses()) interrupted_ = true;
    if (interrupted_) return;
    bool moved = remote_ && remote_->advance();
    const bool looks_closely = !remote_ && homes_[worker].size() == 1 && idle == 0;
    for (Group* group : homes_[worker]) moved |= run_group(*group, steps, looks_closely ? looks_for_one : 0);
    if (!moved && idle > patience)
      for (const auto& group : groups_) moved |= run_group(*group, steps, 0);
    idle = moved ? 0 : idle + 1;
    if (idle > before_yielding) std::this_thread::yield();
  }
}

bool CpuEngine::stop_asked() const {
  return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
}

// All shards to the same step, unless something interrupts; an exception in one worker ends the others, too.
void CpuEngine::work_until(Step steps) {
  interrupted_ = false;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers_);
  tbb::task_arena arena(static_cast<int>(workers_));
  arena.execute([&] {
    tbb::task_group group;
    for (unsigned w = 0; w < workers_; ++w) {
      group.run([this, w, steps] {
        try {
          work(w, steps);
        } catch (...) {
          interrupted_ = true;
          throw;
        }
      });
    }
    group.wait();
  });
}

Progress CpuEngine::progress(Step steps) const {
  Progress now{completed(), steps, 0};
  double spikes = 0, neurons = 0;
  for (const auto& shard : shards_) {
    if (!shard->neurons) continue;
    spikes += double(shard->spike_count.load(std::memory_order_relaxed));
    neurons += shard->range.count;
  }
  if (now.done > 0 && neurons > 0)
    now.mean_rate_hz = spikes / neurons / (context_.grid.time_ms(now.done) * 1e-3);
  return now;
}

// Reports progress until the run has ended, and does not make it wait for the next report.
void CpuEngine::watch(const std::stop_token& ended, Step steps) const {
  std::mutex mutex;
  std::condition_variable_any tick;
  std::unique_lock lock(mutex);
  do {
    options_.progress(progress(steps));
    tick.wait_for(lock, ended, std::chrono::milliseconds(50), [] { return false; });
  } while (!ended.stop_requested());
}

// Gives every record of weights a probe in each shard that has a part of it; how many these are.
std::vector<std::size_t> CpuEngine::place_probes() {
  std::vector<std::size_t> parts;
  for (const WeightRecord& record : context_.network.weight_records) {
    const std::size_t number = parts.size();
    parts.push_back(0);
    for (const Part& part : parts_)
      parts[number] += part.population == context_.network.projections[record.projection].to;
    for (const auto& shard : shards_)
      for (const PlasticInlet* inlet : shard->plastic)
        if (inlet->projection() == record.projection)
          shard->probes.push_back({number, inlet, WeightTimes(record, context_.grid)});
  }
  return parts;
}

void CpuEngine::start(RecordSink& sink) {
  const NetworkDescription& network = context_.network;
  std::vector<RecordedShard> recorded;
  std::vector<Shard*> recording;
  for (const Part& part : parts_) {
    const auto* record = record_of(network, part.population);
    if (record == nullptr) continue;
    ShardRecorder recorder(recorded.size(), *record, part.range, context_.grid,
                           recorded_variables(network, *record));
    recorded.push_back({part.population, recorder.trace_elements()});
    if (part.shard == nullptr) continue;
    part.shard->recorder = std::move(recorder);
    recording.push_back(part.shard);
  }
  const Step now = completed();
  auto weight_parts = place_probes();
  if (!remote_ || remote_->writes())
    recorder_ = std::make_unique<Recorder>(std::move(recorded), sink, std::move(weight_parts), now);
  recording_ = remote_ ? &remote_->start(recorder_.get()) : recorder_.get();
  for (Shard* shard : recording) shard->recorder.start(*recording_);
  for (const auto& shard : shards_) {
    shard->sink = recording_;
    if (!loaded_)  // whose weights are recorded already
      for (const WeightProbe& probe : shard->probes) probe.take(now, *recording_);
    for (PlasticInlet* inlet : shard->plastic)
      if (StructureRule* rule = inlet->structure())
        rule->announce = [this, p = inlet->projection()](Step point, const StructureEvent& event) {
          recording_->push(StructureChunk{p, point, event});
        };
  }
  const Step steps = context_.grid.nearest(network.simulation.duration);
  if (options_.progress)
    monitor_ = std::jthread([this, steps](const std::stop_token& ended) { watch(ended, steps); });
}

bool CpuEngine::advance(Step until) {
  const auto begin = Clock::now();
  if (remote_) {
    stopped_ = !advance_together(until);
    wall_s_ += seconds_since(begin);
    return !stopped_;
  }
  work_until(until);
  stopped_ = completed() < until;
  if (stopped_ && !recorder_->failed()) {
    // Stopped from outside: those behind catch up with the one that is furthest, so that the run has one end.
    options_.stop = nullptr;
    work_until(furthest());
  }
  wall_s_ += seconds_since(begin);
  return !stopped_;
}

Step CpuEngine::furthest() const {
  Step last = 0;
  for (const auto& group : groups_) last = std::max(last, group->done.load());
  return last;
}

void CpuEngine::hand_over() {
  for (const auto& shard : shards_)
    if (shard->recorder.active()) shard->recorder.hand_over(shard->group->done.load());
}

void CpuEngine::sync() {
  hand_over();
  if (remote_) remote_->bring_records();
  if (recorder_) recorder_->sync();
}

RunResult CpuEngine::finish() {
  if (monitor_.joinable()) {
    monitor_.request_stop();
    monitor_.join();
  }
  hand_over();
  if (remote_) remote_->drain(completed());
  together(options_.ranks, [this] {
    if (recorder_) recorder_->finish();
  });
  return result();
}

RunResult CpuEngine::result() const {
  Totals all = totals_of(shards_, groups_, context_.network.populations.size());
  all.result.synaptic_events += earlier_synaptic_events_;
  all.result.drive_events += earlier_drive_events_;
  all.result.build_s = build_s_;
  all.result.wall_s = wall_s_;
  if (remote_) remote_->gather(all);
  RunResult result = all.result;
  result.backend = "cpu";
  result.threads = threads_;
  result.workers = workers_;
  result.steps = completed();
  result.stopped_early = stopped_;
  result.biological_s = context_.grid.time_ms(result.steps) * 1e-3;
  result.populations = all.populations_of(context_.network, result.biological_s);
  return result;
}

}  // namespace synfire
