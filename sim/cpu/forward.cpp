#include "sim/cpu/forward.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>

namespace synfire {

enum class ForwardKind : std::uint8_t { record, weights, structure, mark, close };

namespace {

using Kind = ForwardKind;
using Channel = Ranks::Channel;

// What a chunk consists of, in the order in which it is sent; times without steps are of engine event.
template <class Chunk>
requires std::is_same_v<std::remove_const_t<Chunk>, RecordChunk>
auto members_of(Chunk& c) { return std::tie(c.shard, c.complete, c.steps, c.neurons, c.frames); }
template <class Chunk>
requires std::is_same_v<std::remove_const_t<Chunk>, WeightChunk>
auto members_of(Chunk& c) {
  return std::tie(c.record, c.point, c.table.sources, c.table.targets, c.table.weights, c.table.masks);
}

template <class T> void put(BytesWriter& writer, const T& value) { writer.put(value); }
template <class T> void put(BytesWriter& writer, const std::vector<T>& values) { writer.put_all(values); }
void put(BytesWriter& writer, const std::vector<std::vector<float>>& lists) {
  writer.put(lists.size());
  for (const auto& list : lists) writer.put_all(list);
}

template <class T> void take(BytesReader& reader, T& value) { value = reader.take<T>(); }
template <class T> void take(BytesReader& reader, std::vector<T>& values) { values = reader.take_all<T>(); }
void take(BytesReader& reader, std::vector<std::vector<float>>& lists) {
  lists.resize(reader.take<std::size_t>());
  for (auto& list : lists) list = reader.take_all<float>();
}

template <class Chunk> Bytes packed(Kind kind, const Chunk& chunk) {
  Bytes message;
  BytesWriter writer(message);
  writer.put(kind);
  std::apply([&](const auto&... member) { (put(writer, member), ...); }, members_of(chunk));
  return message;
}

template <class Chunk> Chunk unpacked(BytesReader& reader) {
  Chunk chunk;
  std::apply([&](auto&... member) { (take(reader, member), ...); }, members_of(chunk));
  return chunk;
}

}  // namespace

Forwarder::~Forwarder() {
  for (const Ranks::Ticket ticket : tickets_) ranks_.cancel(ticket);
}

void Forwarder::push(RecordChunk chunk) { enter(packed(Kind::record, chunk)); }

void Forwarder::push(WeightChunk chunk) { enter(packed(Kind::weights, chunk)); }

void Forwarder::push(const StructureChunk& chunk) {
  Bytes message;
  BytesWriter writer(message);
  writer.put(Kind::structure);
  writer.put(chunk);
  enter(std::move(message));
}

void Forwarder::mark() { say(Kind::mark); }

void Forwarder::close() { say(Kind::close); }

void Forwarder::say(Kind kind) {
  Bytes message;
  BytesWriter(message).put(kind);
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

bool Collector::has_come_to(std::uint64_t mark) const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [mark](const Stream& stream) { return stream.marks >= mark; });
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
  if (take(stream)) {
    ++closed_;
  } else {
    expect(stream);
  }
  return true;
}

// True when it was the last.
bool Collector::take(Stream& stream) {
  BytesReader reader(stream.bytes);
  while (!reader.empty()) {
    const auto kind = reader.take<Kind>();
    if (kind == Kind::close) return true;
    if (kind == Kind::mark) {
      ++stream.marks;
    } else if (kind == Kind::record) {
      recorder_->push(unpacked<RecordChunk>(reader));
    } else if (kind == Kind::weights) {
      recorder_->push(unpacked<WeightChunk>(reader));
    } else {
      recorder_->push(reader.take<StructureChunk>());
    }
  }
  return false;
}

}  // namespace synfire
