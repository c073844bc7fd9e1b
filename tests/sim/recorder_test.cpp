// From running shards to the sink: order, failures, stopping, nothing to record, memory.
#include <chrono>
#include <stdexcept>
#include <thread>

#include <malloc.h>

#include "core/array.hpp"
#include "tests/sim/networks.hpp"
#include "tests/sim/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

/// Checks what a sink is promised, call by call.
class OrderedSink final : public RecordSink {
 public:
  explicit OrderedSink(std::size_t populations) : last_(populations, {-1, 0}) {}

  void spikes(std::size_t population, std::span<const Step> steps,
              std::span<const std::uint32_t> neurons) override {
    ASSERT_EQ(std::this_thread::get_id(), thread_of(std::this_thread::get_id()));
    ASSERT_EQ(steps.size(), neurons.size());
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const std::pair spike(steps[k], neurons[k]);
      ASSERT_LE(last_[population], spike) << "population " << population;
      ASSERT_GE(steps[k], flushed_) << "a spike of before the last flush";
      last_[population] = spike;
    }
    count += steps.size();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // so that chunks pile up and are merged
  }
  void frames(std::size_t, std::size_t, std::span<const float> values) override {
    frame_values += values.size();
  }
  void flush(Step step) override {
    ASSERT_GE(step, flushed_);
    flushed_ = step;
  }

  Step flushed() const { return flushed_; }
  std::size_t count = 0, frame_values = 0;

 private:
  std::thread::id thread_of(std::thread::id caller) {
    if (thread_ == std::thread::id()) thread_ = caller;
    return thread_;
  }

  std::vector<std::pair<Step, std::uint32_t>> last_;
  Step flushed_ = 0;
  std::thread::id thread_;
};

TEST(Recorder, hands_over_ordered_by_step_then_neuron_from_one_thread_and_flushes_what_is_complete) {
  const auto network = network_of(zoo, {"simulation.duration=2 s", "record.exc.V_m.neurons=[0, 799]"});
  std::size_t yardstick = 0;
  for (const unsigned shards : {1u, 2u, 3u, 5u}) {
    Simulation simulation(network, with(2, shards));
    OrderedSink sink(network.populations.size());
    const RunResult result = simulation.run(sink);
    EXPECT_EQ(sink.flushed(), 20000) << "the last flush tells that all is there";
    EXPECT_EQ(result.steps, 20000);
    if (yardstick == 0) yardstick = sink.count;
    EXPECT_EQ(sink.count, yardstick) << shards;
    // exc: V_m of 2 neurons each 0.5 ms, I_syn_ex of 8 and cond: g_ex of 100 each step; inh: 3 each 10 ms
    EXPECT_EQ(sink.frame_values, 4000u * 2 + 20000u * 108 + 200u * 3) << shards;
  }
  EXPECT_GT(yardstick, 10000u);
}

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class BreakingSink final : public RecordSink {
 public:
  enum class In { spikes, frames, flush };
  BreakingSink(In where, int calls) : where_(where), calls_(calls) {}

  void spikes(std::size_t, std::span<const Step>, std::span<const std::uint32_t>) override {
    count(In::spikes);
  }
  void frames(std::size_t, std::size_t, std::span<const float>) override { count(In::frames); }
  void flush(Step) override { count(In::flush); }

 private:
  void count(In here) {
    if (here == where_ && calls_-- == 0) throw Broken("the disk is gone");
  }
  In where_;
  int calls_;
};

// The run would take hours: it ends in time only if the failure ends it.
TEST(Recorder, a_sink_that_throws_ends_the_run_with_its_exception) {
  for (const auto& backend : backends) {
    const auto network = network_of(zoo, {"simulation.duration=10000 s", "simulation.backend=" + backend});
    for (const auto where : {BreakingSink::In::spikes, BreakingSink::In::frames, BreakingSink::In::flush}) {
      for (const int calls : {0, 2}) {
        Simulation simulation(network, with(2, 3));
        BreakingSink sink(where, calls);
        try {
          simulation.run(sink);
          ADD_FAILURE() << backend << ": the exception is lost";
        } catch (const Broken& error) {
          EXPECT_STREQ(error.what(), "the disk is gone");
        }
      }
    }
  }
}

