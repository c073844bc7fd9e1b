#include "sim/report.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace synfire {

std::string report_json(const RunResult& result) {
  nlohmann::ordered_json report = {
      {"backend", result.backend},
      {"ranks", result.ranks},
      {"threads", result.threads},
      {"workers", result.workers},
      {"shards", result.shards},
      {"build_s", result.build_s},
      {"wall_s", result.wall_s},
      {"biological_s", result.biological_s},
      {"real_time_factor", result.real_time_factor()},
      {"stopped_early", result.stopped_early},
      {"neuron_updates", result.neuron_updates},
      {"synaptic_events", result.synaptic_events},
      {"drive_events", result.drive_events},
      {"synapses", result.synapses},
      {"synapse_bytes", result.synapse_bytes},
      {"neuron_bytes", result.neuron_bytes},
      {"peak_rss_bytes", result.peak_rss_bytes},
  };
  if (result.ranks > 1) {
    report["rank_peak_rss_bytes"] = result.rank_peak_rss_bytes;
    report["messages"] = result.messages;
    report["message_bytes"] = result.message_bytes;
  }
  auto& populations = report["populations"] = nlohmann::ordered_json::object();
  for (const auto& p : result.populations)
    populations[p.name] = {
        {"neurons", p.neurons}, {"spikes", p.spikes}, {"rate_hz", p.rate_hz}, {"cv_isi", p.cv_isi}};
  return report.dump(2) + "\n";
}

void write_report(const std::string& path, const RunResult& result) {
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished);
  file << report_json(result);
  file.close();
  std::error_code failure;
  if (file) std::filesystem::rename(unfinished, path, failure);
  if (!file || failure) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    throw Error(ErrorKind::resource,
                fmt::format("report '{}' cannot be written; check the folder and the disk", path));
  }
}

}  // namespace synfire
