// From the shards, each at its own step, to one stream ordered by time: bounded queues and a writer thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "core/synapse_list.hpp"
#include "core/time.hpp"
#include "networks/description.hpp"
#include "sim/backend.hpp"

namespace synfire {

/// What is recorded of a population; null pointer when nothing is.
const RecordDescription* record_of(const NetworkDescription& network, std::size_t population);

/// For each trace of a record, the place of its variable among those of the model.
std::vector<std::size_t> recorded_variables(const NetworkDescription& network,
                                            const RecordDescription& record);

/// Takes what was recorded, in order. Called from one thread only. Exceptions end the run.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// Spikes of one population, ascending by step, then neuron.
  virtual void spikes(std::size_t population, std::span<const Step> steps,
                      std::span<const std::uint32_t> neurons) = 0;
  /// The same from an engine without steps: exact times in ms, ascending by time, then neuron. Throws
  /// Error(internal) in a sink that has no place for them.
  virtual void spike_times(std::size_t population, std::span<const double> times_ms,
                           std::span<const std::uint32_t> neurons);
  /// Whole frames of one trace (its index in RecordDescription::traces), element after element.
  virtual void frames(std::size_t population, std::size_t trace, std::span<const float> values) = 0;
  /// The synapses of a plastic projection at a point of the grid; `record` is the index in
  /// NetworkDescription::weight_records. Throws Error(internal) in a sink that has no place for them.
  virtual void weights(std::size_t record, Step point, const SynapseTable& table);
  /// The synapses of a projection (its index) were changed by a structural rule at a point of the grid; such
  /// events come in the order of time for each projection. A sink may let them go.
  virtual void structure(std::size_t projection, Step point, const StructureEvent& event);
  /// Everything before `step` has been handed over; called every so often, at most a few times a second.
  virtual void flush(Step step) = 0;
};

/// The recording of one shard since its last hand-over.
struct RecordChunk {
  std::size_t shard = 0;
  Step complete = 0;  ///< everything of this shard before this step has been handed over
  std::vector<Step> steps;
  std::vector<std::uint32_t> neurons;
  std::vector<double> times_ms;            ///< instead of steps, where time has none
  double complete_ms = 0;                  ///< then everything before this time has been handed over
  std::vector<std::vector<float>> frames;  ///< one for each trace of the population

  std::size_t bytes() const;
};

/// The part of one shard in a snapshot of the synapses of a projection.
struct WeightChunk {
  std::size_t record = 0;  ///< index in NetworkDescription::weight_records
  Step point = 0;
  SynapseTable table;
};

/// A change of the structure of a projection.
struct StructureChunk {
  std::size_t projection = 0;
  Step point = 0;
  StructureEvent event;
};

/// What the recorder must know of a shard.
struct RecordedShard {
  std::size_t population = 0;
  std::vector<std::size_t> trace_elements;  ///< how many elements of each trace lie in this shard
};

/// Where the shards hand over what they record.
class ChunkSink {
 public:
  virtual ~ChunkSink() = default;
  /// Waits while too much is under way. Never throws: see `failed`.
  virtual void push(RecordChunk chunk) = 0;
  virtual void push(WeightChunk chunk) = 0;
  virtual void push(const StructureChunk& chunk) = 0;
  /// True when nothing more can be recorded; the run should end.
  virtual bool failed() const = 0;
};

/// Collects chunks, puts them in order and passes them to the sink from a thread of its own.
class Recorder final : public ChunkSink {
 public:
  /// `shards` in the order of their neurons within each population; `weight_parts`: how many shards each
  /// record of weights is spread over.
  /// What was recorded before step `from` is with the sink already.
  Recorder(std::vector<RecordedShard> shards, RecordSink& sink, std::vector<std::size_t> weight_parts = {},
           Step from = 0);
  ~Recorder() override;

