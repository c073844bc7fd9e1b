#include "sim/cpu/forward.hpp"

#include <algorithm>
#include <utility>

namespace synfire {
namespace {

enum class Kind : std::uint8_t { record, weights, structure, close };

using Channel = Ranks::Channel;

// MPI counts bytes in 31 bits, and weights may be more.
template <class Visit> void for_each_piece(std::size_t bytes, const Visit& visit) {
  constexpr std::size_t largest = std::size_t(4) << 20;
  for (std::size_t begin = 0; begin < bytes; begin += largest) visit(begin, std::min(largest, bytes - begin));
}

}  // namespace

Forwarder::~Forwarder() {
  for (const Ranks::Ticket ticket : tickets_) ranks_.cancel(ticket);
}

void Forwarder::push(RecordChunk chunk) {
  Bytes message;
  BytesWriter writer(message);
  writer.put(Kind::record);
  writer.put(chunk.shard);
  writer.put(chunk.complete);
  writer.put_all(chunk.steps);
  writer.put_all(chunk.neurons);
  writer.put(chunk.frames.size());
  for (const auto& frames : chunk.frames) writer.put_all(frames);
  enter(std::move(message));
}

void Forwarder::push(WeightChunk chunk) {
  Bytes message;
  BytesWriter writer(message);
  writer.put(Kind::weights);
  writer.put(chunk.record);
  writer.put(chunk.point);
  writer.put_all(chunk.table.sources);
  writer.put_all(chunk.table.targets);
  writer.put_all(chunk.table.weights);
  writer.put_all(chunk.table.masks);
  enter(std::move(message));
}

void Forwarder::push(const StructureChunk& chunk) {
  Bytes message;
  BytesWriter writer(message);
  writer.put(Kind::structure);
  writer.put(chunk);
  enter(std::move(message));
}

void Forwarder::close() {
  Bytes message;
  BytesWriter(message).put(Kind::close);
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(message));
}

void Forwarder::enter(Bytes message) {
  Patience patience;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (bytes_waiting_ < most_bytes_waiting) {
        bytes_waiting_ += message.size();
        waiting_.push_back(std::move(message));
        return;
      }
    }
    pump_();
    patience.wait();
  }
}

bool Forwarder::advance() {
  if (!tickets_.empty()) {
    std::erase_if(tickets_, [this](Ranks::Ticket ticket) { return ranks_.finished(ticket).has_value(); });
    if (!tickets_.empty()) return false;
  }
  under_way_.clear();
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && (under_way_.empty() || under_way_.size() < most_bytes_at_once)) {
      const Bytes& next = waiting_.front();
      bytes_waiting_ -= std::min(bytes_waiting_, next.size());
      under_way_.insert(under_way_.end(), next.begin(), next.end());
      waiting_.pop_front();
    }
  }
  if (under_way_.empty()) return false;
  size_ = under_way_.size();
  tickets_.push_back(ranks_.send(0, Channel::records, std::as_bytes(std::span(&size_, 1))));
  for_each_piece(size_, [this](std::size_t begin, std::size_t count) {
    tickets_.push_back(
        ranks_.send(0, Channel::record_body, std::span<const std::byte>(under_way_).subspan(begin, count)));
  });
  return true;
}

bool Forwarder::is_through() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && tickets_.empty();
}

Collector::Collector(Ranks& ranks) : ranks_(ranks), streams_(ranks.size() - 1) {
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].rank = static_cast<unsigned>(i + 1);
    expect(streams_[i]);
  }
}

Collector::~Collector() {
  for (const Stream& stream : streams_) {
    if (stream.announced) ranks_.cancel(*stream.announced);
    for (const Ranks::Ticket ticket : stream.body) ranks_.cancel(ticket);
  }
}

void Collector::expect(Stream& stream) {
  stream.announced =
      ranks_.receive(stream.rank, Channel::records, std::as_writable_bytes(std::span(&stream.size, 1)));
}

bool Collector::advance() {
  bool moved = false;
  for (Stream& stream : streams_) moved |= advance(stream);
  return moved;
}

bool Collector::advance(Stream& stream) {
  if (recorder_ == nullptr) return false;
  if (stream.announced) {
    if (!ranks_.finished(*stream.announced)) return false;
    stream.announced.reset();
    stream.bytes.resize(stream.size);
    for_each_piece(stream.size, [&](std::size_t begin, std::size_t count) {
      stream.body.push_back(
          ranks_.receive(stream.rank, Channel::record_body, std::span(stream.bytes).subspan(begin, count)));
    });
    return true;
  }
  if (stream.body.empty()) return false;
  std::erase_if(stream.body, [this](Ranks::Ticket ticket) { return ranks_.finished(ticket).has_value(); });
  if (!stream.body.empty()) return false;
  if (take(stream.bytes)) {
    ++closed_;
  } else {
    expect(stream);
  }
  return true;
}

// True when it was the last.
bool Collector::take(const Bytes& bytes) {
  BytesReader reader(bytes);
  while (!reader.empty()) {
    const auto kind = reader.take<Kind>();
    if (kind == Kind::close) return true;
    if (kind == Kind::record) {
      RecordChunk chunk;
      chunk.shard = reader.take<std::size_t>();
      chunk.complete = reader.take<Step>();
      chunk.steps = reader.take_all<Step>();
      chunk.neurons = reader.take_all<std::uint32_t>();
      chunk.frames.resize(reader.take<std::size_t>());
      for (auto& frames : chunk.frames) frames = reader.take_all<float>();
      recorder_->push(std::move(chunk));
    } else if (kind == Kind::weights) {
      WeightChunk chunk;
      chunk.record = reader.take<std::size_t>();
      chunk.point = reader.take<Step>();
      chunk.table.sources = reader.take_all<std::uint32_t>();
      chunk.table.targets = reader.take_all<std::uint32_t>();
      chunk.table.weights = reader.take_all<float>();
      chunk.table.masks = reader.take_all<float>();
      recorder_->push(std::move(chunk));
    } else {
      recorder_->push(reader.take<StructureChunk>());
    }
  }
  return false;
}

}  // namespace synfire
