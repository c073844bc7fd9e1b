// Structural plasticity in a running network: what passes, what is recorded, and that no sharding shows.
#include <filesystem>
#include <set>

#include "sim/output.hpp"
#include "tests/io/files.hpp"
#include "tests/sim/networks.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

using Events = std::vector<std::pair<Step, StructureEvent>>;

void expect_same(const Events& a, const Events& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].first, b[k].first) << what;
    EXPECT_EQ(a[k].second.left.synapses, b[k].second.left.synapses) << what;
    EXPECT_EQ(a[k].second.left.connected, b[k].second.left.connected) << what;
    EXPECT_EQ(a[k].second.pruned, b[k].second.pruned) << what;
    EXPECT_EQ(a[k].second.regenerated, b[k].second.regenerated) << what;
    EXPECT_EQ(a[k].second.formed, b[k].second.formed) << what;
    EXPECT_EQ(a[k].second.rate_prune, b[k].second.rate_prune) << what;
    EXPECT_EQ(a[k].second.rate_regenerate, b[k].second.rate_regenerate) << what;
  }
}

// The event is at 10 ms. Spikes arrive at 7, 10, 11 and 14 ms; those on the way at 10 ms find no synapse.
TEST(Structure, a_spike_passes_the_synapses_that_exist_when_it_arrives) {
  for (const auto& backend : backends) {
    for (const std::string delay : {"2 ms", "{uniform: [1.95 ms, 2.04 ms]}"}) {
      const auto ran = run_on(backend, fmt::format(R"(
synfire: 1
simulation: {{duration: 20 ms}}
populations:
  source: {{model: spike_list, spikes: [[5 ms, 8 ms, 9 ms, 12 ms]]}}
  weak: {{size: 1, {0}}}
  strong: {{size: 1, {0}}}
projections:
  - {{from: source, to: weak, connect: all_to_all, weight: 1 mV, delay: {1}, plasticity: {{structural: {{every: 10 ms, prune: weight, w_prune: 2 mV}}}}}}
  - {{from: source, to: strong, connect: all_to_all, weight: 3 mV, delay: {1}, plasticity: {{structural: {{every: 10 ms, prune: weight, w_prune: 2 mV}}}}}}
record: {{weak: {{V_m: all}}, strong: {{V_m: all}}}}
)",
                                                   counter, delay));
      EXPECT_NEAR(ran.trace("weak").back(), 2, 1e-4) << backend << " " << delay;
      EXPECT_NEAR(ran.trace("strong").back(), 12, 1e-4) << backend << " " << delay;
      EXPECT_EQ(ran.result.synaptic_events, 6u) << backend << " " << delay;
      EXPECT_EQ(ran.result.synapses, 1u);
    }
  }
}

// One synapse is formed at 10 ms, from the one source to the one target, with a delay of 2 ms: of the spikes
// that would arrive at 9, 10, 11 and 14 ms it carries the last two.
TEST(Structure, a_new_synapse_carries_what_arrives_from_then_on) {
  for (const auto& backend : backends) {
    for (const std::string delay : {"2 ms", "{uniform: [1.95 ms, 2.04 ms]}"}) {
      const auto ran = run_on(backend, fmt::format(R"(
synfire: 1
simulation: {{duration: 20 ms}}
populations:
  source: {{model: spike_list, spikes: [[7 ms, 8 ms, 9 ms, 12 ms]]}}
  to: {{size: 1, {0}}}
projections:
  - {{from: source, to: to, connect: {{fixed_probability: 0}}, weight: 1 mV, delay: {1}, plasticity: {{structural: {{every: 10 ms, form: 1, most: 1, w_new: 3 mV}}}}}}
record: {{to: {{V_m: all}}}}
)",
                                                   counter, delay));
      EXPECT_NEAR(ran.trace("to").back(), 6, 1e-4) << backend << " " << delay;
    }
  }
}

/// Sources that spike at random, targets that spike when a driver makes them, whatever else arrives: so the
/// spikes are the same in float and in double. STDP and structure at once.
std::string driven(const std::string& delay, const std::string& structural, const std::string& stdp) {
  return fmt::format(R"(
synfire: 1
seed: 5
simulation: {{duration: 100 ms}}
populations:
  from: {{model: poisson, size: 150, params: {{rate: 60 Hz}}}}
  driver: {{model: poisson, size: 130, params: {{rate: 60 Hz}}}}
  to: {{model: iaf_psc_delta, size: 130, params: {{t_ref: 0 ms, tau_m: 0.01 ms}}}}
projections:
  - {{name: changing, from: from, to: to, connect: {{fixed_indegree: {{indegree: 12, allow_multapses: false}}}}, weight: {{uniform: [0.01 mV, 0.1 mV]}}, delay: {0}, plasticity: {{{2}structural: {1}}}}}
  - {{from: driver, to: to, connect: one_to_one, weight: 1000 mV}}
record:
  from: {{spikes: all}}
  to: {{spikes: all}}
  changing: {{weights: {{every: 10 ms}}}}
)",
                     delay, structural, stdp);
}
const std::string lively =
    "{every: 10 ms, prune: synapses, rate_prune: 8, T_num: 1, regenerate: random, rate_regenerate: 30, form: "
    "40, "
    "w_new: 0.05 mV}";