TEST(Recorder, a_sink_that_throws_at_the_very_end_is_heard) {
  for (const auto& backend : backends) {
    Simulation simulation(network_of(zoo, {"simulation.duration=1 ms", "simulation.backend=" + backend}),
                          with(2));
    BreakingSink sink(BreakingSink::In::flush, 0);
    EXPECT_THROW(simulation.run(sink), Broken) << backend;
  }
}

/// Sets a flag as soon as spikes come.
class StoppingSink final : public RecordSink {
 public:
  StoppingSink(const NetworkDescription& network, std::atomic<bool>& stop) : kept(network), stop_(stop) {}
  void spikes(std::size_t population, std::span<const Step> steps,
              std::span<const std::uint32_t> neurons) override {
    kept.spikes(population, steps, neurons);
    stop_ = true;
  }
  void frames(std::size_t population, std::size_t trace, std::span<const float> values) override {
    kept.frames(population, trace, values);
  }
  void flush(Step) override {}
  MemorySink kept;

 private:
  std::atomic<bool>& stop_;
};

// What holds after an early end: all populations have completed `result.steps` steps, and all of their spikes
// and frames up to there are recorded. Populations that were ahead may have recorded some of what came later;
// that too is what a longer run would have given.
TEST(Recorder, a_stopped_run_has_recorded_all_that_every_population_completed) {
  for (const auto& backend : backends) {
    const auto network = network_of(zoo, {"simulation.duration=10000 s", "simulation.backend=" + backend});
    std::atomic<bool> stop{false};
    RunOptions options = with(2, 3);
    options.stop = &stop;
    Simulation simulation(network, options);
    StoppingSink stopped(network, stop);
    const RunResult result = simulation.run(stopped);
    EXPECT_TRUE(result.stopped_early) << backend;
    ASSERT_GT(result.steps, 0) << backend;
    ASSERT_LT(result.steps, 100'000'000) << backend;
    EXPECT_NEAR(result.biological_s, double(result.steps) * 1e-4, 1e-9);

    constexpr Step ahead =
        2000;  // as far as shards can run ahead of each other: 64 steps and the longest delay
    const std::string duration = fmt::format("simulation.duration={} ms", double(result.steps + ahead) * 0.1);
    const auto longer = run(network_of(zoo, {duration, "simulation.backend=" + backend}), with(2));
    for (const auto& record : network.records) {
      const auto &part = stopped.kept.of(record.population), &all = longer.sink.of(record.population);
      ASSERT_LE(part.steps.size(), all.steps.size()) << backend;
      EXPECT_TRUE(std::equal(part.steps.begin(), part.steps.end(), all.steps.begin())) << backend;
      EXPECT_TRUE(std::equal(part.neurons.begin(), part.neurons.end(), all.neurons.begin())) << backend;
      if (part.steps.size() < all.steps.size()) {
        EXPECT_GE(all.steps[part.steps.size()], result.steps) << backend << ": lost";
      }
      for (std::size_t t = 0; t < record.traces.size(); ++t) {
        const auto &some = stopped.kept.trace(record.population, t),
                   &full = longer.sink.trace(record.population, t);
        const auto elements = record.traces[t].neurons.all ? network.populations[record.population].size()
                                                           : record.traces[t].neurons.ids.size();
        const auto every = static_cast<Step>(std::lround(record.traces[t].every / 0.1));
        ASSERT_LE(some.size(), full.size()) << backend;
        EXPECT_GE(some.size(), std::size_t(result.steps / every) * elements) << backend << ": lost frames";
        EXPECT_TRUE(std::equal(some.begin(), some.end(), full.begin())) << backend;
      }
    }
  }
}

TEST(Recorder, a_run_told_to_stop_before_it_begins_does_nothing_and_ends) {
  for (const auto& backend : backends) {
    std::atomic<bool> stop{true};
    RunOptions options = with(2, 3);
    options.stop = &stop;
    const auto ran =
        run(network_of(zoo, {"simulation.duration=10000 s", "simulation.backend=" + backend}), options);
    EXPECT_TRUE(ran.result.stopped_early) << backend;
    EXPECT_EQ(ran.result.steps, 0) << backend;
    EXPECT_TRUE(ran.spikes("exc").steps.empty()) << backend;
  }
}

