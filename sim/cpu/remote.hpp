// The other ranks, as the engine of one rank meets them: spikes, recordings, and how a run ends for all.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "sim/cpu/exchange.hpp"
#include "sim/cpu/forward.hpp"
#include "sim/cpu/totals.hpp"

namespace synfire {

class Remote {
 public:
  Remote(Ranks& ranks, const Plan& plan, const NetworkDescription& network);
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;
  ~Remote();

  Exchange& exchange() { return exchange_; }
  const Exchange& exchange() const { return exchange_; }
  bool writes() const { return ranks_.rank() == 0; }

  /// Where this rank's recordings go: into `recorder`, on rank 0, or there by messages.
  ChunkSink& start(Recorder* recorder);

  /// Moves messages; false when nothing moved, or another thread is at it. Called by any worker. Throws
  /// BrokenRun.
  bool advance();
  /// From now on messages are waited for: what took time before was no silence.
  void start_waiting() { last_move_ = std::chrono::steady_clock::now(); }
  /// Asks all ranks to end the run soon. By any thread.
  void ask_to_stop() { stop_wanted_.store(true, std::memory_order_relaxed); }
  /// True when rank 0 has told all to stop where they are.
  bool pauses() const { return pauses_.load(std::memory_order_relaxed); }

  struct Settled {
    Step least, most;  ///< steps done by the groups of all ranks
  };
  /// After all workers have returned: waits for the other ranks. `failure` of one rank is thrown by all, as
  /// BrokenRun.
  Settled settle(Step least, Step most, const Error* failure);
  /// Between two runs of the workers: what the ranks have handed over is with the recorder of rank 0.
  void bring_records();
  /// Ends the messages of a run that reached the same step everywhere; nothing is recorded any more.
  void drain(Step steps);
  /// On rank 0 the totals of all ranks; elsewhere no matter what.
  void gather(Totals& totals);

 private:
  enum class Kind : std::int32_t { stop, pause, report, verdict };
  struct Control {
    Kind kind;
    std::int32_t error;  // a kind of error, or 0
    Step least, most;
    std::array<char, 1000> text;
  };
  struct Outgoing {
    Control control;
    Ranks::Ticket ticket;
  };
  struct Listening {
    unsigned rank = 0;
    Control control{};
    Ranks::Ticket ticket = 0;
  };

  void tell(unsigned rank, const Control& control);
  void listen(Listening& from);
  void hear(const Listening& from);
  bool control();
  Control joint_verdict() const;
  void forget_stop();
  template <class Done> void pump_until(const Done& done);
  /// Throws BrokenRun when nothing has moved for too long.
  void look_for_silence(bool moved);

  Ranks& ranks_;
  Exchange exchange_;
  std::unique_ptr<Forwarder> forwarder_;  // on ranks without a file
  std::unique_ptr<Collector> collector_;  // on rank 0
  std::list<Outgoing> outgoing_;          // whose places must not move
  std::list<Listening> listening_;
  std::vector<std::optional<Control>> reports_;  // on rank 0, by rank
  std::optional<Control> verdict_;
  std::uint64_t marks_ = 0;
  LossWatch watch_;
  std::chrono::steady_clock::time_point last_move_ = std::chrono::steady_clock::now();
  unsigned until_clock_ = 0;
  bool stop_sent_ = false, hurries_ = false;
  std::atomic<bool> stop_wanted_{false}, pauses_{false};
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

}  // namespace synfire
