// The batched engine on CPU threads: shards that run as far ahead as their feeders allow.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "sim/cpu/control.hpp"
#include "sim/cpu/remote.hpp"
#include "sim/plan.hpp"
#include "sim/record.hpp"
#include "sim/run.hpp"

namespace synfire {

struct PlasticParts;

class CpuEngine final : public Engine {
 public:
  /// Builds neurons and synapses on `options.threads` threads; with `options.ranks`, those of this rank.
  /// Throws Error(input) or Error(resource), then on all ranks the same.
  CpuEngine(const BuildContext& context, const RunOptions& options);

  void start(RecordSink& sink) override;
  bool advance(Step until) override;
  RunResult finish() override;
  void sync() override;
  bool save(State& state) const override;
  void load(const State& state) override;
  Control* control() override { return &control_; }

 private:
  unsigned threads_to_use() const;
  Plan plan_for_ranks();
  void build(const Plan& plan);
  void make_shards(const Plan& plan);
  void make_inlets(const Plan& plan);
  std::vector<Shard*> shards_of(std::size_t population) const;
  std::unique_ptr<Inlet> make_plastic(const ProjectionPlan& projection, const Shard& shard,
                                      std::span<float> input) const;
  void add_structure(const ProjectionPlan& projection, PlasticParts& parts) const;
  std::unique_ptr<Inlet> make_inlet(const ProjectionPlan& projection, const Shard& shard,
                                    std::span<float> input) const;
  /// The ages at which spikes are read.
  struct ReadingAges {
    Step least_remote;         // of another rank
    std::vector<Step> oldest;  // by population, how long they act; 0 when nobody reads it
  };
  ReadingAges join_neighbours();
  void agree_on_ages(ReadingAges& ages) const;
  void agree_on_delays();
  void keep_histories(const std::vector<Step>& oldest_reading);
  void assign_homes();
  std::vector<std::size_t> place_probes();
  void refuse_remote_next(const ProjectionDescription& rule, const ProjectionDescription& next) const;
  Step completed() const;
  Step furthest() const;
  void work_until(Step steps);
  void work(unsigned worker, Step steps);
  bool stop_asked() const;
  static bool becomes_ready(const Group& group, int looks);
  bool run_group(Group& group, Step steps, int looks);
  bool advance_together(Step until);
  std::optional<Error> try_work(Step steps);
  Progress progress(Step steps) const;
  void watch(const std::stop_token& ended, Step steps) const;
  void hand_over();
  void save_shards(State& state) const;
  Step load_run(const State& state);
  void load_population(const State& state, std::size_t population, Step now);
  void load_projection(const State& state, std::size_t projection, Step now);
  RunResult result() const;

  BuildContext context_;
  RunOptions options_;
  unsigned threads_;                // that may be used
  unsigned workers_ = 1;            // that are used while running
  std::unique_ptr<Remote> remote_;  // null pointer when there is one rank
  std::vector<std::unique_ptr<Shard>> shards_;
  /// All parts of populations, in the order in which the file is told of them.
  struct Part {
    std::size_t population;
    Range range;
    Shard* shard;  // null pointer on another rank
  };
  std::vector<Part> parts_;
  std::vector<std::unique_ptr<Group>> groups_;
  CpuControl control_{context_, shards_};
  std::vector<std::vector<Group*>> homes_;  // worker -> the groups it runs first
  std::unique_ptr<Recorder> recorder_;      // null pointer on a rank that writes no file
  ChunkSink* recording_ = nullptr;
  std::atomic<bool> interrupted_{false};
  bool stopped_ = false, loaded_ = false;
  double build_s_ = 0, wall_s_ = 0;
  std::uint64_t earlier_synaptic_events_ = 0, earlier_drive_events_ = 0;  // before it was loaded
  std::jthread monitor_;                                                  // last: it watches all of the above
};

}  // namespace synfire
