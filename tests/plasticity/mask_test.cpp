// Masks: what part of a weight passes, and how it moves.
#include "sim/mask.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/output.hpp"
#include "tests/io/files.hpp"
#include "tests/sim/networks.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

/// 100 sources with a spike at 1 ms and 100 targets that count; `mask` on the one projection between them.
std::string counted(const std::string& mask, const std::string& spikes = "[1 ms]") {
  std::string lists;
  for (int i = 0; i < 100; ++i) lists += (i > 0 ? ", " : "") + spikes;
  return fmt::format(R"(
synfire: 1
seed: 3
simulation: {{duration: 100 ms, weights: float32}}
populations:
  from: {{model: spike_list, spikes: [{0}]}}
  to: {{size: 100, {1}}}
projections:
  - {{name: masked, from: from, to: to, connect: {{fixed_indegree: 10}}, weight: {{uniform: [1 mV, 2 mV]}}, delay: {{uniform: [1 ms, 3 ms]}}{2}}}
record: {{to: {{V_m: all}}{3}}}
)",
                     lists, counter, mask.empty() ? "" : ", mask: " + mask,
                     mask.empty() ? "" : ", masked: {weights: {at: [0 ms, 100 ms]}}");
}

std::vector<float> ends_of(const Ran& ran, std::size_t neurons, const std::string& population = "to") {
  const auto& trace = ran.trace(population);
  return {trace.end() - std::ptrdiff_t(neurons), trace.end()};
}

// M of each synapse and its weight are in the snapshots; their products must have arrived.
TEST(Mask, multiplies_the_weight_of_each_synapse) {
  for (const std::string kind : {"soft", "binary"}) {
    for (const std::string granularity : {"synapse", "target"}) {
      const std::string mask =
          fmt::format("{{initial: {{uniform: [0, 1]}}, kind: {}, granularity: {}}}", kind, granularity);
      for (const auto& backend : backends) {
        const auto ran = run_on(backend, counted(mask));
        const SynapseTable& table = ran.sink.weights_of(0).front().second;
        ASSERT_EQ(table.masks.size(), 1000u);
        std::vector<double> expected(100);
        std::vector<std::set<float>> masks_of(100);
        for (std::size_t k = 0; k < 1000; ++k) {
          const double m = double(table.masks[k]);
          expected[table.targets[k]] += double(table.weights[k]) * (kind == "soft" ? m : (m >= 0.5 ? 1 : 0));
          masks_of[table.targets[k]].insert(table.masks[k]);
        }
        const auto ends = ends_of(ran, 100);
        for (std::size_t t = 0; t < 100; ++t) {
          EXPECT_NEAR(ends[t], expected[t], 1e-4) << backend << " " << mask;
          EXPECT_EQ(masks_of[t].size(), granularity == "target" ? 1u : 10u);
        }
        const auto reference = run_on("reference", counted(mask));
        EXPECT_EQ(table.masks, reference.sink.weights_of(0).front().second.masks);
      }
    }
  }
}

TEST(Mask, of_one_changes_no_bit_and_of_zero_stops_everything) {
  const auto bare = run_on("cpu", counted("")), open = run_on("cpu", counted("{initial: 1}"));
  EXPECT_EQ(open.trace("to"), bare.trace("to"));
  const auto closed = run_on("cpu", counted("{initial: 0}"));
  for (const float v : closed.trace("to")) ASSERT_EQ(v, 0);
}

// 20 intervals with one spike each: of 100 x 10 x 20 passages a part M passes, but for chance.
TEST(Mask, stochastic_passes_with_its_probability_the_same_in_all_engines_and_shards) {
  std::string spikes = "[";
  for (int k = 0; k < 19; ++k) spikes += fmt::format("{}{} ms", k > 0 ? ", " : "", 1 + 5 * k);
  spikes += "]";
  for (const std::string granularity : {"synapse", "target"}) {
    const std::string text = counted(
        fmt::format("{{initial: 0.3, kind: stochastic, granularity: {}, every: 5 ms}}", granularity), spikes);
    const auto one = run(network_of(text), with(1, 1));
    const auto ends = ends_of(one, 100), bare = ends_of(run_on("cpu", counted("", spikes)), 100);
    double passed = 0, all = 0;
    for (std::size_t t = 0; t < 100; ++t) passed += double(ends[t]), all += double(bare[t]);
    const double draws = granularity == "synapse" ? 19000 : 1900;
    EXPECT_NEAR(passed / all, 0.3, 5 * std::sqrt(0.3 * 0.7 * 1.1 / draws)) << granularity;
    EXPECT_EQ(run(network_of(text), with(2, 2)).trace("to"), one.trace("to"));
    const auto reference = ends_of(run_on("reference", text), 100);
    for (std::size_t t = 0; t < 100; ++t) EXPECT_NEAR(reference[t], ends[t], 1e-3);
  }
}

