#include "sim/event/engine.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "core/array.hpp"
#include "sim/catalogue.hpp"
#include "sim/catalogue_rules.hpp"

namespace synfire {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Runs make(job) for each job, on so many threads.
template <class Make> void on_threads(unsigned threads, std::size_t jobs, const Make& make) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  arena.execute([&] { tbb::parallel_for(std::size_t(0), jobs, make); });
}

Range part(std::uint32_t size, std::size_t shard, std::size_t shards) {
  const auto edge = [&](std::size_t k) {
    return static_cast<std::uint32_t>(std::uint64_t(size) * k / shards);
  };
  return {edge(shard), edge(shard + 1) - edge(shard)};
}

// A second worker pays when the work between two meetings is much more than meeting costs.
unsigned worthwhile_workers(const std::vector<ProjectionPlan>& projections, unsigned threads) {
  constexpr double guessed_rate_per_ms = 0.005, event_ns = 100, meeting_ns = 5000;
  double lookahead = std::numeric_limits<double>::infinity(), synapses = 0;
  for (const auto& projection : projections) {
    if (projection.is_current || projection.connector->is_identity()) continue;
    synapses += projection.connector->expected_synapses();
    lookahead = std::min(lookahead,
                         projection.connector->has_delays() ? 0.1 : projection.description->delay.lowest());
  }
  if (!std::isfinite(lookahead)) return threads;
  const double window_ns = synapses * guessed_rate_per_ms * lookahead * event_ns;
  return window_ns / threads + meeting_ns < window_ns ? threads : 1;
}

bool is_needed(const NetworkDescription& network, std::size_t population) {
  if (is_neuron_model(network.populations[population].model)) return true;
  const auto* record = record_of(network, population);
  return (record != nullptr && (record->spikes.all || !record->spikes.ids.empty())) ||
         std::any_of(network.projections.begin(), network.projections.end(),
                     [&](const auto& projection) { return projection.from == population; });
}

}  // namespace

void check_event_network(const NetworkDescription& network) {
  for (const auto& population : network.populations)
    if (is_neuron_model(population.model)) require_event_form(population);
  for (const auto& projection : network.projections) require_event_rules(projection);
}

EventSize event_size(const BuildContext& context, const std::vector<ProjectionPlan>& projections) {
  constexpr double bytes_per_neuron = 256;  // state, predictions, queue
  EventSize size;
  for (const auto& population : context.network.populations)
    if (!is_signal_model(population.model)) size.bytes += population.size() * bytes_per_neuron;
  for (const auto& projection : projections) {
    if (projection.is_current) continue;
    const double synapses = projection.connector->expected_synapses();
    size.synapses += synapses;
    constexpr double learning = 56;  // traces, a weight of its own, the way from target to synapse
    const double each = double(EventSynapses::bytes_per_synapse(projection)) +
                        (projection.description->plasticity.empty() ? 0 : learning);
    size.bytes += synapses * each + double(projection.from->size()) * sizeof(std::uint64_t) +
                  double(projection.connector->bytes());
  }
  return size;
}

EventEngine::EventEngine(const BuildContext& context, const RunOptions& options)
    : context_(context),
      options_(options),
      threads_(options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency())),
      total_(context.grid.nearest(context.network.simulation.duration)) {
  const auto start = Clock::now();
  check_event_network(context_.network);
  projections_ = plan_projections(context_, false);
  workers_ = options.shards > 0 ? threads_ : worthwhile_workers(projections_, threads_);
  const EventSize size = event_size(context_, projections_);
  context_.tell(fmt::format("building {:.4g} synapses, about {:.1f} MB", size.synapses, size.bytes * 1e-6));
  check_memory(size.bytes, size.synapses);
  make_slices(options.shards > 0 ? options.shards : workers_);
  make_inlets();
  join_shards();
  on_threads(threads_, shards_.size(), [&](std::size_t s) { shards_[s]->start(); });
  build_s_ = seconds_since(start);
}

