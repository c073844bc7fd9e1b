// The batched engine on CPU threads: shards that run as far ahead as their feeders allow.
#pragma once

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "sim/cpu/control.hpp"
#include "sim/plan.hpp"
#include "sim/record.hpp"
#include "sim/run.hpp"

namespace synfire {

struct PlasticParts;

class CpuEngine final : public Engine {
 public:
  /// Builds neurons and synapses on `options.threads` threads. Throws Error(input) or Error(resource).
  CpuEngine(const BuildContext& context, const RunOptions& options);

  void start(RecordSink& sink) override;
  bool advance(Step until) override;
  RunResult finish() override;
  Control* control() override { return &control_; }

 private:
  void make_shards(const Plan& plan);
  void make_inlets(const Plan& plan);
  std::vector<Shard*> shards_of(std::size_t population) const;
  std::unique_ptr<Inlet> make_plastic(const ProjectionPlan& projection, const Shard& shard,
                                      std::span<float> input) const;
  void add_structure(const ProjectionPlan& projection, PlasticParts& parts) const;
  std::unique_ptr<Inlet> make_inlet(const ProjectionPlan& projection, const Shard& shard,
                                    std::span<float> input) const;
  void join_neighbours();
  void assign_homes();
  std::vector<std::size_t> place_probes();
  Step completed() const;
  void work_until(Step steps);
  void work(unsigned worker, Step steps);
  bool stop_asked() const;
  bool run_group(Group& group, Step steps);
  Progress progress(Step steps) const;
  void watch(const std::stop_token& ended, Step steps) const;
  RunResult result() const;

  BuildContext context_;
  RunOptions options_;
  unsigned threads_;      // that may be used
  unsigned workers_ = 1;  // that are used while running
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Group>> groups_;
  CpuControl control_{context_, shards_};
  std::vector<std::vector<Group*>> homes_;  // worker -> the groups it runs first
  std::unique_ptr<Recorder> recorder_;
  std::atomic<bool> interrupted_{false};
  bool stopped_ = false;
  double build_s_ = 0, wall_s_ = 0;
  std::jthread monitor_;  // last: it watches all of the above
};

}  // namespace synfire