/// Two branches onto the same two counting targets: `fast` spikes every 2 ms, `slow` every 10 ms, from 1 ms
/// on.
std::string branches(const std::string& fast_mask, const std::string& slow_mask, double duration_ms = 100) {
  std::string fast, slow;
  for (double t = 1; t < duration_ms - 0.5; t += 2)
    fast += fmt::format("{}{} ms", fast.empty() ? "" : ", ", t);
  for (double t = 1; t < duration_ms - 0.5; t += 10)
    slow += fmt::format("{}{} ms", slow.empty() ? "" : ", ", t);
  return fmt::format(R"(
synfire: 1
simulation: {{duration: {5} ms}}
populations:
  fast: {{model: spike_list, spikes: [[{0}]]}}
  slow: {{model: spike_list, spikes: [[{1}]]}}
  to: {{size: 2, {2}}}
projections:
  - {{name: selective, from: fast, to: to, connect: all_to_all, weight: 1 mV, delay: 1 ms{3}}}
  - {{name: invariant, from: slow, to: to, connect: all_to_all, weight: 1 mV, delay: 1 ms{4}}}
record: {{to: {{V_m: all}}, selective: {{weights: {{every: 10 ms}}}}}}
)",
                     fast, slow, counter, fast_mask.empty() ? "" : ", mask: " + fast_mask,
                     slow_mask.empty() ? "" : ", mask: " + slow_mask, duration_ms);
}

// The trace of a regular train at time t: 1000/tau times the sum of exp(-(t - arrival)/tau).
double rate_at(double t, double first, double interval, double tau) {
  double sum = 0;
  for (double arrival = first; arrival <= t + 1e-9; arrival += interval)
    sum += std::exp(-(t - arrival) / tau);
  return 1000 * sum / tau;
}

TEST(Mask, competition_moves_it_by_the_difference_of_the_rates) {
  for (const auto& backend : backends) {
    for (const std::string granularity : {"synapse", "target"}) {
      const auto ran = run_on(
          backend,
          branches(fmt::format("{{initial: 0.2, granularity: {}, every: 10 ms, competition: {{against: "
                               "invariant, rate: 0.0001, tau: 20 ms}}}}",
                               granularity),
                   ""));
      double m = 0.2;
      for (const auto& [point, table] : ran.sink.weights_of(0)) {
        const double t = 0.1 * double(point);
        m = std::clamp(m + 1e-4 * (rate_at(t, 2, 2, 20) - rate_at(t, 2, 10, 20)), 0.0, 1.0);
        ASSERT_EQ(table.masks.size(), 2u);
        for (const float value : table.masks) EXPECT_NEAR(value, m, 2e-6) << backend << " at " << t;
      }
      EXPECT_GT(m, 0.4);
      EXPECT_LT(m, 0.8);
    }
  }
}

TEST(Mask, competition_ends_at_the_bounds_and_freezing_decides_for_good) {
  for (const auto& backend : backends) {
    const auto up = run_on(
        backend, branches("{initial: 0.2, every: 10 ms, competition: {against: invariant, rate: 0.1}}", ""));
    EXPECT_EQ(up.sink.weights_of(0).back().second.masks, (std::vector<float>{1, 1}));
    const auto frozen = run_on(
        backend,
        branches(
            "{initial: {uniform: [0.4, 0.45]}, every: 10 ms, frozen_after: 50 ms, competition: {against: "
            "invariant, rate: 0.00001}}",
            ""));
    const auto& snapshots = frozen.sink.weights_of(0);
    EXPECT_GT(snapshots[3].second.masks[0], 0.4f) << "40 ms";
    EXPECT_LT(snapshots[3].second.masks[0], 0.5f);
    for (std::size_t k = 4; k < 10; ++k)
      EXPECT_EQ(snapshots[k].second.masks, (std::vector<float>{0, 0})) << k;
    const auto& trace = frozen.trace("to");
    // At 50 ms M has become 0: the spikes of `fast` since then (all of weight 1) add nothing.
    EXPECT_NEAR(trace[2 * 990] - trace[2 * 505], 5, 1e-4) << "those of `slow`, at 52, 62, 72, 82 and 92 ms";
  }
}

