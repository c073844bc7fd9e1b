// What sources do inside a running network; the draws themselves are judged in tests/encoders.
#include <set>

#include "tests/core/statistics.hpp"
#include "tests/sim/networks.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// One neuron whose membrane shows the current of the last step: tau_m is so short that it follows at once.
// V = E_L + R I, R = tau_m/C_m = 1 mV/pA.
const std::string meter =
    "model: iaf_psc_exp, params: {tau_m: 1e-3 ms, C_m: 1e-3 pF, E_L: 0 mV, V_reset: 0 mV, V_th: 1e6 mV}";

TEST(StepCurrent, flows_from_start_to_stop_scaled_by_the_weight_one_delay_later) {
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, fmt::format(R"(
synfire: 1
simulation: {{duration: 5 ms}}
populations:
  dc: {{model: step_current, size: 1, params: {{amplitude: 10 pA, start: 1 ms, stop: 2 ms}}}}
  neurons: {{{}, size: 3}}
projections: [{{from: dc, to: neurons, connect: all_to_all, weight: -2, delay: 0.3 ms}}]
record: {{neurons: {{V_m: all}}}}
)",
                                                 meter));
    const auto& trace = ran.trace("neurons");
    ASSERT_FALSE(trace.empty());
    for (std::size_t k = 0; k < trace.size(); ++k) {
      const std::size_t step = k / 3;
      EXPECT_NEAR(trace[k], step >= 13 && step < 23 ? -20 : 0, 1e-5) << backend << " step " << step;
    }
  }
}

TEST(StepCurrent, changes_at_the_times_of_its_schedule) {
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, fmt::format(R"(
synfire: 1
simulation: {{duration: 5 ms}}
populations:
  dc: {{model: step_current, size: 1, params: {{amplitude: {{steps: [[1 ms, 10 pA], [2 ms, -5 pA], [3 ms, 0 pA]]}}}}}}
  neurons: {{{}, size: 1}}
projections: [{{from: dc, to: neurons, connect: all_to_all, delay: 0.1 ms}}]
record: {{neurons: {{V_m: all}}}}
)",
                                                 meter));
    const auto& trace = ran.trace("neurons");
    ASSERT_FALSE(trace.empty());
    const auto expected = [](std::size_t step) {
      return step < 11 ? 0 : step < 21 ? 10 : step < 31 ? -5 : 0;
    };
    for (std::size_t k = 0; k < trace.size(); ++k)
      EXPECT_NEAR(trace[k], expected(k), 1e-5) << backend << " " << k;
  }
}

// 300 neurons, 1 s, a new value each 0.5 ms: 600,000 values of mean 30 and sd 20 pA. Four standard errors:
// 4 * 20/sqrt(6e5) = 0.10 for the mean; 4 * 400 * sqrt(2/6e5) = 2.9 for the variance.
TEST(NoiseCurrent, has_its_mean_and_variance_holds_its_values_and_differs_between_neurons) {
  for (const auto& backend : backends) {
    const auto ran = run_on(backend, fmt::format(R"(
synfire: 1
simulation: {{duration: 1 s}}
populations:
  noise: {{model: noise_current, size: 300, params: {{mean: 30 pA, std: 20 pA, dt: 0.5 ms}}}}
  neurons: {{{}, size: 300}}
projections: [{{from: noise, to: neurons, connect: one_to_one, delay: 0.1 ms}}]
record: {{neurons: {{V_m: all}}}}
)",
                                                 meter));
    const auto& trace = ran.trace("neurons");
    const auto at = [&](std::size_t step, std::size_t i) { return double(trace.at(step * 300 + i)); };
    Moments values;
    double between_neurons = 0, between_times = 0;
    for (std::size_t step = 1; step + 10 < 10000; step += 5) {
      for (std::size_t i = 0; i < 300; ++i) {
        values.add(at(step, i));
        for (std::size_t k = 1; k < 5; ++k) ASSERT_EQ(at(step + k, i), at(step, i)) << backend << " " << step;
        between_neurons += (at(step, i) - 30) * (at(step, (i + 1) % 300) - 30);
        between_times += (at(step, i) - 30) * (at(step + 5, i) - 30);
      }
    }
    EXPECT_NEAR(values.mean, 30, 0.10) << backend;
    EXPECT_NEAR(values.variance(), 400, 2.9) << backend;
    // A product of two independent values has variance 400^2: four standard errors are 4 * 400/sqrt(6e5).
    EXPECT_NEAR(between_neurons / values.n, 0, 2.1) << backend;
    EXPECT_NEAR(between_times / values.n, 0, 2.1) << backend;
  }
}

