#include "sim/record.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/catalogue.hpp"

namespace synfire {

const RecordDescription* record_of(const NetworkDescription& network, std::size_t population) {
  for (const auto& record : network.records)
    if (record.population == population) return &record;
  return nullptr;
}

std::vector<std::size_t> recorded_variables(const NetworkDescription& network,
                                            const RecordDescription& record) {
  const auto names = model_info(network.populations[record.population].model).state_names();
  std::vector<std::size_t> variables;
  for (const auto& trace : record.traces)
    variables.push_back(
        static_cast<std::size_t>(std::find(names.begin(), names.end(), trace.variable) - names.begin()));
  return variables;
}

void RecordSink::spike_times(std::size_t, std::span<const double>, std::span<const std::uint32_t>) {
  throw Error(ErrorKind::internal, "this sink takes spikes by steps only");
}

void RecordSink::weights(std::size_t, Step, const SynapseTable&) {
  throw Error(ErrorKind::internal, "this sink takes no weights");
}

void RecordSink::structure(std::size_t, Step, const StructureEvent&) {}

std::size_t RecordChunk::bytes() const {
  std::size_t total =
      steps.size() * sizeof(Step) + times_ms.size() * sizeof(double) + neurons.size() * sizeof(std::uint32_t);
  for (const auto& f : frames) total += f.size() * sizeof(float);
  return total;
}

Recorder::Recorder(std::vector<RecordedShard> shards, RecordSink& sink, std::vector<std::size_t> weight_parts,
                   Step from)
    : sink_(sink), weight_parts_(std::move(weight_parts)) {
  for (auto& shard : shards) {
    shards_of_.resize(std::max(shards_of_.size(), shard.population + 1));
    shards_of_[shard.population].push_back(streams_.size());
    Stream stream;
    stream.population = shard.population;
    stream.complete = from;
    stream.trace_elements = std::move(shard.trace_elements);
    stream.frames.resize(stream.trace_elements.size());
    streams_.push_back(std::move(stream));
  }
  thread_ = std::thread([this] { run(); });
}

Recorder::~Recorder() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

template <class Chunk> void Recorder::enter(Chunk chunk, std::size_t bytes, std::vector<Chunk>& waiting) {
  std::unique_lock lock(mutex_);
  taken_.wait(lock, [&] { return bytes_waiting_ < most_bytes_waiting || failed(); });
  if (failed()) return;
  bytes_waiting_ += bytes;
  waiting.push_back(std::move(chunk));
  lock.unlock();
  arrived_.notify_one();
}

void Recorder::push(RecordChunk chunk) {
  const std::size_t bytes = chunk.bytes();
  enter(std::move(chunk), bytes, waiting_);
}

void Recorder::push(WeightChunk chunk) {
  const std::size_t bytes = chunk.table.bytes();
  enter(std::move(chunk), bytes, waiting_weights_);
}

void Recorder::push(const StructureChunk& chunk) { enter(chunk, sizeof chunk, waiting_structures_); }

void Recorder::finish() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      finishing_ = true;
    }
    arrived_.notify_one();
    thread_.join();
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Recorder::sync() {
  std::unique_lock lock(mutex_);
  const std::uint64_t asked = ++syncs_asked_;
  arrived_.notify_one();
  taken_.wait(lock, [&] { return syncs_done_ >= asked || failed(); });
}

void Recorder::answer_sync(std::uint64_t asked) {
  if (asked == syncs_done_) return;
  write_ready();
  sink_.flush(complete());
  last_flush_ = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    syncs_done_ = asked;
  }
  taken_.notify_all();
}

bool Recorder::take(std::vector<RecordChunk>& chunks, std::vector<WeightChunk>& weights,
                    std::vector<StructureChunk>& structures, std::uint64_t& sync) {
  chunks.clear();
  weights.clear();
  structures.clear();
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, flush_interval, [&] {
    return !waiting_.empty() || !waiting_weights_.empty() || !waiting_structures_.empty() || finishing_ ||
           syncs_asked_ != syncs_done_;
  });
  sync = syncs_asked_;  // what was handed over before it was asked for is taken now
  chunks.swap(waiting_);
  weights.swap(waiting_weights_);
  structures.swap(waiting_structures_);
  bytes_waiting_ = 0;
  const bool more = !finishing_ || !chunks.empty() || !weights.empty() || !structures.empty();
  lock.unlock();
  taken_.notify_all();
  return more;
}

