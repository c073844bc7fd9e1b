// What other ranks record on its way to the one file, which rank 0 writes.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "sim/ranks.hpp"
#include "sim/record.hpp"

namespace synfire {

enum class ForwardKind : std::uint8_t;

/// On a rank that has no file: passes chunks to rank 0, a bounded amount at a time.
class Forwarder final : public ChunkSink {
 public:
  /// `pump` moves the messages of this rank; it may be called by any thread, and throws BrokenRun.
  Forwarder(Ranks& ranks, std::function<void()> pump) : ranks_(ranks), pump_(std::move(pump)) {}
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;
  ~Forwarder() override;

  void push(RecordChunk chunk) override;
  void push(WeightChunk chunk) override;
  void push(const StructureChunk& chunk) override;
  bool failed() const override { return false; }  // rank 0 ends the run where the file cannot be written
  /// All that came before this can be told from what comes after (Collector::has_come_to).
  void mark();
  /// Nothing will follow.
  void close();

  /// Sends what is waiting; false when nothing moved. One thread at a time.
  bool advance();
  bool is_through() const;

 private:
  void enter(Bytes message);
  void say(ForwardKind kind);

  static constexpr std::size_t most_bytes_waiting = std::size_t(8) << 20, most_bytes_at_once = std::size_t(1)
                                                                                               << 20;

  Ranks& ranks_;
  std::function<void()> pump_;
  mutable std::mutex mutex_;
  std::deque<Bytes> waiting_;
  std::size_t bytes_waiting_ = 0;
  std::uint64_t size_ = 0;  // of what is on its way
  Bytes under_way_;
  std::vector<Ranks::Ticket> tickets_;
};

/// On rank 0: takes the chunks of the others.
class Collector {
 public:
  explicit Collector(Ranks& ranks);
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector();

  void begin(Recorder& recorder) { recorder_ = &recorder; }
  /// Takes what has come; false when nothing moved. One thread at a time.
  bool advance();
  /// True when all that every rank handed over before its mark number `mark`, counted from 1, is with the
  /// recorder.
  bool has_come_to(std::uint64_t mark) const;
  /// True when all have closed.
  bool is_through() const { return closed_ == streams_.size(); }

 private:
  struct Stream {
    unsigned rank = 0;
    std::uint64_t size = 0, marks = 0;
    std::optional<Ranks::Ticket> announced;
    std::vector<Ranks::Ticket> body;
    Bytes bytes;
  };
  bool advance(Stream& stream);
  void expect(Stream& stream);
  bool take(Stream& stream);

  Ranks& ranks_;
  Recorder* recorder_ = nullptr;
  std::vector<Stream> streams_;
  std::size_t closed_ = 0;
};

}  // namespace synfire
