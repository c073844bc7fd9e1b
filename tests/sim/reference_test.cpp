// The fast engine, in float, against the reference backend, in double and without cleverness. Both give the
// same bits on every machine, so what agrees once agrees always; the tolerances say what a fresh seed may do.
#include <algorithm>

#include "core/noise.hpp"
#include "core/random.hpp"
#include "sim/catalogue.hpp"
#include "sim/values.hpp"
#include "tests/neurons/driver.hpp"
#include "tests/sim/networks.hpp"
#include "tests/sim/zoo.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// All three models below threshold, driven by noise, listed spikes and currents. Bounds: an error of 4
// rounding units (2^-24) a step of the largest value around, fading with its time constant (tests/neurons):
// for the membrane 4 * 2^-24 * 85 * 100 = 2e-3 mV, plus that of the current through the resistance of 40
// MOhm.
TEST(AgainstReference, traces_below_threshold_agree_to_rounding) {
  const std::string text = R"(
synfire: 1
simulation: {duration: 200 ms}
populations:
  delta: {model: iaf_psc_delta, size: 70, params: {V_th: 1 V}}
  exp: {model: iaf_psc_exp, size: 70, params: {V_th: 1 V, tau_syn_ex: 10 ms, tau_m: {uniform: [9 ms, 11 ms]}}}
  cond: {model: iaf_cond_exp, size: 70, params: {V_th: 1 V, tau_syn_ex: 2 ms}}
  noise: {model: poisson, size: 70, params: {rate: 3 kHz}}
  volleys: {model: spike_list, spikes: [[10 ms, 20.2 ms], [55 ms, 55 ms]]}
  dc: {model: step_current, size: 1, params: {amplitude: 100 pA, start: 50 ms, stop: 150 ms}}
  jitter: {model: noise_current, size: 70, params: {std: 50 pA}}
projections:
  - {from: noise, to: delta, connect: one_to_one, weight: 0.2 mV}
  - {from: noise, to: exp, connect: one_to_one, weight: {uniform: [1 pA, 5 pA]}}
  - {from: noise, to: cond, connect: one_to_one, weight: 0.3 nS}
  - {from: volleys, to: delta, connect: all_to_all, weight: {normal: [0 mV, 2 mV]}, delay: {uniform: [1 ms, 9 ms]}}
  - {from: volleys, to: exp, connect: all_to_all, weight: -100 pA, delay: {uniform: [1 ms, 9 ms]}}
  - {from: volleys, to: cond, connect: {fixed_indegree: 5}, weight: -5 nS}
  - {from: dc, to: delta, connect: all_to_all}
  - {from: dc, to: exp, connect: all_to_all, weight: {uniform: [-1, 1]}}
  - {from: jitter, to: cond, connect: one_to_one}
record: {delta: {V_m: all}, exp: {V_m: all, I_syn_ex: all, I_syn_in: all}, cond: {V_m: all, g_ex: all, g_in: all}}
)";
  const auto cpu = run_on("cpu", text), reference = run_on("reference", text);
  const auto compare = [&](const char* population, std::size_t trace, double tolerance, double least_change) {
    const auto &fast = cpu.trace(population, trace), &exact = reference.trace(population, trace);
    ASSERT_EQ(fast.size(), exact.size());
    ASSERT_EQ(fast.size(), 2000u * 70);
    double worst = 0;
    for (std::size_t k = 0; k < fast.size(); ++k)
      worst = std::max(worst, std::abs(double(fast[k]) - double(exact[k])));
    EXPECT_LT(worst, tolerance) << population << " " << trace;
    const auto [low, high] = std::minmax_element(exact.begin(), exact.end());
    EXPECT_GT(*high - *low, least_change) << population << " " << trace << " must do something";
  };
  compare("delta", 0, 2e-3, 5);
  compare("exp", 0, 3e-3, 5);
  compare("exp", 1, 4 * 0x1p-24 * 300 * 100, 50);
  compare("exp", 2, 4 * 0x1p-24 * 200 * 20, 50);
  compare("cond", 0, 3e-3, 3);
  compare("cond", 1, 4 * 0x1p-24 * 10 * 20, 2);
  compare("cond", 2, 4 * 0x1p-24 * 50 * 20, 4);
}