void EventEngine::make_slices(std::size_t shards) {
  const NetworkDescription& network = context_.network;
  std::uint32_t largest = 1;
  for (const auto& population : network.populations) largest = std::max(largest, population.size());
  shards = std::min<std::size_t>(shards, largest);
  for (std::size_t s = 0; s < shards; ++s) {
    shards_.push_back(std::make_unique<EventShard>());
    EventShard& shard = *shards_.back();
    shard.inlets_of.resize(network.populations.size());
    shard.exits_of.resize(network.populations.size());
    for (std::size_t p = 0; p < network.populations.size(); ++p) {
      const auto& population = network.populations[p];
      if (is_signal_model(population.model) || !is_needed(network, p)) continue;
      EventShard::Slice slice;
      slice.population = p;
      slice.range = part(population.size(), s, shards);
      if (is_neuron_model(population.model))
        slice.neurons = make_event_neurons(context_, population, slice.range);
      else
        slice.source = make_event_source(context_, population, slice.range);
      slice.statistics = IntervalStatistics(slice.range.count);
      shard.slices.push_back(std::move(slice));
    }
  }
}

void EventEngine::add_current(const ProjectionPlan& projection) {
  for (const auto& shard : shards_) {
    for (std::size_t s = 0; s < shard->slices.size(); ++s) {
      const auto& slice = shard->slices[s];
      if (slice.population != projection.description->to) continue;
      EventShard::CurrentInlet inlet;
      inlet.slice = s;
      using Sign = ReceptorInfo::Sign;
      const ReceptorInfo& receptor = model_info(projection.to->model).receptors[projection.receptor];
      if (receptor.sign != Sign::continuous) inlet.receptor = projection.receptor;
      if (projection.from->fed && !inlet.receptor) inlet.held = projection.description->from;
      inlet.signal = make_event_signal(context_, *projection.from);
      inlet.one_source = projection.from->size() == 1 && projection.to->size() != 1;
      inlet.delay = projection.delay_ms(0, 0);
      inlet.weights.push_back(projection.weight(0, 0));
      for (std::uint32_t i = 0; i < slice.range.count && !projection.one_weight(); ++i) {
        inlet.weights.resize(slice.range.count);
        inlet.weights[i] = projection.weight(slice.range.first + i, 0);
      }
      inlet.values.assign(std::max(1u, slice.range.count), 0.0);
      shard->currents.push_back(std::move(inlet));
    }
  }
}

void EventEngine::make_inlets() {
  struct Job {
    const ProjectionPlan* projection;
    EventShard* shard;
    std::size_t slice, inlet;
  };
  std::vector<Job> jobs;
  for (const auto& projection : projections_) {
    if (projection.is_current) {
      add_current(projection);
      continue;
    }
    for (const auto& shard : shards_) {
      for (std::size_t s = 0; s < shard->slices.size(); ++s) {
        if (shard->slices[s].population != projection.description->to) continue;
        const std::size_t place = shard->inlets.size();
        shard->inlets_of[projection.description->from].push_back(static_cast<std::uint32_t>(place));
        shard->inlets.emplace_back();
        jobs.push_back({&projection, shard.get(), s, place});
      }
    }
  }
  on_threads(threads_, jobs.size(), [&](std::size_t j) {
    const auto& [projection, shard, slice, place] = jobs[j];
    shard->inlets[place] = make_inlet(*projection, *shard, slice);
  });
  for (const auto& shard : shards_) {
    shard->taught_by.resize(shard->slices.size());
    for (std::uint32_t k = 0; k < shard->inlets.size(); ++k)
      if (shard->inlets[k]->plasticity) shard->taught_by[shard->inlets[k]->slice].push_back(k);
  }
}

std::unique_ptr<EventShard::Inlet> EventEngine::make_inlet(const ProjectionPlan& projection,
                                                           const EventShard& shard, std::size_t slice) const {
  const auto& rules = projection.description->plasticity;
  const Range range = shard.slices[slice].range;
  const bool changing = !rules.empty() && changes_synapses(rules);
  const auto number = std::size_t(projection.description - context_.network.projections.data());
  auto inlet = std::make_unique<EventShard::Inlet>(EventShard::Inlet{
      number, slice, projection.receptor, EventSynapses(projection, range, changing), nullptr, nullptr});
  inlet->plasticity = make_event_plasticity(projection, inlet->synapses, range.count);
  inlet->release = make_event_release(rules, projection.from->size());
  return inlet;
}

