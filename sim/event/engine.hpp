// The engine without a clock: neurons are advanced when an event reaches them or they spike, at exact times
// (docs/event.md).
#pragma once

#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "sim/event/shard.hpp"
#include "sim/run.hpp"

namespace synfire {

/// Throws Error(input) for what this engine cannot serve: models without an event form, rules of plasticity.
void check_event_network(const NetworkDescription&);
/// The memory it will take, and its synapses.
struct EventSize {
  double bytes = 0, synapses = 0;
};
EventSize event_size(const BuildContext&, const std::vector<ProjectionPlan>&);

/// Shards that hold a part of every population run as far ahead of each other as the shortest delay between
/// them allows.
class EventEngine final : public Engine {
 public:
  /// Builds neurons and synapses on `options.threads` threads. Throws Error(input) or Error(resource).
  EventEngine(const BuildContext& context, const RunOptions& options);

  void start(RecordSink& sink) override;
  /// All events up to and at the end of step `until`.
  bool advance(Step until) override;
  RunResult finish() override;
  void sync() override;
  Stage* stage() override { return &scenes_; }

 private:
  class Scenes final : public Stage {
   public:
    explicit Scenes(EventEngine& engine) : engine_(engine) {}
    void hold(std::size_t population, std::span<const double> currents) override;
    void restart(std::size_t population) override;

   private:
    EventEngine& engine_;
  };

  void make_slices(std::size_t shards);
  void make_inlets();
  std::unique_ptr<EventShard::Inlet> make_inlet(const ProjectionPlan& projection, const EventShard& shard,
                                                std::size_t slice) const;
  std::vector<std::size_t> place_probes();
  void add_current(const ProjectionPlan& projection);
  void join_shards();
  double completed() const;
  void work_until(double time);
  void work(unsigned worker, double time);
  bool stop_asked() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }
  Progress progress() const;
  void watch(const std::stop_token& ended) const;
  void count(RunResult& result) const;

  BuildContext context_;
  RunOptions options_;
  unsigned threads_, workers_ = 1;
  std::vector<ProjectionPlan> projections_;
  std::vector<std::unique_ptr<EventShard>> shards_;
  std::unique_ptr<Recorder> recorder_;
  std::jthread monitor_;
  std::atomic<bool> interrupted_{false};
  Step total_ = 0, reached_ = 0;
  Scenes scenes_{*this};
  double build_s_ = 0, wall_s_ = 0;
};

}  // namespace synfire
