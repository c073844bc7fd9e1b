// The processes ("ranks") that share one run, and messages between them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "sim/bytes.hpp"

namespace synfire {

/// A rank has ended, or failed in the midst of a run: nothing can be agreed on any more, so whoever catches
/// this ends its process without waiting for the others.
class BrokenRun : public Error {
 public:
  BrokenRun(ErrorKind kind, std::string_view what, unsigned teller = 0)
      : Error(kind, what), teller_(teller) {}
  /// The rank that tells the user.
  unsigned teller() const { return teller_; }

 private:
  unsigned teller_;
};

/// An error that all ranks have agreed on: they all throw the same, and may leave in order.
class SharedError : public Error {
 public:
  using Error::Error;
};

/// Carries messages between ranks. Nothing waits; one thread at a time may call.
class Ranks {
 public:
  using Ticket = std::size_t;
  /// Messages of one sender and channel arrive in the order of sending.
  enum class Channel : int { spikes, more_spikes, records, record_body, control, agreement };

  virtual ~Ranks() = default;
  virtual unsigned rank() const = 0;
  virtual unsigned size() const = 0;
  /// How many of them share this machine's memory, this one included.
  virtual unsigned on_this_machine() const = 0;
  /// Processors that this rank may take as its own.
  virtual unsigned processors() const = 0;
  /// For people: its number and where it runs.
  virtual std::string name(unsigned rank) const = 0;

  /// The bytes must stay as they are until the ticket is finished.
  virtual Ticket send(unsigned to, Channel channel, std::span<const std::byte> bytes) = 0;
  /// Takes a message of at most as many bytes.
  virtual Ticket receive(unsigned from, Channel channel, std::span<std::byte> place) = 0;
  /// Looks at what has been sent and received since.
  virtual void poll() = 0;
  /// The bytes sent or received; nothing while under way. A finished ticket is void.
  virtual std::optional<std::size_t> finished(Ticket ticket) = 0;
  /// Gives up a message that was not received yet.
  virtual void cancel(Ticket ticket) = 0;
  /// A rank that is known to have ended while the run needs it.
  virtual std::optional<unsigned> lost() = 0;
};

/// Throws BrokenRun when a rank is lost; looks not oftener than is worth while.
class LossWatch {
 public:
  explicit LossWatch(Ranks& ranks) : ranks_(ranks) {}
  void look();

 private:
  Ranks& ranks_;
  unsigned calls_ = 0;
};

/// For waiting: yields at first, then sleeps a little each time.
class Patience {
 public:
  void wait();
  void reset() { waited_ = 0; }

 private:
  unsigned waited_ = 0;
};

/// MPI counts bytes in 31 bits, and a message may have more: calls visit(begin, count) for its pieces.
template <class Visit> void for_each_piece(std::size_t bytes, const Visit& visit) {
  constexpr std::size_t largest = std::size_t(4) << 20;
  for (std::size_t begin = 0; begin < bytes; begin += largest) visit(begin, std::min(largest, bytes - begin));
}

/// A message of any size from one rank to another, which must ask for it; both wait.
void send_bytes(Ranks& ranks, unsigned to, const Bytes& bytes);
Bytes receive_bytes(Ranks& ranks, unsigned from);

/// The bytes of all ranks on rank 0, by rank; nothing elsewhere. All must call it.
std::vector<Bytes> gather(Ranks& ranks, const Bytes& bytes);
/// What rank 0 has, on all. All must call it.
Bytes share(Ranks& ranks, const Bytes& bytes);
/// The smallest of the ranks' values, on all. All must call it.
std::int64_t smallest(Ranks& ranks, std::int64_t value);
/// The same for each of several values. With a null pointer nothing.
void agree_on_smallest(Ranks* ranks, std::vector<std::int64_t>& values);

/// Calls part(); when it throws on any of the ranks, throws the error of the first of them on all, as
/// SharedError. With a null pointer just part(). All must call it.
void together(Ranks* ranks, const std::function<void()>& part);

/// The ranks that a launcher such as mpirun started; null pointer when this process is the only one. To be
/// asked once. Throws Error(usage) when there are several that this program cannot join.
std::unique_ptr<Ranks> join_ranks();

/// How many processes the environment says a launcher has started; 0 when it says nothing.
unsigned launched_processes();
/// Which of them this one is, as far as the environment says; else 0.
unsigned launched_as();

}  // namespace synfire