  void push(RecordChunk chunk) override;
  void push(WeightChunk chunk) override;
  void push(const StructureChunk& chunk) override;
  /// True when the sink threw.
  bool failed() const override { return failed_.load(std::memory_order_relaxed); }
  /// Waits until all that was handed over before is with the sink, which has been flushed.
  void sync();
  /// Writes what is left and ends the thread. Throws what the sink threw.
  void finish();

 private:
  struct Stream {
    std::size_t population;
    Step complete = 0;
    std::deque<std::uint64_t> spikes;  // step << 32 | neuron; a run has fewer than 2^32 steps by design
    double complete_ms = 0;
    std::deque<std::pair<double, std::uint32_t>> timed;  // instead of spikes, where time has no steps
    std::vector<std::deque<float>> frames;               // by trace
    std::vector<std::size_t> trace_elements;
  };

  void run();
  bool take(std::vector<RecordChunk>& chunks, std::vector<WeightChunk>& weights,
            std::vector<StructureChunk>& structures, std::uint64_t& sync);
  void answer_sync(std::uint64_t asked);
  void join_weights(const WeightChunk& chunk);
  template <class Chunk> void enter(Chunk chunk, std::size_t bytes, std::vector<Chunk>& waiting);
  void sort_in(const RecordChunk& chunk);
  void write_ready();
  void flush_if_due();
  void write_spikes(std::size_t population, Step before);
  void write_timed_spikes(std::size_t population, double before_ms);
  void write_frames(std::size_t population);
  Step complete() const;

  static constexpr std::size_t most_bytes_waiting = std::size_t(8)
                                                    << 20;  // written within a fraction of a second
  static constexpr std::chrono::milliseconds flush_interval{300};

  RecordSink& sink_;
  std::vector<Stream> streams_;
  std::vector<std::vector<std::size_t>> shards_of_;  // population -> shards
  std::mutex mutex_;
  std::condition_variable arrived_, taken_;
  std::vector<RecordChunk> waiting_;
  std::vector<WeightChunk> waiting_weights_;
  std::vector<StructureChunk> waiting_structures_;
  std::vector<std::size_t> weight_parts_;
  struct Joining {
    SynapseTable table;
    std::size_t parts = 0;
  };
  std::map<std::pair<std::size_t, Step>, Joining> joining_;  // (record, point) -> what has arrived
  std::size_t bytes_waiting_ = 0;
  bool finishing_ = false;
  std::uint64_t syncs_asked_ = 0, syncs_done_ = 0;
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
  std::chrono::steady_clock::time_point last_flush_{};
  std::thread thread_;
};

/// The part of one shard in recording: gathers spikes and frames and decides when to hand them over.
class ShardRecorder {
 public:
  ShardRecorder() = default;
  /// `stream`: the place of this shard among those recorded; `variables`: the state variable of each trace.
  ShardRecorder(std::size_t stream, const RecordDescription& record, Range range, const Grid& grid,
                const std::vector<std::size_t>& variables);

  void start(ChunkSink& recorder);
  bool active() const { return recorder_ != nullptr; }
  std::vector<std::size_t> trace_elements() const;

  /// After step `step`: the offsets that spiked, and the state to sample.
  void after_step(Step step, std::span<const std::uint32_t> spikes, const Emitter& emitter);
  /// Hands over what there is; everything before `complete` is then with the recorder.
  void hand_over(Step complete);

 private:
  struct Trace {
    std::size_t variable;
    Step every;
    std::vector<std::uint32_t> offsets;  // within the shard
  };
  bool due();

  static constexpr std::size_t most_spikes = std::size_t(1) << 16;
  static constexpr std::chrono::milliseconds longest_wait{150};

  ChunkSink* recorder_ = nullptr;
  Range range_;
  bool all_spikes_ = false;
  std::vector<bool> chosen_;  // when only some spikes are recorded
  std::vector<Trace> traces_;
  RecordChunk chunk_;
  std::chrono::steady_clock::time_point last_{};
  unsigned until_clock_ = 0;
};

}  // namespace synfire