TEST(NoiseCurrent, one_source_for_all_gives_all_the_same_and_does_not_depend_on_shards) {
  const auto text = fmt::format(R"(
synfire: 1
simulation: {{duration: 20 ms}}
populations:
  noise: {{model: noise_current, size: 1, params: {{std: 20 pA}}}}
  neurons: {{{}, size: 200}}
projections: [{{from: noise, to: neurons, connect: all_to_all, weight: {{uniform: [1, 2]}}}}]
record: {{neurons: {{V_m: all}}}}
)",
                                meter);
  const auto one = run(text, with(1, 1)), three = run(text, with(2, 3));
  EXPECT_EQ(one.trace("neurons"), three.trace("neurons"));
  const auto& trace = one.trace("neurons");
  ASSERT_EQ(trace.size(), 200u * 200);
  for (std::size_t step = 12; step < 200; step += 10)
    for (std::size_t i = 1; i < 200; ++i) {
      const float scale = trace[step * 200 + i] / trace[12 * 200 + i];
      EXPECT_NEAR(scale, trace[step * 200] / trace[12 * 200], 2e-6f * std::abs(scale)) << step << " " << i;
    }
}

std::string driven(const std::string& projection, const std::string& record) {
  return fmt::format(R"(
synfire: 1
simulation: {{duration: 300 ms}}
populations:
  noise: {{model: poisson, size: 500, params: {{rate: 9 kHz}}}}
  neurons: {{model: iaf_psc_exp, size: 500}}
  others: {{model: iaf_psc_exp, size: 50}}
projections:
  - {{name: drive, from: noise, to: neurons, connect: one_to_one, weight: 42 pA, {}}}
  - {{from: neurons, to: neurons, connect: {{fixed_indegree: 20}}, weight: -30 pA}}
record: {{neurons: {{spikes: all, V_m: {{neurons: "0:20"}}}}{}}}
)",
                     projection, record);
}

// The engine reads the counts of a Poisson source where they are needed if the rule is one_to_one and the
// delay constant. A drawn delay that always rounds to the same step sends real spikes through real synapses.
TEST(PoissonSource, acts_the_same_fused_recorded_and_through_synapses) {
  const auto fused = run(driven("delay: 1.5 ms", ""));
  const auto recorded = run(driven("delay: 1.5 ms", ", noise: {spikes: all}"));
  const auto apart = run(driven("delay: {uniform: [1.5 ms, 1.501 ms]}", ""));
  const auto both = run(driven("delay: {uniform: [1.5 ms, 1.501 ms]}", ", noise: {spikes: all}"));
  EXPECT_GT(fused.result.drive_events, 1'000'000u);
  EXPECT_EQ(apart.result.drive_events, 0u);
  EXPECT_GT(fused.spikes("neurons").steps.size(), 1000u) << "the noise must drive the network";
  for (const auto* other : {&recorded, &apart, &both}) {
    EXPECT_EQ(other->spikes("neurons"), fused.spikes("neurons"));
    EXPECT_EQ(other->trace("neurons"), fused.trace("neurons"));
  }
  EXPECT_EQ(recorded.spikes("noise"), both.spikes("noise"));
  // What is recorded is what acts: of the last 1.5 ms nothing has arrived yet.
  std::uint64_t arrived = 0;
  for (const Step step : recorded.spikes("noise").steps) arrived += step + 15 < 3000;
  EXPECT_EQ(fused.result.drive_events, arrived);
}

TEST(PoissonSource, is_one_source_for_all_its_projections) {
  const auto alone = run(driven("delay: 1.5 ms", ""));
  auto text = driven("delay: 1.5 ms", ", noise: {spikes: all}");
  text.replace(text.find("record:"), 0,
               "  - {from: noise, to: others, connect: {fixed_indegree: 3}, weight: 1 pA}\n");
  const auto shared = run(text);
  EXPECT_EQ(shared.spikes("neurons"), alone.spikes("neurons"));
  const double rate = double(shared.spikes("noise").steps.size()) / 500 / 0.3;
  EXPECT_NEAR(rate, 9000, 4 * std::sqrt(9000 / 500 / 0.3)) << "four standard errors of a Poisson count";
}

TEST(PoissonSource, rates_of_neurons_differ_where_they_are_drawn) {
  const auto ran = run(R"(
synfire: 1
simulation: {duration: 2 s}
populations:
  noise: {model: poisson, size: 3, params: {rate: [0 Hz, 100 Hz, 1 kHz], start: 500 ms, stop: 1.5 s}}
  neurons: {model: iaf_psc_exp, size: 3}
projections: [{from: noise, to: neurons, connect: one_to_one}]
record: {noise: {spikes: all}}
)");
  EXPECT_TRUE(ran.steps("noise", 0).empty());
  EXPECT_NEAR(double(ran.steps("noise", 1).size()), 100, 4 * 10);
  EXPECT_NEAR(double(ran.steps("noise", 2).size()), 1000, 4 * 32);
  ASSERT_FALSE(ran.spikes("noise").steps.empty());
  EXPECT_GE(ran.spikes("noise").steps.front(), 5000);
  EXPECT_LT(ran.spikes("noise").steps.back(), 15000);
}

}  // namespace
}  // namespace synfire
