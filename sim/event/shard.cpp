#include "sim/event/shard.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

// What stands in the queue: two bits of kind, 30 bits of slice (or none), 32 bits of index.
constexpr int kind_shift = 62, slice_shift = 32;
std::size_t slice_of(std::uint64_t what) { return what << 2 >> (2 + slice_shift); }
std::uint32_t index_of(std::uint64_t what) { return static_cast<std::uint32_t>(what); }

}  // namespace

std::uint64_t EventShard::pack(What what, std::size_t slice, std::uint32_t index) {
  return std::uint64_t(what) << kind_shift | std::uint64_t(slice) << slice_shift | index;
}

void EventShard::start() {
  for (std::size_t s = 0; s < slices.size(); ++s) {
    Slice& slice = slices[s];
    if (slice.neurons) slice.outlooks.resize(slice.range.count);
    for (std::uint32_t i = 0; i < slice.range.count; ++i) {
      if (slice.neurons) {
        expect(s, i, 0, slice.neurons->earliest_spike(i), false);
      } else if (const double t = slice.source->next(i); t < never) {
        queue_.push({t, pack(What::source, s, i)});
      }
    }
  }
  for (std::uint32_t c = 0; c < currents.size(); ++c)
    if (const double t = currents[c].signal->change(0); t < never && !currents[c].held)
      queue_.push({t + currents[c].delay, pack(What::inlet, 0, c)});
  for (std::uint32_t k = 0; k < inlets.size(); ++k)
    if (const auto& rule = inlets[k]->plasticity; rule && rule->next_period() < never)
      queue_.push({rule->next_period(), pack(What::inlet, 1, k)});
  take_frames(0);
}

EventShard::Feeder& EventShard::feeder(EventShard& from) {
  for (const auto& known : feeders)
    if (known->shard == &from) return *known;
  feeders.push_back(std::make_unique<Feeder>());
  feeders.back()->shard = &from;
  return *feeders.back();
}

std::uint32_t EventShard::exit_to(EventShard& to, Feeder& door) {
  std::size_t k = 0;
  while (k < exits.size() && exits[k].door != &door) ++k;
  if (k == exits.size()) exits.push_back({&to, &door, {}});
  return static_cast<std::uint32_t>(k);
}

// ---- The time it may go to ----

// Spikes of a feeder that it has not told yet come at its `done` or later, and arrive one lookahead after.
double EventShard::horizon(double until) const {
  constexpr double longest_lead_ms = 100;  // ahead of those who are to read what is sent
  for (const auto& feeder : feeders) until = std::min(until, feeder->shard->done() + feeder->lookahead);
  for (const auto& exit : exits) until = std::min(until, exit.to->done() + longest_lead_ms);
  return until;
}

bool EventShard::run(double until) {
  const double end = horizon(until);
  if (!(end > done_.load(std::memory_order_relaxed))) return false;
  receive_spikes();
  const double reached = run_before(end);
  send_spikes();
  record(reached);
  std::uint64_t spikes = 0;
  for (const Slice& slice : slices)
    if (slice.neurons) spikes += slice.statistics.spikes();
  spike_count_.store(spikes, std::memory_order_relaxed);
  done_.store(reached, std::memory_order_release);
  return true;
}

void EventShard::receive_spikes() {
  for (auto& feeder : feeders) {
    arriving_.clear();
    {
      const std::lock_guard lock(feeder->mutex);
      arriving_.swap(feeder->arrived);
    }
    for (const EventSpike& spike : arriving_) take_off(spike);
  }
}

void EventShard::send_spikes() {
  for (Exit& exit : exits) {
    if (exit.leaving.empty()) continue;
    const std::lock_guard lock(exit.door->mutex);
    exit.door->arrived.insert(exit.door->arrived.end(), exit.leaving.begin(), exit.leaving.end());
    exit.leaving.clear();
  }
}

// Everything before `until`, or what can be done before others should have a look: returns the time before
// which all has happened.
double EventShard::run_before(double until) {
  constexpr int most_at_once = 8192;
  for (int k = 0; k < most_at_once; ++k) {
    const double t = queue_.next_time();
    if (!(t < until)) break;
    if (next_frame_ < t) take_frames(t);
    happen(t);
  }
  const double reached = std::min(until, queue_.next_time());
  if (next_frame_ < reached) take_frames(reached);
  return reached;
}

