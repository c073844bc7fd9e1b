// A shard of the event engine: a part of every population with all synapses onto it, and one queue of what
// lies ahead.
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "sim/event/parts.hpp"
#include "sim/event/plasticity.hpp"
#include "sim/event/queue.hpp"
#include "sim/event/recording.hpp"
#include "sim/event/synapses.hpp"
#include "sim/statistics.hpp"
#include "sim/synapse_table.hpp"

namespace synfire {

/// A spike on its way between shards.
struct EventSpike {
  double time;
  std::uint32_t population, neuron;  ///< index in the network, id in the population
};

class EventShard {
 public:
  /// What lies ahead of a neuron.
  struct Outlook {
    double next_spike = std::numeric_limits<double>::infinity();  // not before this time
    double queued = std::numeric_limits<double>::infinity();      // the earliest of its times in the queue
    bool is_exact = false;                                        // it does spike at next_spike
    bool touched = false;                                         // in this moment
  };
  /// A part of one population.
  struct Slice {
    std::size_t population = 0;
    Range range;
    std::unique_ptr<EventNeurons> neurons;  // one of the two
    std::unique_ptr<EventSource> source;
    std::vector<Outlook> outlooks;  // of its neurons
    IntervalStatistics statistics;
    EventRecording recording;
  };
  /// Spikes of one population on their way to one slice.
  struct Inlet {
    std::size_t projection = 0, slice = 0, receptor = 0;
    EventSynapses synapses;
    std::unique_ptr<EventPlasticity> plasticity;  // null: its synapses stay as they are
    std::unique_ptr<EventRelease> release;        // null: every spike passes whole
  };
  /// Synapses that are to be recorded, and when.
  struct Probe {
    std::size_t record = 0;
    const Inlet* inlet = nullptr;
    WeightTimes times;
    Step next = 0;
  };
  /// A current that flows into one slice; or jumps of a receptor of spikes, one at each change.
  struct CurrentInlet {
    std::size_t slice = 0;
    std::optional<std::size_t> receptor;  // of spikes
    std::optional<std::size_t> held;      // population of a source whose currents are given while nobody runs
    std::unique_ptr<EventSignal> signal;
    bool one_source = false;
    double delay = 0;
    std::vector<double> weights, values;  // one weight for all or one each; the present currents
    std::size_t changes = 0;
  };
  /// Where the spikes of another shard come in.
  struct Feeder {
    EventShard* shard = nullptr;
    double lookahead = std::numeric_limits<double>::infinity();  // the shortest delay from there to here
    std::mutex mutex;
    std::vector<EventSpike> arrived;  // under the mutex
  };
  /// Where spikes leave: a feeder of another shard.
  struct Exit {
    EventShard* to;
    Feeder* door;
    std::vector<EventSpike> leaving;
  };
  struct Counts {
    std::uint64_t updates = 0, synaptic_events = 0;
  };

  // ---- Building: in this order, then `start` ----

  std::vector<Slice> slices;                          ///< in the order of the populations
  std::vector<std::unique_ptr<Inlet>> inlets;         ///< in the order of the projections
  std::vector<CurrentInlet> currents;                 ///< likewise
  std::vector<std::vector<std::uint32_t>> inlets_of;  ///< by population: those that carry its spikes
  std::vector<std::vector<std::uint32_t>> taught_by;  ///< by slice: inlets that learn from its spikes
  std::vector<Probe> probes;
  std::vector<std::unique_ptr<Feeder>> feeders;      ///< other shards whose spikes come here
  std::vector<Exit> exits;                           ///< one for each shard that is fed
  std::vector<std::vector<std::uint32_t>> exits_of;  ///< by population: the exits its spikes take

  /// Puts the first events into the queue.
  void start();
  /// The door for spikes of another shard; made when there is none.
  Feeder& feeder(EventShard& from);
  /// The place of the exit to that door; made when there is none.
  std::uint32_t exit_to(EventShard& to, Feeder& door);

  // ---- Running ----

  /// Everything before this time has happened and has been told to the other shards.
  double done() const { return done_.load(std::memory_order_acquire); }
  /// Goes on towards `until`, as far as the feeders allow and not for long; false when it could not move.
  /// One caller at a time: `claim` first.
  bool run(double until);
  bool claim() {
    return !busy_.test(std::memory_order_relaxed) && !busy_.test_and_set(std::memory_order_acquire);
  }
  void release() { busy_.clear(std::memory_order_release); }
  /// While nobody runs: neurons of a population begin anew at time t, which is `done`, and no spike of theirs
  /// that is under way arrives.
  void restart(const NetworkDescription& network, std::size_t population, double t);
  /// While nobody runs: the currents of a source that is held have changed, at time t, which is `done`.
  void change_held(std::size_t population, double t);
  /// Gives the recorder all there is.
  void hand_over();
  /// From now on probes are taken, beginning with those at time 0.
  void probe_into(Recorder& recorder, const Grid& grid);

  std::uint64_t spikes() const { return spike_count_.load(std::memory_order_relaxed); }  ///< of neurons
  const Counts& counts() const { return counts_; }
  std::size_t bytes_ahead() const { return queue_.bytes() + flights_.capacity() * sizeof(Flight); }

 private:
  enum class What : std::uint8_t { neuron, source, flight, inlet };  // of inlets: currents, then others
  /// A spike on its way along one row: the synapses before `position` have been reached.
  struct Flight {
    double time;
    std::uint64_t position, end;
    std::uint32_t inlet, source;
    double part;  // of the weights
  };
  struct Touched {
    std::uint32_t slice, neuron;
  };

  static std::uint64_t pack(What what, std::size_t slice, std::uint32_t index);
  double horizon(double until) const;
  void receive_spikes();
  void send_spikes();
  double run_before(double until);
  void happen(double t);
  void fire_predicted(std::size_t slice, std::uint32_t neuron, double t);
  void fire(std::size_t slice, std::uint32_t neuron, double t);
  void play(std::size_t slice, std::uint32_t neuron, double t);
  void emit(Slice& slice, std::uint32_t neuron, double t);
  void take_off(const EventSpike& spike);
  void land(std::uint32_t flight, double t);
  void change_current(std::uint32_t current, double t);
  void take_values(CurrentInlet& inlet);
  void flow(const CurrentInlet& inlet, double t);
  void jump(const CurrentInlet& inlet, double t);
  void touch(std::size_t slice, std::uint32_t neuron);
  void look_ahead(std::size_t slice, std::uint32_t neuron, double t);
  void expect(std::size_t slice, std::uint32_t neuron, double now, double spike, bool is_exact);
  bool flies_first(std::uint32_t a, std::uint32_t b) const;
  void learn(double t);
  void act_periodically(std::uint32_t inlet);
  void take_frames(double before);
  void take_probes(double before);
  void record(double reached);

  EventQueueInUse queue_;
  std::vector<Flight> flights_;
  std::vector<std::uint32_t> landed_;  // free places in flights_
  std::vector<std::uint64_t> present_;
  std::vector<std::uint32_t> landing_;
  std::vector<Touched> touched_, fired_;
  std::vector<std::uint32_t> periods_, changing_;
  std::vector<double> passing_;
  Recorder* recorder_ = nullptr;
  Grid grid_{1};
  std::vector<EventSpike> arriving_;
  double next_frame_ = 0;  // of any slice
  Counts counts_;
  alignas(64) std::atomic<double> done_{0};
  std::atomic<std::uint64_t> spike_count_{0};
  alignas(64) std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

}  // namespace synfire