// What one branch lets through the other does not: the two together pass each spike of a common source once.
TEST(Mask, complements_add_up_to_one) {
  for (const auto& backend : backends) {
    for (const std::string kind : {"soft", "binary", "stochastic"}) {
      const std::string every = kind == "stochastic" ? ", every: 5 ms" : "";
      const auto ran = run_on(backend, fmt::format(R"(
synfire: 1
simulation: {{duration: 60 ms}}
populations:
  from: {{model: spike_list, spikes: [[1 ms, 11 ms, 22 ms, 33 ms, 44 ms]]}}
  to: {{size: 70, {0}}}
projections:
  - {{name: pool, from: from, to: to, connect: all_to_all, weight: 1 mV, mask: {{complement_of: conv}}}}
  - {{name: conv, from: from, to: to, connect: all_to_all, weight: 1 mV, mask: {{initial: {{uniform: [0, 1]}}, kind: {1}, granularity: target{2}}}}}
record: {{to: {{V_m: all}}, conv: {{weights: {{at: [60 ms]}}}}, pool: {{weights: {{at: [60 ms]}}}}}}
)",
                                                   counter, kind, every));
      for (const float v : ends_of(ran, 70)) EXPECT_NEAR(v, 5, 1e-4) << backend << " " << kind;
      const auto &conv = ran.sink.weights_of(0).back().second, &pool = ran.sink.weights_of(1).back().second;
      for (std::size_t k = 0; k < 70; ++k) EXPECT_FLOAT_EQ(conv.masks[k] + pool.masks[k], 1);
    }
  }
}

// A rule that acts at spikes sees the weight, not what passes: with targets that spike whatever arrives, the
// weights are the same with a mask and without.
TEST(Mask, leaves_plasticity_the_whole_weight) {
  const auto text = [](const std::string& mask) {
    return fmt::format(R"(
synfire: 1
simulation: {{duration: 100 ms}}
populations:
  from: {{model: poisson, size: 50, params: {{rate: 80 Hz}}}}
  driver: {{model: poisson, size: 130, params: {{rate: 80 Hz}}}}
  to: {{model: iaf_psc_delta, size: 130, params: {{t_ref: 0 ms, tau_m: 0.01 ms}}}}
projections:
  - {{name: p, from: from, to: to, connect: {{fixed_indegree: 10}}, weight: 0.05 mV, delay: {{uniform: [1 ms, 3 ms]}}, plasticity: {{stdp: {{w_max: 0.1 mV}}}}{0}}}
  - {{from: driver, to: to, connect: one_to_one, weight: 1000 mV}}
record: {{to: {{spikes: all}}, p: {{weights: {{at: [100 ms]}}}}}}
)",
                       mask);
  };
  const auto bare = run(text("")), masked = run(text(", mask: {initial: {uniform: [0, 1]}}"), with(2, 2));
  EXPECT_EQ(masked.spikes("to"), bare.spikes("to"));
  EXPECT_EQ(masked.sink.weights_of(0)[0].second.weights, bare.sink.weights_of(0)[0].second.weights);
  EXPECT_TRUE(bare.sink.weights_of(0)[0].second.masks.empty());
}

TEST(Mask, stays_while_plasticity_is_off_but_is_drawn_anew) {
  Simulation simulation(
      network_of(branches("{initial: 0.4, kind: stochastic, every: 5 ms, frozen_after: 40 ms, "
                          "competition: {against: invariant, rate: 0.0001}}",
                          "")),
      with(1));
  MemorySink sink(simulation.network());
  Engine& engine = simulation.engine();
  engine.start(sink);
  engine.control()->set_plastic(false);
  ASSERT_TRUE(engine.advance(500));
  EXPECT_EQ(engine.control()->synapses(0).masks, (std::vector<float>{0.4f, 0.4f}));
  engine.control()->set_plastic(true);
  ASSERT_TRUE(engine.advance(1000));
  engine.finish();
  for (const float m : engine.control()->synapses(0).masks)
    EXPECT_EQ(m, std::round(m)) << "frozen, though late";
  const auto& trace = sink.trace(2, 0);  // of `to`, two neurons
  std::set<int> gains;
  for (int k = 0; k < 10; ++k) {  // by 5 ms, in which 2 or 3 spikes of `fast` arrive, or none
    const float gain =
        trace[std::size_t(2 * (50 * k + 49))] - (k > 0 ? trace[std::size_t(2 * (50 * k - 1))] : 0);
    gains.insert(static_cast<int>(std::lround(gain)));
  }
  EXPECT_GT(gains.size(), 2u);
}