void Recorder::run() {
  try {
    std::vector<RecordChunk> chunks;
    std::vector<WeightChunk> weights;
    std::vector<StructureChunk> structures;
    last_flush_ = std::chrono::steady_clock::now();
    std::uint64_t sync = 0;
    while (take(chunks, weights, structures, sync)) {
      for (const auto& chunk : structures) sink_.structure(chunk.projection, chunk.point, chunk.event);
      for (const auto& chunk : weights) join_weights(chunk);
      for (const auto& chunk : chunks) {
        sort_in(chunk);
        flush_if_due();
      }
      write_ready();
      flush_if_due();
      answer_sync(sync);
    }
    sink_.flush(complete());
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    failed_ = true;
    taken_.notify_all();
  }
}

// A snapshot is complete when every shard has handed over its part; shards come to a point in any order, but
// each in the order of its points, so snapshots are completed in order.
void Recorder::join_weights(const WeightChunk& chunk) {
  const auto entry = joining_.try_emplace({chunk.record, chunk.point}).first;
  auto& [table, parts] = entry->second;
  table.append(chunk.table);
  if (++parts < weight_parts_[chunk.record]) return;
  sort_by_source(table);
  sink_.weights(chunk.record, chunk.point, table);
  joining_.erase(entry);
}

void Recorder::flush_if_due() {
  if (std::chrono::steady_clock::now() - last_flush_ < flush_interval) return;
  write_ready();
  sink_.flush(complete());
  last_flush_ = std::chrono::steady_clock::now();
}

Step Recorder::complete() const {
  Step least = std::numeric_limits<Step>::max();
  for (const auto& stream : streams_) least = std::min(least, stream.complete);
  return streams_.empty() ? 0 : least;
}

void Recorder::sort_in(const RecordChunk& chunk) {
  Stream& stream = streams_[chunk.shard];
  for (std::size_t i = 0; i < chunk.steps.size(); ++i)
    stream.spikes.push_back(static_cast<std::uint64_t>(chunk.steps[i]) << 32 | chunk.neurons[i]);
  for (std::size_t i = 0; i < chunk.times_ms.size(); ++i)
    stream.timed.emplace_back(chunk.times_ms[i], chunk.neurons[i]);
  for (std::size_t t = 0; t < chunk.frames.size(); ++t)
    stream.frames[t].insert(stream.frames[t].end(), chunk.frames[t].begin(), chunk.frames[t].end());
  stream.complete = chunk.complete;
  stream.complete_ms = chunk.complete_ms;
}

void Recorder::write_ready() {
  for (std::size_t population = 0; population < shards_of_.size(); ++population) {
    if (shards_of_[population].empty()) continue;
    Step before = std::numeric_limits<Step>::max();
    double before_ms = std::numeric_limits<double>::infinity();
    for (const std::size_t shard : shards_of_[population]) {
      before = std::min(before, streams_[shard].complete);
      before_ms = std::min(before_ms, streams_[shard].complete_ms);
    }
    write_spikes(population, before);
    write_timed_spikes(population, before_ms);
    write_frames(population);
  }
}

// A frame is complete when every shard has handed over its part of it.
void Recorder::write_frames(std::size_t population) {
  const auto& shards = shards_of_[population];
  const std::size_t traces = streams_[shards.front()].trace_elements.size();
  for (std::size_t t = 0; t < traces; ++t) {
    std::size_t frames = std::numeric_limits<std::size_t>::max();
    for (const std::size_t s : shards) {
      const std::size_t elements = streams_[s].trace_elements[t];
      if (elements > 0) frames = std::min(frames, streams_[s].frames[t].size() / elements);
    }
    if (frames == 0 || frames == std::numeric_limits<std::size_t>::max()) continue;
    std::vector<float> values;
    for (std::size_t f = 0; f < frames; ++f) {
      for (const std::size_t s : shards) {
        const auto begin = streams_[s].frames[t].begin() + std::ptrdiff_t(f * streams_[s].trace_elements[t]);
        values.insert(values.end(), begin, begin + std::ptrdiff_t(streams_[s].trace_elements[t]));
      }
    }
    for (const std::size_t s : shards) {
      auto& queue = streams_[s].frames[t];
      queue.erase(queue.begin(), queue.begin() + std::ptrdiff_t(frames * streams_[s].trace_elements[t]));
    }
    sink_.frames(population, t, values);
  }
}

