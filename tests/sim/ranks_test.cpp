// Several ranks give what one gives, to the bit, and end together; ranks are threads here (tests/mpi has
// processes).
#include <atomic>
#include <chrono>
#include <thread>

#include "sim/cpu/exchange.hpp"
#include "tests/sim/changing_zoo.hpp"
#include "tests/sim/local_ranks.hpp"
#include "tests/sim/networks.hpp"
#include "tests/sim/same.hpp"
#include "tests/sim/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

struct Shared {
  Ran first;                          // what rank 0 has
  std::vector<std::string> failures;  // by rank; "" where there was none
  std::size_t messages_left = 0;
};

/// Runs a network on ranks that are threads. `prepare` may change the options of a rank.
Shared run_shared(const NetworkDescription& network, unsigned ranks, unsigned threads = 1,
                  const std::function<void(unsigned, RunOptions&, PostOffice&)>& prepare = {}) {
  PostOffice office(ranks);
  Shared shared{{network, {}, MemorySink(network)}, std::vector<std::string>(ranks), 0};
  std::vector<std::thread> processes;
  for (unsigned rank = 0; rank < ranks; ++rank) {
    processes.emplace_back([&, rank] {
      LocalRanks local(office, rank);
      RunOptions options = with(threads);
      options.ranks = &local;
      if (prepare) prepare(rank, options, office);
      MemorySink unused(network);
      try {
        Simulation simulation(network, options);
        const RunResult result = simulation.run(rank == 0 ? shared.first.sink : unused);
        if (rank == 0) shared.first.result = result;
      } catch (const std::exception& error) {
        shared.failures[rank] = error.what();
      }
    });
  }
  for (auto& process : processes) process.join();
  shared.messages_left = office.left();
  return shared;
}

TEST(Ranks, give_what_one_gives) {
  const auto network = network_of(zoo, {"simulation.duration=150 ms"});
  const auto yardstick = run(network, with(1));
  for (const auto& [ranks, threads] : {std::pair{2u, 1u}, {3u, 1u}, {4u, 2u}}) {
    const auto shared = run_shared(network, ranks, threads);
    EXPECT_EQ(shared.failures, std::vector<std::string>(ranks));
    expect_same(shared.first, yardstick);
    EXPECT_EQ(shared.first.result.ranks, ranks);
    EXPECT_EQ(shared.first.result.rank_peak_rss_bytes.size(), ranks);
    EXPECT_GT(shared.first.result.messages, 0u);
  }
}