TEST(Mask, statistics_are_those_of_the_paper) {
  const std::vector<float> values = {0, 0.25f, 0.5f, 0.75f, 1};
  const auto statistics = mask_statistics(values);
  EXPECT_DOUBLE_EQ(statistics.mean, 0.5);
  EXPECT_DOUBLE_EQ(statistics.conv_ratio, 2.0 / 5) << "0.5 itself is not above it";
  EXPECT_DOUBLE_EQ(statistics.binariness, 1 - 4 * (2 * 0.1875 + 0.25) / 5);
  const std::vector<float> decided = {0, 1, 1};
  EXPECT_DOUBLE_EQ(mask_statistics(decided).binariness, 1);
}

TEST(Mask, is_kept_in_the_result_file) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("run.h5");
  auto network = network_of(branches(
      "{initial: 0.2, granularity: target, every: 10 ms, competition: {against: invariant, rate: 0.0002}}",
      ""));
  const RunOptions options = with(1);
  Simulation simulation(network, options);
  ResultFile file(path, false, simulation.network(), options);
  file.finish(simulation.run(file));
  const auto group = hdf5::File::open(path).group("synfire/weights/selective");
  const auto column = [&](const char* name) { return group.dataset(name).read<double>(); };
  const auto masks = column("mask"), means = column("mask_mean"), ratios = column("conv_ratio"),
             binariness = column("binariness");
  ASSERT_EQ(means.size(), 10u);
  ASSERT_EQ(masks.size(), 20u);
  for (std::size_t k = 0; k < 10; ++k) {
    const double m = masks[2 * k];
    EXPECT_NEAR(means[k], m, 1e-6);
    EXPECT_EQ(ratios[k], m > 0.5 ? 1 : 0);
    EXPECT_NEAR(binariness[k], 1 - 4 * m * (1 - m), 1e-6);
  }
  EXPECT_GT(means.back(), means.front());
}

std::string failure_of(const std::string& mask, const std::vector<std::string>& set = {}) {
  try {
    network_of(fmt::format(R"(
synfire: 1
populations:
  a: {{model: iaf_psc_exp, size: 4}}
  b: {{model: iaf_psc_exp, size: 4}}
projections:
  - {{name: p, from: a, to: a, connect: all_to_all, weight: 1 pA, mask: {}}}
  - {{name: q, from: b, to: a, connect: all_to_all, weight: 1 pA}}
  - {{name: r, from: a, to: b, connect: all_to_all, weight: 1 pA}}
)",
                           mask),
               set);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Mask, says_what_is_wrong) {
  const auto says = [](const std::string& mask, const std::string& part,
                       const std::vector<std::string>& set = {}) {
    const std::string message = failure_of(mask, set);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  EXPECT_EQ(failure_of("{initial: 0.5}"), "");
  says("{initial: 1.5}", "must lie in [0, 1]");
  says("{initial: {normal: [0.5, 1]}}", "[0, 1]");
  says("{kind: hard}", "there is no 'hard'");
  says("{kind: stochastic}", "'every' is missing");
  says("{every: 1 ms}", "nothing changes M");
  says("{every: 1 ms, competition: {against: x, rate: 1}}", "no projection 'x'");
  says("{every: 1 ms, competition: {against: p, rate: 1}}", "the projection itself");
  says("{every: 1 ms, competition: {against: r, rate: 1}}", "reaches population 'b'");
  says("{every: 0.05 ms, competition: {against: q, rate: 1}}", "not a multiple");
  says("{complement_of: q}", "must have a mask of its own");
  says("{complement_of: q, initial: 1}", "leave the other keys out");
  says("{initial: 0.5}", "engine event has no masks", {"simulation.engine=event"});
}

}  // namespace
}  // namespace synfire