const std::string pairs_rule = "stdp: {w_max: 0.1 mV, A_plus: 0.05, A_minus: 0.06}, ";

TEST(Structure, both_backends_agree_with_stdp_on_the_same_synapses) {
  for (const std::string delay : {"1.5 ms", "{uniform: [0.5 ms, 12 ms]}"}) {
    for (const std::string& rule : {pairs_rule, std::string()}) {
      const auto fast = run_on("cpu", driven(delay, lively, rule));
      const auto exact = run_on("reference", driven(delay, lively, rule));
      EXPECT_EQ(fast.spikes("to"), exact.spikes("to"));
      EXPECT_GT(fast.spikes("to").steps.size(), 400u);
      EXPECT_EQ(fast.result.synaptic_events + fast.result.drive_events, exact.result.synaptic_events);
      expect_same(fast.sink.structures_of(0), exact.sink.structures_of(0), delay);
      const auto &a = fast.sink.weights_of(0), &b = exact.sink.weights_of(0);
      ASSERT_EQ(a.size(), 10u);
      ASSERT_EQ(b.size(), 10u);
      for (std::size_t k = 0; k < a.size(); ++k) {
        ASSERT_EQ(a[k].second.sources, b[k].second.sources) << k;
        ASSERT_EQ(a[k].second.targets, b[k].second.targets) << k;
        for (std::size_t n = 0; n < a[k].second.weights.size(); ++n)
          ASSERT_NEAR(a[k].second.weights[n], b[k].second.weights[n], 2e-6) << k;
      }
    }
  }
}

TEST(Structure, eligibility_moves_with_its_synapse) {
  const std::string rule = "stdp_reward: {w_max: 0.1 mV, A_plus: 0.05, tau_e: 30 ms, reward: from}, ";
  const std::string delay = "{uniform: [0.5 ms, 3 ms]}";
  const auto fast = run_on("cpu", driven(delay, lively, rule)),
             exact = run_on("reference", driven(delay, lively, rule));
  const SynapseTable &a = fast.sink.weights_of(0).back().second, &b = exact.sink.weights_of(0).back().second;
  ASSERT_EQ(a.targets, b.targets);
  for (std::size_t n = 0; n < a.weights.size(); ++n) ASSERT_NEAR(a.weights[n], b.weights[n], 1e-5);
}

// With one delay, an arrival's synapses can be recounted from the snapshots: those after the event at 10 k ms
// are in force until the next one.
TEST(Structure, events_are_those_of_the_synapses_in_force) {
  const auto ran = run_on("cpu", driven("1.5 ms", lively, ""));
  const auto& snapshots = ran.sink.weights_of(0);
  std::vector<std::vector<std::uint64_t>> row_sizes;
  for (const auto& [point, table] : snapshots) {
    std::vector<std::uint64_t> sizes(150);
    for (const std::uint32_t source : table.sources) ++sizes[source];
    row_sizes.push_back(sizes);
  }
  std::uint64_t expected = 0;
  const auto& spikes = ran.spikes("from");
  for (std::size_t k = 0; k < spikes.steps.size(); ++k) {
    const Step arrival = spikes.steps[k] + 15 + 1;  // a point of the grid
    if (arrival > 100 && arrival <= 1000)
      expected += row_sizes[std::size_t((arrival - 1) / 100 - 1)][spikes.neurons[k]];
  }
  auto quiet = network_of(driven("1.5 ms", lively, ""));
  quiet.simulation.duration = 10;
  EXPECT_EQ(ran.result.synaptic_events - run(quiet).result.synaptic_events, expected);
}