// Regular spikes by constant currents through a chain with delays: every spike in the same step.
TEST(AgainstReference, a_deterministic_chain_spikes_in_the_same_steps) {
  const std::string text = R"(
synfire: 1
simulation: {duration: 500 ms}
populations:
  first: {model: iaf_psc_exp, size: 20, params: {I_e: {uniform: [380 pA, 900 pA]}}}
  second: {model: iaf_psc_delta, size: 20, params: {I_e: 200 pA}}
  third: {model: iaf_cond_exp, size: 20, params: {I_e: 200 pA}}
projections:
  - {from: first, to: second, connect: {fixed_indegree: 4}, weight: 3 mV, delay: {uniform: [1 ms, 6 ms]}}
  - {from: second, to: third, connect: {fixed_indegree: 8}, weight: 30 nS, delay: 2 ms}
  - {from: third, to: second, connect: one_to_one, weight: -1 mV, delay: 0.1 ms}
record: {first: {spikes: all}, second: {spikes: all}, third: {spikes: all}}
)";
  const auto cpu = run_on("cpu", text), reference = run_on("reference", text);
  for (const char* population : {"first", "second", "third"}) {
    EXPECT_GT(reference.spikes(population).steps.size(), 100u) << population;
    EXPECT_EQ(cpu.spikes(population), reference.spikes(population)) << population;
  }
  EXPECT_EQ(cpu.result.synapses, reference.result.synapses);
}

// Driven by noise and not recurrent, so that differences do not grow. A membrane that errs by 1e-4 mV crosses
// or misses a threshold wrongly about once in a thousand spikes; then one spike comes some steps earlier or
// later, and perhaps the next, until the membrane has forgotten. Allowed: one spike in 200 out of its step.
TEST(AgainstReference, poisson_driven_neurons_spike_alike_but_for_rounding_at_threshold) {
  const std::string text = R"(
synfire: 1
simulation: {duration: 1 s}
populations:
  delta: {model: iaf_psc_delta, size: 100}
  exp: {model: iaf_psc_exp, size: 100}
  cond: {model: iaf_cond_exp, size: 100}
  noise: {model: poisson, size: 100, params: {rate: 8 kHz}}
projections:
  - {from: noise, to: delta, connect: one_to_one, weight: 0.2 mV}
  - {from: noise, to: exp, connect: one_to_one, weight: 25 pA}
  - {from: noise, to: cond, connect: one_to_one, weight: 4 nS}
record: {delta: {spikes: all}, exp: {spikes: all}, cond: {spikes: all}}
)";
  const auto cpu = run_on("cpu", text), reference = run_on("reference", text);
  for (const char* population : {"delta", "exp", "cond"}) {
    const auto pairs = [](const MemorySink::Spikes& spikes) {
      std::vector<std::pair<Step, std::uint32_t>> made;
      for (std::size_t k = 0; k < spikes.steps.size(); ++k)
        made.emplace_back(spikes.steps[k], spikes.neurons[k]);
      return made;
    };
    const auto fast = pairs(cpu.spikes(population)), exact = pairs(reference.spikes(population));
    std::vector<std::pair<Step, std::uint32_t>> differing;
    std::set_symmetric_difference(fast.begin(), fast.end(), exact.begin(), exact.end(),
                                  std::back_inserter(differing));
    EXPECT_GT(exact.size(), 1000u) << population;
    EXPECT_LE(differing.size(), 2 * (1 + exact.size() / 200)) << population << ", of " << exact.size();
  }
}

// Recurrent: spikes part sooner or later, since the network amplifies every rounding; but draws, synapses and
// the first spikes are the same, and so are the rates (each within 5 standard errors of a Poisson count).
TEST(AgainstReference, the_zoo_begins_alike_and_keeps_its_rates) {
  const auto cpu = run_on("cpu", zoo), reference = run_on("reference", zoo);
  EXPECT_EQ(cpu.spikes("common"), reference.spikes("common"));
  EXPECT_EQ(cpu.result.synapses, reference.result.synapses);
  for (const char* population : {"exc", "inh", "cond"}) {
    const auto &fast = cpu.spikes(population), &exact = reference.spikes(population);
    const auto alike =
        std::mismatch(fast.steps.begin(), fast.steps.end(), exact.steps.begin(), exact.steps.end()).first -
        fast.steps.begin();
    EXPECT_GT(alike, 50) << population;
    const double n = double(exact.steps.size());
    EXPECT_NEAR(double(fast.steps.size()), n, 5 * std::sqrt(n)) << population;
  }
}

