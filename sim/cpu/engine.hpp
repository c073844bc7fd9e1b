// The batched engine on CPU threads: shards that run as far ahead as their feeders allow.
#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "sim/cpu/shard.hpp"
#include "sim/plan.hpp"
#include "sim/record.hpp"
#include "sim/run.hpp"

namespace synfire {

class CpuEngine final : public Engine {
 public:
  /// Builds neurons and synapses on `options.threads` threads. Throws Error(input) or Error(resource).
  CpuEngine(const BuildContext& context, const RunOptions& options);

  RunResult run(RecordSink& sink) override;

 private:
  void make_shards(const Plan& plan);
  void make_inlets(const Plan& plan);
  std::unique_ptr<Inlet> make_inlet(const ProjectionPlan& projection, const Shard& shard,
                                    std::span<float> input) const;
  void join_neighbours();
  void assign_homes();
  Step completed() const;
  void work_until(Step steps);
  void work(unsigned worker, Step steps);
  bool stop_asked() const;
  bool run_shard(Shard& shard, Step steps);
  Progress progress(Step steps) const;
  void watch(const std::stop_token& ended, Step steps) const;
  RunResult result(Step steps, double wall_s) const;

  BuildContext context_;
  RunOptions options_;
  unsigned threads_;      // that may be used
  unsigned workers_ = 1;  // that are used while running
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::vector<Shard*>> homes_;  // worker -> the shards it runs first
  const Recorder* recorder_ = nullptr;
  std::atomic<bool> interrupted_{false};
  double build_s_ = 0;
};

}  // namespace synfire