TEST(Structure, counts_add_up_and_no_pair_is_doubled) {
  const auto ran = run_on("cpu", driven("{uniform: [0.5 ms, 4 ms]}", lively, pairs_rule));
  const Events& events = ran.sink.structures_of(0);
  const auto& snapshots = ran.sink.weights_of(0);
  ASSERT_EQ(events.size(), 10u);
  std::uint64_t synapses = 130 * 12, regenerated = 0, formed = 0;
  for (std::size_t k = 0; k < events.size(); ++k) {
    const StructureEvent& event = events[k].second;
    EXPECT_EQ(events[k].first, Step(100 * (k + 1)));
    EXPECT_EQ(event.pruned, std::uint64_t(0.08 * double(synapses)));
    synapses = synapses - event.pruned + event.regenerated + event.formed;
    EXPECT_EQ(event.left.synapses, synapses);
    const SynapseTable& table = snapshots[k].second;
    EXPECT_EQ(table.sources.size(), synapses);
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (std::size_t n = 0; n < table.sources.size(); ++n) pairs.emplace(table.sources[n], table.targets[n]);
    EXPECT_EQ(pairs.size(), synapses);
    regenerated += event.regenerated, formed += event.formed;
  }
  EXPECT_GT(regenerated, 100u);
  EXPECT_GT(formed, 100u);
  EXPECT_EQ(ran.result.synapses, synapses + 130);
}

// Two structural projections in a row: what is left of the second moves the rate of the first.
const std::string chain = R"(
synfire: 1
seed: 9
simulation: {duration: 120 ms}
populations:
  noise: {model: poisson, size: 300, params: {rate: 4 kHz}}
  a: {model: iaf_psc_exp, size: 300}
  b: {model: iaf_psc_exp, size: 200, params: {I_e: 380 pA}}
  c: {model: iaf_psc_exp, size: 150, params: {I_e: 380 pA}}
projections:
  - {from: noise, to: a, connect: one_to_one, weight: 80 pA}
  - {name: first, from: a, to: b, connect: {fixed_indegree: 40}, weight: {uniform: [1 pA, 20 pA]}, delay: {uniform: [0.3 ms, 4 ms]}, plasticity: {stdp: {w_max: 30 pA}, structural: {every: 10 ms, prune: neurons, rate_prune: 2, rates: connections, next: second, alpha: 0.9, beta: 0.2, mid: 4, T_num: 1, regenerate: activity, rate_regenerate: 1, ceiling: 10}}}
  - {name: second, from: b, to: c, connect: {fixed_indegree: 30}, weight: {uniform: [1 pA, 20 pA]}, delay: 0.5 ms, plasticity: {stdp_reward: {w_max: 30 pA, reward: a}, structural: {every: 7 ms, prune: synapses, rate_prune: 3, rates: neurons, next: last, form: 20, w_new: 5 pA}}}
  - {name: last, from: c, to: a, connect: {fixed_indegree: 10}, weight: 1 pA, delay: 1 ms}
record:
  a: {spikes: all}
  b: {spikes: all}
  c: {spikes: all, V_m: all}
  first: {weights: {every: 30 ms}}
  second: {weights: {every: 40 ms}}
)";

TEST(Structure, threads_and_shards_change_nothing) {
  const auto one = run(network_of(chain), with(1, 1));
  EXPECT_GT(one.spikes("b").steps.size(), 300u);
  EXPECT_GT(one.spikes("c").steps.size(), 200u);
  const std::pair<unsigned, unsigned> cases[] = {{1, 3}, {2, 2}, {3, 5}};
  for (const auto& [threads, shards] : cases) {
    const auto other = run(network_of(chain), with(threads, shards));
    const std::string what = fmt::format("{} threads, {} shards", threads, shards);
    EXPECT_EQ(other.sink.all(), one.sink.all()) << what;
    EXPECT_EQ(other.trace("c"), one.trace("c")) << what;
    EXPECT_EQ(other.result.synaptic_events, one.result.synaptic_events) << what;
    for (const char* name : {"first", "second"}) {
      const std::size_t p = *one.network.projection(name);
      expect_same(other.sink.structures_of(p), one.sink.structures_of(p), what + " " + name);
    }
    for (std::size_t r = 0; r < 2; ++r) {
      const auto &a = one.sink.weights_of(r), &b = other.sink.weights_of(r);
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t k = 0; k < a.size(); ++k) {
        EXPECT_EQ(a[k].second.sources, b[k].second.sources) << what;
        EXPECT_EQ(a[k].second.targets, b[k].second.targets) << what;
        EXPECT_EQ(a[k].second.weights, b[k].second.weights) << what;
      }
    }
  }
}