void EventShard::take_frames(double before) {
  next_frame_ = never;
  for (Slice& slice : slices) {
    while (slice.recording.next_frame() < before) slice.recording.take_frames(*slice.neurons);
    next_frame_ = std::min(next_frame_, slice.recording.next_frame());
  }
  take_probes(before);
}

void EventShard::probe_into(Recorder& recorder, const Grid& grid) {
  recorder_ = &recorder;
  grid_ = grid;
  for (Probe& probe : probes) probe.next = probe.times.next(0);
  take_frames(std::nextafter(0.0, 1.0));
}

void EventShard::take_probes(double before) {
  for (Probe& probe : probes) {
    for (; grid_.time_ms(probe.next) < before; probe.next = probe.times.next(probe.next + 1)) {
      WeightChunk chunk{probe.record, probe.next, {}};
      const EventSynapses& synapses = probe.inlet->synapses;
      const Slice& slice = slices[probe.inlet->slice];
      for (std::uint32_t source = 0; source < synapses.sources(); ++source) {
        for (std::uint64_t k = synapses.begin(source); k < synapses.end(source); ++k) {
          chunk.table.sources.push_back(source);
          chunk.table.targets.push_back(slice.range.first + synapses.targets(k, k + 1)[0]);
          chunk.table.weights.push_back(static_cast<float>(probe.inlet->plasticity->weight(k)));
        }
      }
      recorder_->push(std::move(chunk));
    }
    next_frame_ = std::min(next_frame_, grid_.time_ms(probe.next));
  }
}

void EventShard::record(double reached) {
  for (Slice& slice : slices)
    if (slice.recording.active() && slice.recording.due()) slice.recording.hand_over(reached);
}

void EventShard::hand_over() {
  for (Slice& slice : slices)
    if (slice.recording.active()) slice.recording.hand_over(done());
}

// ---- One moment ----

// Neurons that were to spike now do; then sources and currents; then all that arrives now acts, in an order
// that is the same however the network is cut; then those reached look ahead, and spike if that took them
// over the threshold. What follows from this moment comes later, because every delay is above 0.
void EventShard::happen(double t) {
  present_.clear();
  landing_.clear();
  do present_.push_back(queue_.pop().what);
  while (queue_.next_time() == t);
  for (const std::uint64_t what : present_)
    if (What(what >> kind_shift) == What::neuron) fire_predicted(slice_of(what), index_of(what), t);
  for (const std::uint64_t what : present_) {
    const What kind{static_cast<std::uint8_t>(what >> kind_shift)};
    if (kind == What::source) play(slice_of(what), index_of(what), t);
    if (kind == What::inlet && slice_of(what) == 0) changing_.push_back(index_of(what));
    if (kind == What::inlet && slice_of(what) == 1) periods_.push_back(index_of(what));
    if (kind == What::flight) landing_.push_back(index_of(what));
  }
  std::sort(changing_.begin(), changing_.end());
  for (const std::uint32_t current : changing_) change_current(current, t);
  changing_.clear();
  if (landing_.size() > 1)
    std::sort(landing_.begin(), landing_.end(), [&](auto a, auto b) { return flies_first(a, b); });
  for (const std::uint32_t flight : landing_) land(flight, t);
  for (const auto [slice, neuron] : touched_) look_ahead(slice, neuron, t);
  touched_.clear();
  if (!fired_.empty()) learn(t);
  for (const std::uint32_t inlet : periods_) act_periodically(inlet);
  periods_.clear();
}

bool EventShard::flies_first(std::uint32_t a, std::uint32_t b) const {
  const Flight &x = flights_[a], &y = flights_[b];
  return std::tie(x.inlet, x.source, x.time) < std::tie(y.inlet, y.source, y.time);
}

// The queue may hold times that have been overtaken: by an earlier one, which then was entered too, or by a
// later one, which is entered here. Only now is it worth the while to find out when the neuron really spikes.
void EventShard::fire_predicted(std::size_t slice, std::uint32_t neuron, double t) {
  const EventNeurons& neurons = *slices[slice].neurons;
  Outlook& outlook = slices[slice].outlooks[neuron];
  if (outlook.queued != t) return;
  outlook.queued = never;
  if (outlook.next_spike > t) return expect(slice, neuron, t, outlook.next_spike, outlook.is_exact);
  const double spike = outlook.is_exact ? t : neurons.next_spike(neuron);
  if (spike > t) return expect(slice, neuron, t, spike, true);
  fire(slice, neuron, t);
  touch(slice, neuron);
}