void Recorder::write_spikes(std::size_t population, Step before) {
  std::vector<std::uint64_t> merged, part, both;
  for (const std::size_t s : shards_of_[population]) {
    auto& queue = streams_[s].spikes;
    const auto end = std::lower_bound(queue.begin(), queue.end(), static_cast<std::uint64_t>(before) << 32);
    part.assign(queue.begin(), end);
    queue.erase(queue.begin(), end);
    both.resize(merged.size() + part.size());
    std::merge(merged.begin(), merged.end(), part.begin(), part.end(), both.begin());
    merged.swap(both);
  }
  if (merged.empty()) return;
  std::vector<Step> steps;
  std::vector<std::uint32_t> neurons;
  steps.reserve(merged.size());
  neurons.reserve(merged.size());
  for (const std::uint64_t spike : merged) {
    steps.push_back(static_cast<Step>(spike >> 32));
    neurons.push_back(static_cast<std::uint32_t>(spike));
  }
  sink_.spikes(population, steps, neurons);
}

void Recorder::write_timed_spikes(std::size_t population, double before_ms) {
  using Spike = std::pair<double, std::uint32_t>;
  std::vector<Spike> merged, part, both;
  for (const std::size_t s : shards_of_[population]) {
    auto& queue = streams_[s].timed;
    const auto end = std::lower_bound(queue.begin(), queue.end(), Spike{before_ms, 0});
    part.assign(queue.begin(), end);
    queue.erase(queue.begin(), end);
    both.resize(merged.size() + part.size());
    std::merge(merged.begin(), merged.end(), part.begin(), part.end(), both.begin());
    merged.swap(both);
  }
  if (merged.empty()) return;
  std::vector<double> times;
  std::vector<std::uint32_t> neurons;
  times.reserve(merged.size());
  neurons.reserve(merged.size());
  for (const auto& [time, neuron] : merged) {
    times.push_back(time);
    neurons.push_back(neuron);
  }
  sink_.spike_times(population, times, neurons);
}

ShardRecorder::ShardRecorder(std::size_t stream, const RecordDescription& record, Range range,
                             const Grid& grid, const std::vector<std::size_t>& variables)
    : range_(range), all_spikes_(record.spikes.all) {
  chunk_.shard = stream;
  const auto offsets_in_range = [&](const Selection& selection) {
    std::vector<std::uint32_t> offsets;
    if (selection.all)
      for (std::uint32_t i = 0; i < range.count; ++i) offsets.push_back(i);
    for (const std::uint32_t id : selection.ids)
      if (id >= range.first && id - range.first < range.count) offsets.push_back(id - range.first);
    return offsets;
  };
  if (!all_spikes_) {
    const auto offsets = offsets_in_range(record.spikes);
    if (!offsets.empty()) chosen_.resize(range.count);
    for (const std::uint32_t i : offsets) chosen_[i] = true;
  }
  for (std::size_t t = 0; t < record.traces.size(); ++t)
    traces_.push_back({variables[t], std::max<Step>(1, grid.nearest(record.traces[t].every)),
                       offsets_in_range(record.traces[t].neurons)});
  chunk_.frames.resize(traces_.size());
}

void ShardRecorder::start(ChunkSink& recorder) {
  recorder_ = &recorder;
  last_ = std::chrono::steady_clock::now();
}

std::vector<std::size_t> ShardRecorder::trace_elements() const {
  std::vector<std::size_t> elements;
  for (const auto& trace : traces_) elements.push_back(trace.offsets.size());
  return elements;
}

void ShardRecorder::after_step(Step step, std::span<const std::uint32_t> spikes, const Emitter& emitter) {
  if (all_spikes_ || !chosen_.empty()) {
    for (const std::uint32_t i : spikes) {
      if (!all_spikes_ && !chosen_[i]) continue;
      chunk_.steps.push_back(step);
      chunk_.neurons.push_back(range_.first + i);
    }
  }
  for (std::size_t t = 0; t < traces_.size(); ++t) {
    if ((step + 1) % traces_[t].every != 0) continue;
    const auto values = emitter.state(traces_[t].variable);
    for (const std::uint32_t i : traces_[t].offsets) chunk_.frames[t].push_back(values[i]);
  }
  if (due()) hand_over(step + 1);
}

bool ShardRecorder::due() {
  if (chunk_.steps.size() >= most_spikes || chunk_.bytes() >= (std::size_t(1) << 20)) return true;
  constexpr unsigned steps_between_looks = 16;
  if (until_clock_-- > 0) return false;
  until_clock_ = steps_between_looks;
  return std::chrono::steady_clock::now() - last_ >= longest_wait;
}

void ShardRecorder::hand_over(Step complete) {
  RecordChunk chunk;
  chunk.shard = chunk_.shard;
  chunk.frames.resize(chunk_.frames.size());
  std::swap(chunk, chunk_);
  chunk.complete = complete;
  recorder_->push(std::move(chunk));
  last_ = std::chrono::steady_clock::now();
}

}  // namespace synfire
