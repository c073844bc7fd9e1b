// Synaptic scaling and short-term plasticity.
#include <cmath>

#include "tests/plasticity/pairs.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

const std::string scaled = R"(
synfire: 1
seed: 4
simulation: {duration: 100 ms, dt: 0.1 ms}
populations:
  in: {model: poisson, size: 60, params: {rate: 50 Hz}}
  out: {model: iaf_psc_exp, size: 30}
projections:
  - {name: plastic, from: in, to: out, connect: {fixed_probability: 0.5}, weight: {uniform: [20 pA, 80 pA]}, delay: {uniform: [1 ms, 4 ms]}, plasticity: RULES}
record: {out: {spikes: all}, plastic: {weights: {at: [0 ms, 50 ms]}}}
)";

std::string with_rules(const std::string& rules) {
  std::string text = scaled;
  text.replace(text.find("RULES"), 5, rules);
  return text;
}

/// By target: the sum of its weights and their number.
std::map<std::uint32_t, std::pair<double, double>> sums(const SynapseTable& table) {
  std::map<std::uint32_t, std::pair<double, double>> made;
  for (std::size_t k = 0; k < table.targets.size(); ++k) {
    made[table.targets[k]].first += double(table.weights[k]);
    made[table.targets[k]].second += 1;
  }
  return made;
}

// Some 30 roundings in single precision.
TEST(Scaling, holds_the_sum_of_each_target_and_the_ratios_within_it) {
  for (const auto& backend : backends) {
    const Ran ran = run_on(backend, with_rules("{scaling: {total: 3000 pA, every: 50 ms}}"));
    const auto& kept = ran.sink.weights_of(0);
    ASSERT_EQ(kept.size(), 2u);
    const SynapseTable &before = kept[0].second, &after = kept[1].second;
    const auto sums_before = sums(before);
    for (const auto& [target, sum] : sums(after))
      EXPECT_NEAR(sum.first, 3000, 3000 * 1e-6) << backend << " " << target;
    for (std::size_t k = 0; k < before.weights.size(); ++k) {
      const double factor = 3000 / sums_before.at(before.targets[k]).first;
      EXPECT_NEAR(double(after.weights[k]), double(before.weights[k]) * factor, 1e-4) << backend;
    }
  }
}

TEST(Scaling, beta_is_the_mean_weight_in_units_of_w_max) {
  const Ran ran = run_on("cpu", with_rules("{scaling: {beta: 0.1, w_max: 200 pA, every: 25 ms}}"));
  for (const auto& [target, sum] : sums(ran.sink.weights_of(0)[1].second))
    EXPECT_NEAR(sum.first, 0.1 * 200 * sum.second, 1e-6 * sum.first) << target;
}

TEST(Scaling, without_a_time_nothing_is_scaled_until_it_is_asked_for) {
  Simulation simulation(network_of(with_rules("{scaling: {total: 3000 pA}}")), with(2, 3));
  MemorySink sink(simulation.network());
  Engine& engine = simulation.engine();
  engine.start(sink);
  const auto before = engine.control()->synapses(0).weights;
  ASSERT_TRUE(engine.advance(600));
  EXPECT_EQ(engine.control()->synapses(0).weights, before);
  engine.control()->apply_periodic(0);
  for (const auto& [target, sum] : sums(engine.control()->synapses(0)))
    EXPECT_NEAR(sum.first, 3000, 3000 * 1e-6);
  engine.finish();
}

TEST(Scaling, that_could_do_nothing_is_refused) {
  try {
    run_on("cpu", with_rules("{scaling: {every: 10 ms}}"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("write `total` or `beta`"), std::string::npos) << error.what();
  }
}

// ---- Tsodyks & Markram ----

// A membrane that adds up what arrives shows the part of the weight that each spike passes with.
std::vector<double> passed(const std::string& backend, const std::string& rule, const std::string& delay) {
  const Ran ran = run_on(backend, fmt::format(R"(
synfire: 1
simulation: {{duration: 400 ms, dt: 0.1 ms}}
populations:
  in: {{model: spike_list, spikes: [[10 ms, 30 ms, 50 ms, 70 ms, 90 ms, 110 ms, 300 ms]]}}
  out: {{{}, size: 1}}
projections:
  - {{from: in, to: out, connect: all_to_all, weight: 10 mV, delay: {}, plasticity: {}}}
record: {{out: {{V_m: all}}}}
)",
                                              counter, delay, rule));
  const auto& trace = ran.trace("out");
  std::vector<double> jumps;
  for (std::size_t k = 1; k < trace.size(); ++k)
    if (std::abs(trace[k] - trace[k - 1]) > 1e-4f) jumps.push_back(double(trace[k] - trace[k - 1]) / 10);
  return jumps;
}

// The recursion of Maass & Markram 2002, eqs 1-2, with R for x.
std::vector<double> recursion(double U, double D, double F) {
  double u = U, R = 1;
  std::vector<double> parts = {u * R};
  for (const double gap : {20.0, 20.0, 20.0, 20.0, 20.0, 190.0}) {
    R = 1 + (R - R * u - 1) * std::exp(-gap / D);
    u = F > 0 ? U + u * (1 - U) * std::exp(-gap / F) : U;
    parts.push_back(u * R);
  }
  return parts;
}

TEST(TsodyksMarkram, depresses_and_facilitates_as_the_recursion_says) {
  const struct {
    std::string rule;
    double U, D, F;
  } cases[] = {{"{tsodyks_markram: {U: 0.5, tau_rec: 800 ms}}", 0.5, 800, 0},
               {"{tsodyks_markram: {U: 0.1, tau_rec: 100 ms, tau_fac: 1000 ms}}", 0.1, 100, 1000}};
  for (const auto& c : cases) {
    for (const auto& backend : backends) {
      for (const std::string delay : {"1 ms", "{uniform: [1 ms, 30 ms]}"}) {
        auto parts = recursion(c.U, c.D, c.F);
        parts.back() = recursion(c.U, c.D, c.F).back();
        const auto found = passed(backend, c.rule, delay);
        ASSERT_EQ(found.size(), parts.size()) << backend << c.rule << delay;
        for (std::size_t k = 0; k < parts.size(); ++k)
          EXPECT_NEAR(found[k], parts[k], 1e-5) << backend << c.rule << delay << k;
      }
    }
  }
}

// Under a regular train of period h the depressing synapse settles at x = (1 - e)/(1 - (1 - U) e), e =
// exp(-h/tau_rec).
TEST(TsodyksMarkram, settles_where_release_and_recovery_balance) {
  std::string spikes;
  for (int k = 0; k < 200; ++k) spikes += fmt::format("{}{} ms", k ? ", " : "", 10 + 50 * k);
  const Ran ran =
      run("synfire: 1\nsimulation: {duration: 10100 ms}\npopulations:\n  in: {model: spike_list, spikes: [[" +
          spikes + "]]}\n  out: {" + counter +
          ", size: 1}\nprojections:\n  - {from: in, to: out, connect: all_to_all, weight: 1 mV, plasticity: "
          "{tsodyks_markram: {U: 0.4, tau_rec: 300 ms}}}\nrecord: {out: {V_m: {every: 50 ms}}}");
  const auto& trace = ran.trace("out");
  const double e = std::exp(-50.0 / 300), x = (1 - e) / (1 - (1 - 0.4) * e);
  EXPECT_NEAR(double(trace[195] - trace[175]) / 20, 0.4 * x, 1e-5);
}

}  // namespace
}  // namespace synfire