void EventShard::fire(std::size_t slice, std::uint32_t neuron, double t) {
  Slice& s = slices[slice];
  s.neurons->fire(neuron, t);
  s.outlooks[neuron].next_spike = never;
  if (!taught_by[slice].empty()) fired_.push_back({static_cast<std::uint32_t>(slice), neuron});
  emit(s, neuron, t);
}

void EventShard::learn(double t) {
  for (const auto [slice, neuron] : fired_)
    for (const std::uint32_t inlet : taught_by[slice]) inlets[inlet]->plasticity->fire(t, neuron);
  fired_.clear();
}

void EventShard::act_periodically(std::uint32_t inlet) {
  EventPlasticity& plasticity = *inlets[inlet]->plasticity;
  plasticity.act_periodically();
  queue_.push({plasticity.next_period(), pack(What::inlet, 1, inlet)});
}

void EventShard::play(std::size_t slice, std::uint32_t neuron, double t) {
  Slice& s = slices[slice];
  emit(s, neuron, t);
  if (const double next = s.source->next(neuron); next < never)
    queue_.push({next, pack(What::source, slice, neuron)});
}

void EventShard::emit(Slice& slice, std::uint32_t neuron, double t) {
  slice.statistics.add(t, neuron);
  if (slice.recording.active()) slice.recording.spike(t, neuron);
  const EventSpike spike{t, static_cast<std::uint32_t>(slice.population), slice.range.first + neuron};
  for (const std::uint32_t exit : exits_of[slice.population]) exits[exit].leaving.push_back(spike);
  take_off(spike);
}

void EventShard::take_off(const EventSpike& spike) {
  for (const std::uint32_t inlet : inlets_of[spike.population]) {
    const EventSynapses& synapses = inlets[inlet]->synapses;
    EventRelease* const release = inlets[inlet]->release.get();
    const double part = release != nullptr ? release->part(spike.neuron, spike.time) : 1;
    const std::uint64_t begin = synapses.begin(spike.neuron), end = synapses.end(spike.neuron);
    if (begin == end) continue;
    if (landed_.empty()) {
      landed_.push_back(static_cast<std::uint32_t>(flights_.size()));
      flights_.emplace_back();
    }
    const std::uint32_t flight = landed_.back();
    landed_.pop_back();
    flights_[flight] = {spike.time, begin, end, inlet, spike.neuron, part};
    queue_.push({spike.time + synapses.delay(begin), pack(What::flight, 0, flight)});
  }
}

void EventShard::land(std::uint32_t flight, double t) {
  Flight& f = flights_[flight];
  if (f.position == f.end) return landed_.push_back(flight);  // called off
  const Inlet& inlet = *inlets[f.inlet];
  const EventSynapses& synapses = inlet.synapses;
  std::uint64_t to = synapses.one_delay() ? f.end : f.position + 1;
  while (to < f.end && f.time + synapses.delay(to) == t) ++to;
  const auto targets = synapses.targets(f.position, to);
  const Outlook* const outlooks = slices[inlet.slice].outlooks.data();
  for (const std::uint32_t target : targets) __builtin_prefetch(outlooks + target, 1);
  auto weights =
      inlet.plasticity ? inlet.plasticity->arrive(t, f.position, to) : synapses.weights(f.position, to);
  if (inlet.release) {
    passing_.assign(weights.begin(), weights.end());
    for (double& weight : passing_) weight *= f.part;
    weights = passing_;
  }
  slices[inlet.slice].neurons->receive(t, inlet.receptor, targets, weights);
  for (const std::uint32_t target : targets) touch(inlet.slice, target);
  counts_.synaptic_events += targets.size();
  if (to < f.end) {
    f.position = to;
    queue_.push({f.time + synapses.delay(to), pack(What::flight, 0, flight)});
  } else {
    landed_.push_back(flight);
  }
}

void EventShard::change_current(std::uint32_t current, double t) {
  CurrentInlet& inlet = currents[current];
  take_values(inlet);
  if (inlet.receptor) {
    jump(inlet, t);
  } else {
    flow(inlet, t);
  }
  const double next = inlet.signal->change(++inlet.changes);
  if (next < never) queue_.push({next + inlet.delay, pack(What::inlet, 0, current)});
}

