// What a run is asked for and what it tells afterwards, whatever the backend.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace synfire {

class Ranks;

/// How far a run is.
struct Progress {
  Step done = 0, total = 0;
  double mean_rate_hz = 0;  ///< of all neurons, since the beginning
};

struct RunOptions {
  unsigned threads = 0;  ///< 0: as many as the machine has
  unsigned shards =
      0;  ///< parts that a population is cut into at most; 0: chosen from the size and the threads
  const std::atomic<bool>* stop = nullptr;        ///< set from outside to end the run early
  std::function<void(const Progress&)> progress;  ///< called about ten times a second, from another thread
  std::function<void(double)> building;  ///< called while synapses are built with the part that is done
  std::function<void(const std::string&)>
      notice;              ///< one line on what is being done, such as the memory needed
  Ranks* ranks = nullptr;  ///< the processes that share the run; null pointer: this one alone
};

struct PopulationResult {
  std::string name;
  std::uint32_t neurons = 0;
  std::uint64_t spikes = 0;
  double rate_hz = 0;
  double cv_isi = 0;  ///< mean over neurons with at least 5 intervals; 0 when there are none
};

struct RunResult {
  std::vector<PopulationResult> populations;  ///< those that were simulated, in the order of the description
  Step steps = 0;                             ///< completed by all
  bool stopped_early = false;
  double build_s = 0, wall_s = 0, biological_s = 0;
  std::uint64_t neuron_updates = 0;
  std::uint64_t synaptic_events = 0;  ///< spikes times the synapses they went through
  std::uint64_t drive_events = 0;     ///< spikes of sources that were fused with their projection
  std::uint64_t synapses = 0;
  std::uint64_t synapse_bytes = 0, neuron_bytes = 0;
  std::uint64_t peak_rss_bytes = 0;
  unsigned threads = 1;  ///< that could be used
  unsigned workers = 1;  ///< that were: small networks with short delays run faster on one
  std::size_t shards = 1;
  unsigned ranks = 1;  ///< processes; counts are of all of them, times and peak memory those of the largest
  std::vector<std::uint64_t> rank_peak_rss_bytes = {};  ///< of each, where there are several
  std::uint64_t messages = 0, message_bytes = 0;        ///< of spikes, sent between ranks
  std::string backend;

  double real_time_factor() const { return biological_s > 0 ? wall_s / biological_s : 0; }
};

}  // namespace synfire