// A door from each shard that has synapses into another, with the shortest delay of these.
void EventEngine::join_shards() {
  for (const auto& shard : shards_) {
    for (const auto& from : shards_) {
      if (from == shard) continue;
      for (const auto& slice : from->slices) {
        double shortest = std::numeric_limits<double>::infinity();
        for (const std::uint32_t inlet : shard->inlets_of[slice.population])
          shortest = std::min(shortest, shard->inlets[inlet]->synapses.shortest_delay(slice.range));
        if (!std::isfinite(shortest)) continue;
        auto& door = shard->feeder(*from);
        door.lookahead = std::min(door.lookahead, shortest);
        from->exits_of[slice.population].push_back(from->exit_to(*shard, door));
      }
    }
  }
}

double EventEngine::completed() const {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& shard : shards_) least = std::min(least, shard->done());
  return least;
}

// A worker runs its own shards first; those of others, when it has nothing to do.
void EventEngine::work(unsigned worker, double time) {
  constexpr int patience = 200, before_yielding = 50;
  int idle = 0;
  while (completed() < time && !interrupted_.load(std::memory_order_relaxed)) {
    if ((recorder_ && recorder_->failed()) || stop_asked()) {
      interrupted_ = true;
      return;
    }
    bool moved = false;
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      const bool mine = s % workers_ == worker;
      if ((!mine && idle < patience) || !shards_[s]->claim()) continue;
      moved |= shards_[s]->run(time);
      shards_[s]->release();
    }
    idle = moved ? 0 : idle + 1;
    if (idle > before_yielding) std::this_thread::yield();
  }
}

void EventEngine::work_until(double time) {
  interrupted_ = false;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers_);
  tbb::task_arena arena(static_cast<int>(workers_));
  arena.execute([&] {
    tbb::task_group group;
    for (unsigned w = 0; w < workers_; ++w) {
      group.run([this, w, time] {
        try {
          work(w, time);
        } catch (...) {
          interrupted_ = true;
          throw;
        }
      });
    }
    group.wait();
  });
}

Progress EventEngine::progress() const {
  Progress now{std::min(total_, context_.grid.floor(completed())), total_, 0};
  double spikes = 0, neurons = 0;
  for (const auto& shard : shards_) {
    spikes += double(shard->spikes());
    for (const auto& slice : shard->slices)
      if (slice.neurons) neurons += slice.range.count;
  }
  if (now.done > 0 && neurons > 0)
    now.mean_rate_hz = spikes / neurons / (context_.grid.time_ms(now.done) * 1e-3);
  return now;
}

// Reports progress until the run has ended, and does not make it wait for the next report.
void EventEngine::watch(const std::stop_token& ended) const {
  std::mutex mutex;
  std::condition_variable_any tick;
  std::unique_lock lock(mutex);
  do {
    options_.progress(progress());
    tick.wait_for(lock, ended, std::chrono::milliseconds(50), [] { return false; });
  } while (!ended.stop_requested());
}

// Gives every record of weights a probe in each shard that has a part of it; how many these are.
std::vector<std::size_t> EventEngine::place_probes() {
  std::vector<std::size_t> parts;
  for (const WeightRecord& record : context_.network.weight_records) {
    const std::size_t number = parts.size();
    parts.push_back(0);
    for (const auto& shard : shards_) {
      for (const auto& inlet : shard->inlets) {
        if (inlet->projection != record.projection || !inlet->plasticity) continue;
        shard->probes.push_back({number, inlet.get(), WeightTimes(record, context_.grid), 0});
        ++parts[number];
      }
    }
  }
  return parts;
}

void EventEngine::start(RecordSink& sink) {
  const NetworkDescription& network = context_.network;
  std::vector<RecordedShard> recorded;
  std::vector<EventShard::Slice*> recording;
  for (const auto& shard : shards_) {
    for (auto& slice : shard->slices) {
      const auto* record = record_of(network, slice.population);
      if (record == nullptr) continue;
      slice.recording = EventRecording(recorded.size(), *record, slice.range, context_.grid,
                                       recorded_variables(network, *record));
      recorded.push_back({slice.population, slice.recording.trace_elements()});
      recording.push_back(&slice);
    }
  }
  recorder_ = std::make_unique<Recorder>(std::move(recorded), sink, place_probes());
  for (auto* slice : recording) slice->recording.start(*recorder_);
  for (const auto& shard : shards_) shard->probe_into(*recorder_, context_.grid);
  if (options_.progress) monitor_ = std::jthread([this](const std::stop_token& ended) { watch(ended); });
}