// Long delays make wide windows, and a volley of a whole population more bytes than a first message holds.
TEST(Ranks, send_what_exceeds_a_message) {
  const std::string text =
      "synfire: 1\nsimulation: {duration: 60 ms}\npopulations:\n"
      "  a: {model: iaf_psc_delta, size: 24000, params: {I_e: 2 nA}}\n"
      "  b: {model: iaf_psc_delta, size: 24000}\n"
      "projections:\n"
      "  - {from: a, to: b, connect: {fixed_indegree: 5}, weight: 1 mV, delay: {uniform: [6 ms, 9 ms]}}\n"
      "record: {a: {spikes: all}, b: {spikes: all, V_m: {neurons: \"0:24000:500\", every: 1 ms}}}\n";
  const auto network = network_of(text);
  const auto yardstick = run(network, with(1));
  ASSERT_GT(yardstick.spikes("a").steps.size(), 40'000u);
  const auto shared = run_shared(network, 2);
  EXPECT_EQ(shared.failures, std::vector<std::string>(2));
  expect_same(shared.first, yardstick);
}

TEST(Ranks, learn_what_one_learns) {
  const auto network = network_of(learning_zoo);
  const auto yardstick = run(network, with(1));
  for (const char* const population : {"exc", "inh", "b", "c"})
    ASSERT_GT(yardstick.spikes(population).steps.size(), 200u) << population;
  for (const unsigned ranks : {2u, 3u}) {
    const auto shared = run_shared(network, ranks);
    EXPECT_EQ(shared.failures, std::vector<std::string>(ranks));
    expect_same(shared.first, yardstick);
    for (const char* const name : {"first", "second"}) {
      const std::size_t p = *network.projection(name);
      const auto &events = shared.first.sink.structures_of(p), &expected = yardstick.sink.structures_of(p);
      ASSERT_EQ(events.size(), expected.size()) << name;
      ASSERT_GT(events.size(), 5u) << name;
      for (std::size_t k = 0; k < events.size(); ++k) {
        EXPECT_EQ(events[k].first, expected[k].first);
        EXPECT_EQ(events[k].second.left.synapses, expected[k].second.left.synapses);
        EXPECT_EQ(events[k].second.pruned, expected[k].second.pruned);
        EXPECT_EQ(events[k].second.rate_prune, expected[k].second.rate_prune);
      }
    }
  }
}

TEST(Ranks, refuse_a_structure_that_is_spread) {
  const auto network = network_of(
      "synfire: 1\nsimulation: {duration: 10 ms}\npopulations:\n  a: {model: iaf_psc_exp, size: 300}\n"
      "  b: {model: iaf_psc_exp, size: 300}\nprojections:\n"
      "  - {name: grows, from: a, to: b, connect: {fixed_indegree: 5}, weight: 1 pA, delay: 1 ms, "
      "plasticity: {structural: {every: 5 ms, prune: neurons, rate_prune: 2, rates: neurons, next: last}}}\n"
      "  - {name: last, from: b, to: a, connect: {fixed_indegree: 5}, weight: 1 pA, delay: 1 ms}\n");
  EXPECT_NO_THROW(run(network));
  for (const auto& failure : run_shared(network, 2).failures)
    EXPECT_NE(failure.find("projection 'grows': its structural rule refers to 'last'"), std::string::npos)
        << failure;
}

TEST(Ranks, stop_at_one_step) {
  const auto network = network_of(zoo, {"simulation.duration=1000 s"});
  std::atomic<bool> stop{false};
  std::thread alarm([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    stop = true;
  });
  const auto shared = run_shared(network, 3, 1, [&](unsigned rank, RunOptions& options, PostOffice&) {
    if (rank == 2) options.stop = &stop;
  });
  alarm.join();
  EXPECT_EQ(shared.failures, std::vector<std::string>(3));
  ASSERT_TRUE(shared.first.result.stopped_early);
  const Step steps = shared.first.result.steps;
  ASSERT_GT(steps, 0);
  auto whole = network;
  whole.simulation.duration = Grid(whole.simulation.dt).time_ms(steps);
  const auto yardstick = run(whole, with(1));
  for (std::size_t p = 0; p < network.populations.size(); ++p)
    EXPECT_EQ(shared.first.sink.of(p), yardstick.sink.of(p));
}

TEST(Ranks, end_with_the_error_of_any_of_them) {
  const auto network = network_of(zoo, {"simulation.duration=1000 s"});
  const auto shared = run_shared(network, 3, 1, [](unsigned rank, RunOptions& options, PostOffice&) {
    if (rank == 1)
      options.notice = [](const std::string&) { throw Error(ErrorKind::resource, "no room here"); };
  });
  EXPECT_EQ(shared.failures, std::vector<std::string>(3, "no room here"));
}

TEST(Ranks, end_when_the_file_cannot_be_written) {
  struct Full final : RecordSink {
    void spikes(std::size_t, std::span<const Step>, std::span<const std::uint32_t>) override {
      throw Error(ErrorKind::resource, "the disk is full");
    }
    void frames(std::size_t, std::size_t, std::span<const float>) override {}
    void flush(Step) override {}
  };
  const auto network = network_of(zoo, {"simulation.duration=1000 s"});
  PostOffice office(2);
  std::vector<std::string> failures(2);
  std::vector<std::thread> processes;
  for (unsigned rank = 0; rank < 2; ++rank)
    processes.emplace_back([&, rank] {
      LocalRanks local(office, rank);
      RunOptions options = with(1);
      options.ranks = &local;
      Full full;
      try {
        Simulation(network, options).run(full);
      } catch (const std::exception& error) {
        failures[rank] = error.what();
      }
    });
  for (auto& process : processes) process.join();
  EXPECT_EQ(failures, std::vector<std::string>(2, "the disk is full"));
}

TEST(Ranks, notice_that_one_is_gone) {
  const auto network = network_of(zoo, {"simulation.duration=1000 s"});
  const auto shared = run_shared(network, 3, 1, [&](unsigned rank, RunOptions& options, PostOffice& office) {
    if (rank != 0) return;
    options.progress = [&](const Progress& now) {
      if (now.done > 100) office.lose(2);
    };
  });
  for (const auto& failure : shared.failures)
    EXPECT_NE(failure.find("rank 2 ended before the run did"), std::string::npos) << failure;
}

TEST(Ranks, refuse_what_they_cannot_share) {
  for (const char* set : {"simulation.backend=reference", "simulation.engine=event"}) {
    NetworkDescription network = network_of(
        "synfire: 1\nsimulation: {duration: 10 ms}\npopulations: {a: {model: iaf_psc_exp, size: 10}}\n",
        {set});
    const auto shared = run_shared(network, 2);
    for (const auto& failure : shared.failures)
      EXPECT_NE(failure.find("runs in one process"), std::string::npos) << set << ": " << failure;
  }
}

// Ranks that do not read each other send only the empty windows of the tree.
TEST(RankMap, knows_who_reads_whom) {
  const auto network = network_of(
      "synfire: 1\nsimulation: {duration: 10 ms}\npopulations:\n  a: {model: iaf_psc_exp, size: 2048}\n"
      "  b: {model: iaf_psc_exp, size: 64}\nprojections:\n"
      "  - {from: b, to: a, connect: all_to_all, weight: 1 pA, delay: 1 ms}\n");
  const BuildContext context{network, Grid(0.1)};
  const Plan plan = make_plan(context, 1, 0, 8);
  const RankMap map(plan, network);
  unsigned with_b = 8;
  for (unsigned rank = 0; rank < 8; ++rank) {
    EXPECT_TRUE(map.has(rank, 0)) << "a is on all ranks";
    EXPECT_TRUE(map.reads(rank, 1));
    EXPECT_FALSE(map.reads(rank, 0)) << "nobody reads a";
    if (map.has(rank, 1)) with_b = rank;
  }
  ASSERT_LT(with_b, 8u);
  for (unsigned from = 0; from < 8; ++from)
    for (unsigned to = 0; to < 8; ++to) {
      const bool tree =
          from != to && ((to > 0 && from == (to - 1) / 2) || (from > 0 && to == (from - 1) / 2));
      EXPECT_EQ(map.sends(from, to), tree || (from == with_b && to != from)) << from << " to " << to;
    }
}

}  // namespace
}  // namespace synfire