// Eq. 23 with 24 from what was recorded: S of `second` is the one before the point of the event of `first`.
TEST(Structure, rates_refer_to_the_next_projection_as_it_was_before) {
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, chain);
    const Events &first = ran.sink.structures_of(1), &second = ran.sink.structures_of(2);
    ASSERT_EQ(first.size(), 12u);
    double rate = 2, regenerate = 1;
    for (std::size_t k = 0; k < first.size(); ++k) {
      const auto& [point, event] = first[k];
      EXPECT_DOUBLE_EQ(event.rate_prune, rate) << backend << " " << k;
      EXPECT_DOUBLE_EQ(event.rate_regenerate, regenerate) << backend << " " << k;
      double behind = 150 * 30;
      for (const auto& [when, other] : second)
        if (when < point) behind = double(other.left.synapses);
      const double e = double(k) + 1;
      const double here = double(event.left.synapses - event.regenerated);
      rate = std::min(10.0, rate + (e <= 4 ? 0.9 * std::exp(-(e - 1)) : 0.2) * (here / 200) / (behind / 150));
      regenerate += std::pow(1.1, e - 1);
    }
  }
}

TEST(Structure, pruning_makes_a_network_cheaper) {
  const std::string half = "{every: 50 ms, prune: weight, w_prune: 0.055 mV}";
  const auto all = run_on("cpu", driven("1.5 ms", "{every: 50 ms, prune: weight, w_prune: 0.001 mV}", ""));
  const auto pruned = run_on("cpu", driven("1.5 ms", half, ""));
  const double ratio = double(pruned.result.synaptic_events) / double(all.result.synaptic_events);
  EXPECT_NEAR(ratio, 0.75, 0.03) << "half of the synapses are gone for half of the time";
  EXPECT_LT(pruned.result.synapse_bytes, all.result.synapse_bytes);
}

TEST(Structure, is_kept_in_the_result_file) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("run.h5");
  auto network = network_of(driven("1.5 ms", lively, pairs_rule));
  network.output = path;
  const RunOptions options = with(1);
  Simulation simulation(network, options);
  ResultFile file(path, false, simulation.network(), options);
  file.finish(simulation.run(file));
  const auto read = hdf5::File::open(path);
  const auto group = read.group("synfire/structure/changing");
  const auto column = [&](const char* name) { return group.dataset(name).read<double>(); };
  const auto synapses = column("synapses"), pruned = column("pruned"), back = column("regenerated"),
             formed = column("formed"), time = column("time");
  ASSERT_EQ(time.size(), 10u);
  double count = 130 * 12;
  for (std::size_t k = 0; k < time.size(); ++k) {
    EXPECT_DOUBLE_EQ(time[k], 10.0 * double(k + 1));
    count += back[k] + formed[k] - pruned[k];
    EXPECT_EQ(synapses[k], count);
  }
  EXPECT_EQ(column("rate_prune"), std::vector<double>(10, 8.0));
  EXPECT_EQ(column("connected_targets").size(), 10u);
  const auto begin = read.group("synfire/weights/changing").dataset("begin").read<double>();
  EXPECT_EQ(begin[10] - begin[9], count) << "the snapshot at the end has the synapses that are left";
}

std::string failure_of(const std::string& structural, const std::string& more = "") {
  try {
    run(network_of(fmt::format(R"(
synfire: 1
simulation: {{duration: 1 ms}}
populations:
  a: {{model: iaf_psc_exp, size: 4}}
projections:
  - {{name: p, from: a, to: a, connect: all_to_all, weight: 1 pA{1}, plasticity: {{structural: {0}}}}}
  - {{name: q, from: a, to: a, connect: all_to_all, weight: 1 pA}}
)",
                               structural, more)));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Structure, says_what_is_missing) {
  EXPECT_NE(failure_of("{}").find("'every' is missing"), std::string::npos);
  EXPECT_NE(failure_of("{every: 1 ms}").find("write `prune` or `form`"), std::string::npos);
  EXPECT_NE(failure_of("{every: 1 ms, prune: weight}").find("w_prune"), std::string::npos);
  EXPECT_NE(failure_of("{every: 1 ms, form: 1}").find("w_new"), std::string::npos);
  EXPECT_NE(failure_of("{every: 1 ms, prune: neurons, rates: connections}").find("next"), std::string::npos);
  EXPECT_NE(failure_of("{every: 1 ms, prune: neurons, rates: neurons, next: r}").find("no projection 'r'"),
            std::string::npos);
  EXPECT_EQ(failure_of("{every: 1 ms, prune: neurons, rates: neurons, next: q}"), "");
  EXPECT_EQ(failure_of("{every: 1 ms, prune: neurons, rates: neurons, next: p}"), "");
  EXPECT_NE(failure_of("{every: 1 ms, prune: neurons}", ", mask: {initial: 0.5}").find("granularity: target"),
            std::string::npos);
}

}  // namespace
}  // namespace synfire