void EventShard::change_held(std::size_t population, double t) {
  for (CurrentInlet& inlet : currents) {
    if (inlet.held != population) continue;
    take_values(inlet);
    flow(inlet, t);
  }
  for (const auto [slice, neuron] : touched_) look_ahead(slice, neuron, t);
  touched_.clear();
}

void EventShard::take_values(CurrentInlet& inlet) {
  if (!inlet.one_source)
    return inlet.signal->values(inlet.changes, slices[inlet.slice].range.first, inlet.values);
  inlet.signal->values(inlet.changes, 0, std::span(inlet.values).first(1));
  std::fill(inlet.values.begin(), inlet.values.end(), inlet.values[0]);
}

void EventShard::flow(const CurrentInlet& inlet, double t) {
  Slice& slice = slices[inlet.slice];
  for (std::uint32_t i = 0; i < slice.range.count; ++i) {
    double sum = 0;
    for (const CurrentInlet& other : currents)
      if (other.slice == inlet.slice && !other.receptor)
        sum += other.weights[other.weights.size() > 1 ? i : 0] * other.values[i];
    slice.neurons->set_current(i, t, sum);
    touch(inlet.slice, i);
  }
}

void EventShard::jump(const CurrentInlet& inlet, double t) {
  Slice& slice = slices[inlet.slice];
  for (std::uint32_t i = 0; i < slice.range.count; ++i) {
    const double weight = inlet.weights[inlet.weights.size() > 1 ? i : 0] * inlet.values[i];
    if (weight == 0) continue;
    slice.neurons->receive(t, *inlet.receptor, std::span(&i, 1), std::span(&weight, 1));
    touch(inlet.slice, i);
  }
}

void EventShard::restart(const NetworkDescription& network, std::size_t population, double t) {
  const auto leaves = [&](std::size_t projection) {
    return network.projections[projection].from == population;
  };
  for (Flight& flight : flights_)
    if (leaves(inlets[flight.inlet]->projection)) flight.position = flight.end;
  for (auto& feeder : feeders) {
    const std::lock_guard lock(feeder->mutex);
    std::erase_if(feeder->arrived, [&](const EventSpike& spike) { return spike.population == population; });
  }
  for (std::size_t s = 0; s < slices.size(); ++s) {
    if (slices[s].population != population || !slices[s].neurons) continue;
    slices[s].neurons->restart(t);
    slices[s].outlooks.assign(slices[s].range.count, {});
    for (std::uint32_t i = 0; i < slices[s].range.count; ++i)
      expect(s, i, t, slices[s].neurons->earliest_spike(i), false);
  }
}

void EventShard::touch(std::size_t slice, std::uint32_t neuron) {
  bool& touched = slices[slice].outlooks[neuron].touched;
  if (touched) return;
  touched = true;
  touched_.push_back({static_cast<std::uint32_t>(slice), neuron});
}

void EventShard::look_ahead(std::size_t slice, std::uint32_t neuron, double t) {
  Slice& s = slices[slice];
  s.outlooks[neuron].touched = false;
  ++counts_.updates;
  double spike = s.neurons->earliest_spike(neuron);
  if (spike > t) return expect(slice, neuron, t, spike, false);
  spike = s.neurons->next_spike(neuron);
  if (spike <= t) {
    fire(slice, neuron, t);
    spike = s.neurons->next_spike(neuron);
    if (spike <= t)
      throw Error(
          ErrorKind::input,
          fmt::format("neuron {} fires without end at {} ms: its reset does not take it away from the "
                      "threshold; check V_reset, t_ref and its input",
                      s.range.first + neuron, t));
  }
  expect(slice, neuron, t, spike, true);
}

// A bound is entered some way before it, so that it can come a little closer, as it does with every arrival,
// without being entered again.
void EventShard::expect(std::size_t slice, std::uint32_t neuron, double now, double spike, bool is_exact) {
  constexpr double part_of_the_way = 0.75, short_way_ms = 0.1;
  Outlook& outlook = slices[slice].outlooks[neuron];
  outlook.next_spike = spike;
  outlook.is_exact = is_exact;
  if (!(spike < outlook.queued)) return;
  const bool far = !is_exact && spike - now > short_way_ms;
  outlook.queued = far ? now + part_of_the_way * (spike - now) : spike;
  queue_.push({outlook.queued, pack(What::neuron, slice, neuron)});
}

}  // namespace synfire