bool EventEngine::advance(Step until) {
  const auto just_after = [&](Step step) {
    return std::nextafter(context_.grid.time_ms(step), std::numeric_limits<double>::infinity());
  };
  const auto begin = Clock::now();
  work_until(just_after(until));
  reached_ = until;
  if (completed() < just_after(until) && !recorder_->failed()) {
    // Stopped from outside: all go on to the first step that the furthest has not passed, so that the run has
    // one end.
    double furthest = 0;
    for (const auto& shard : shards_) furthest = std::max(furthest, shard->done());
    while (reached_ > 0 && just_after(reached_ - 1) >= furthest) reached_ = reached_ - 1;
    options_.stop = nullptr;
    work_until(just_after(reached_));
  }
  wall_s_ += seconds_since(begin);
  return reached_ == until;
}

void EventEngine::sync() {
  for (const auto& shard : shards_) shard->hand_over();
  recorder_->sync();
}

void EventEngine::Scenes::hold(std::size_t population, std::span<const double> currents) {
  (*engine_.context_.feeds)[population].currents.assign(currents.begin(), currents.end());
  const double now = engine_.context_.grid.time_ms(engine_.reached_);
  for (const auto& shard : engine_.shards_) shard->change_held(population, now);
}

void EventEngine::Scenes::restart(std::size_t population) {
  const double now = engine_.context_.grid.time_ms(engine_.reached_);
  for (const auto& shard : engine_.shards_) shard->restart(engine_.context_.network, population, now);
}

RunResult EventEngine::finish() {
  if (monitor_.joinable()) {
    monitor_.request_stop();
    monitor_.join();
  }
  for (const auto& shard : shards_) shard->hand_over();
  recorder_->finish();
  RunResult result;
  count(result);
  return result;
}

void EventEngine::count(RunResult& result) const {
  result.backend = "event";
  result.threads = threads_;
  result.workers = workers_;
  result.shards = shards_.size();
  result.steps = reached_;
  result.stopped_early = reached_ < total_;
  result.build_s = build_s_;
  result.wall_s = wall_s_;
  result.biological_s = context_.grid.time_ms(reached_) * 1e-3;
  result.peak_rss_bytes = peak_resident_bytes();
  for (const auto& shard : shards_) {
    result.neuron_updates += shard->counts().updates;
    result.synaptic_events += shard->counts().synaptic_events;
    result.neuron_bytes += shard->bytes_ahead();
    for (const auto& inlet : shard->inlets) {
      result.synapses += inlet->synapses.size();
      result.synapse_bytes += inlet->synapses.bytes();
      if (inlet->plasticity) result.synapse_bytes += inlet->plasticity->bytes();
      if (inlet->release) result.synapse_bytes += inlet->release->bytes();
    }
    for (const auto& slice : shard->slices)
      result.neuron_bytes += slice.neurons ? slice.neurons->bytes() : slice.source->bytes();
  }
  for (std::size_t p = 0; p < context_.network.populations.size(); ++p) {
    PopulationResult population;
    double variation = 0;
    std::uint64_t varied = 0;
    for (const auto& shard : shards_) {
      for (const auto& slice : shard->slices) {
        if (slice.population != p) continue;
        population.neurons += slice.range.count;
        population.spikes += slice.statistics.spikes();
        slice.statistics.add_variation(variation, varied);
      }
    }
    if (population.neurons == 0) continue;
    population.name = context_.network.populations[p].name;
    if (result.biological_s > 0)
      population.rate_hz = double(population.spikes) / population.neurons / result.biological_s;
    population.cv_isi = varied > 0 ? variation / double(varied) : 0;
    result.populations.push_back(population);
  }
}

}  // namespace synfire