TEST(Recorder, with_nothing_to_record_the_run_is_the_same) {
  auto network = network_of(zoo);
  const auto recorded = run(network, with(2));
  network.records.clear();
  const auto nothing = run(network, with(2));
  auto none = network_of(zoo);
  for (auto& record : none.records) record.spikes = Selection::none(), record.traces.clear();
  const auto no_neurons = run(none, with(2));
  for (const auto* ran : {&nothing, &no_neurons}) {
    for (const auto& population : ran->sink.all()) EXPECT_TRUE(population.steps.empty());
    EXPECT_EQ(ran->result.steps, 3000);
    EXPECT_EQ(ran->result.synaptic_events, recorded.result.synaptic_events);
  }
}

TEST(Recorder, keeps_only_the_neurons_that_are_selected) {
  const auto full = run(network_of(zoo), with(2, 3));
  auto network = network_of(zoo);
  network.records[0].spikes = {false, {0, 63, 64, 500, 799}};
  for (const auto& backend : backends) {
    network.simulation.backend = backend;
    const auto some = run(network, with(2, 3));
    std::size_t found = 0;
    for (const std::uint32_t neuron : network.records[0].spikes.ids) {
      if (backend == "cpu") {
        EXPECT_EQ(some.steps("exc", neuron), full.steps("exc", neuron)) << neuron;
      }
      found += some.steps("exc", neuron).size();
    }
    EXPECT_GT(found, 0u) << backend;
    EXPECT_EQ(some.spikes("exc").steps.size(), found) << backend << ": spikes of others came along";
  }
}

TEST(Recorder, progress_is_told_and_a_short_run_does_not_wait_for_it) {
  RunOptions options = with(2);
  std::vector<std::pair<Step, Step>> told;
  options.progress = [&](const Progress& now) {
    told.emplace_back(now.done, now.total);
    EXPECT_GE(now.mean_rate_hz, 0);
  };
  const auto network = network_of(zoo, {"simulation.duration=1 ms"});
  constexpr int runs = 40;
  const auto time_of = [&](const RunOptions& chosen) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < runs; ++i) run(network, chosen);
    return std::chrono::steady_clock::now() - begin;
  };
  // Waiting for a next report would take 50 ms a run more than running without one.
  EXPECT_LT(time_of(options), time_of(with(2)) * 3 / 2 + std::chrono::milliseconds(40 * runs));
  EXPECT_GE(told.size(), std::size_t(runs));
  for (const auto& [done, total] : told) {
    EXPECT_LE(done, total);
    EXPECT_EQ(total, 10);
  }
}

/// Bytes that are allocated and not freed, of all threads.
double used_bytes() {
  const auto heap = mallinfo2();
  return double(heap.uordblks) + double(heap.hblkhd);
}

// A leak of one spike history, engine or thread stack a run would show as megabytes.
TEST(Recorder, a_thousand_short_runs_do_not_grow_the_memory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep freed memory; they look for leaks themselves";
#endif
  const auto network = network_of(R"(
synfire: 1
simulation: {duration: 5 ms}
populations:
  a: {model: iaf_psc_exp, size: 200, params: {I_e: 1 nA}}
  noise: {model: poisson, size: 200, params: {rate: 1 kHz}}
projections:
  - {from: a, to: a, connect: {fixed_indegree: 10}, delay: {uniform: [1 ms, 2 ms]}}
  - {from: noise, to: a, connect: one_to_one}
record: {a: {spikes: all, V_m: all}}
)");
  for (int i = 0; i < 100; ++i) run(network, with(2, 2));
  const double used = used_bytes(), resident = double(resident_bytes());
  for (int i = 0; i < 1000; ++i) run(network, with(2, 2));
  EXPECT_LT(used_bytes(), used + 1e6) << "1000 runs of a network of some 100 kB";
  // Pages are another matter: the C library keeps some for each thread that ever was, how many is chance. A
  // thread's stack lost in each run would still be seen.
  EXPECT_LT(double(resident_bytes()), resident + 64e6);
}

}  // namespace
}  // namespace synfire
