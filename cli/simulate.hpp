// What run and resume have in common: a network is simulated, with progress, signals and a table at the end.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "networks/description.hpp"
#include "sim/checkpoint.hpp"
#include "sim/ranks.hpp"
#include "sim/run.hpp"

namespace synfire::cli {

/// For its lifetime, SIGINT and SIGTERM end a run with a complete file; a second signal ends the program.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// For RunOptions::stop.
  static const std::atomic<bool>& asked();
};

/// Ends the program as a shell tells it of one that a signal ended, if one did, so that scripts do not take
/// the run for a whole one.
void tell_signal();

/// What was simulated, as people read it.
void print_table(const RunResult& result, const std::string& output);

struct SimulationArguments {
  std::string output;
  std::optional<std::string> report;
  bool force = false, quiet = false;
  unsigned threads = 0;
  double checkpoint_every_ms = 0;  ///< 0: only where the run is stopped
  Ranks* ranks = nullptr;          ///< that share the run; the first of them writes and prints

  bool writes() const { return ranks == nullptr || ranks->rank() == 0; }

  RunOptions options() const;
};

/// Runs a network without a task, from a checkpoint if there is one, whose result file `output` then is.
void simulate(const NetworkDescription& network, const SimulationArguments& arguments,
              const Checkpoint* from = nullptr);

/// "every=10 s" as ms. Throws Error(usage).
double checkpoint_interval(const std::string& text);

}  // namespace synfire::cli