// The vectorised loop over columns is the model's own step, to the bit: sizes around the vector widths,
// parameters shared and one for each neuron, with and without the last receptor in use.
/// A population with drawn states and, if `varied`, one drawn parameter: C_m where there is one, else the
/// first that can be drawn.
template <class M> PopulationDescription drawn_population(std::uint32_t size, bool varied) {
  PopulationDescription population;
  population.name = "a";
  population.model = M::describe().name;
  population.shape = {size};
  const auto uniform = [](double low, double high) {
    Distribution drawn;
    drawn.shape = Uniform{low, high};
    return drawn;
  };
  if (varied) {
    const typename M::Parameters defaults{};
    for (const auto& info : parameter_table(M::describe(), defaults)) {
      const double value = info.default_value;
      const bool drawable =
          !info.bounds.whole && value != 0 && std::isfinite(value) && info.bounds.contain(value * 1.1);
      if (info.name == "C_m" || (drawable && population.parameters.empty()))
        population.parameters = {
            {info.name, uniform(std::min(value * 0.9, value * 1.1), std::max(value * 0.9, value * 1.1))}};
    }
  }
  for (const auto& info : parameter_table(M::describe_state(), M::initial({})))
    if (info.name == "V_m")
      population.initial["V_m"] = info.unit == Unit::mV ? uniform(-70, -55) : uniform(0, 0.5);
  return population;
}

double strong_input(const ReceptorInfo& receptor) {
  const bool inhibits = receptor.sign == ReceptorInfo::Sign::negative;
  const double size = receptor.unit == Unit::none ? 2 : receptor.unit == Unit::mV ? 4 : 300;
  return size * (inhibits && receptor.magnitude ? 0.01 : 1);
}

template <class M> void columns_are_the_model(std::uint32_t size, bool varied, bool current) {
  const PopulationDescription population = drawn_population<M>(size + 3, varied);
  const std::string& name = population.model;
  NetworkDescription network;
  network.populations.push_back(population);
  const BuildContext context{network, Grid(0.1)};
  const auto neurons = make_neurons(context, population, {3, size});
  const ParameterSampler<M> sampler(context, population);
  const RandomKey noise_key = context.key(noise_path(population));
  std::vector<OneNeuron<M>> each;
  for (std::uint32_t i = 0; i < size; ++i) {
    each.emplace_back(sampler.parameters(3 + i), 0.1);
    each.back().state = sampler.initial(3 + i, each.back().parameters);
  }
  constexpr std::size_t receptors = member_count<typename M::Input, float>;
  const std::size_t used = current ? receptors : receptors - 1;
  RandomStream random(RandomKey(1, name), size);
  std::size_t spikes = 0;
  for (Step step = 0; step < 200; ++step) {
    std::vector<std::uint32_t> fired, expected;
    std::vector<std::span<float>> inputs;
    for (std::size_t r = 0; r < used; ++r) inputs.push_back(neurons->input(r));
    for (std::uint32_t i = 0; i < size; ++i) {
      std::vector<double> input(receptors, 0);
      for (std::size_t r = 0; r < used; ++r)
        inputs[r][i] = static_cast<float>(
            input[r] = static_cast<float>(strong_input(M::receptors()[r]) * random.uniform()));
      const auto drawn = noise::of_neuron<NoiseOf<M>, float>(noise_key, step, 3 + i);
      expected.insert(expected.end(), each[i].step(struct_of<float, typename M::Input>(input), drawn), i);
    }
    neurons->step(step, fired);
    ASSERT_EQ(fired, expected) << name << " step " << step;
    spikes += fired.size();
    for (std::uint32_t i = 0; i < size; ++i) {
      const auto state = values_of<float>(each[i].state);
      for (std::size_t v = 0; v < state.size(); ++v)
        ASSERT_EQ(neurons->state(v)[i], float(state[v]))
            << name << " step " << step << " neuron " << i << " " << v;
    }
    for (std::size_t r = 0; r < used; ++r)
      for (const float left : neurons->input(r)) ASSERT_EQ(left, 0) << "a step clears its input";
  }
  EXPECT_EQ(spikes > 0, !never_spikes<M> && used > 0) << name;
}

TEST(Columns, are_advanced_by_the_models_own_step_to_the_bit) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    for (const std::uint32_t size : {1u, 7u, 16u, 63u, 64u, 65u, 200u})
      for (const bool varied : {false, true})
        for (const bool current : {false, true}) {
          SCOPED_TRACE(fmt::format("{}, {} neurons, varied {}, current {}", name, size, varied, current));
          columns_are_the_model<Model<float>>(size, varied, current);
        }
  });
}

}  // namespace
}  // namespace synfire
