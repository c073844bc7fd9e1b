// What every listed neuron model must do, whatever it is.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "tests/neurons/driver.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// ---- Who takes which check ----

using Names = std::set<std::string>;

// One step of these is one step of their equations, whatever its length, with no current or time of their
// own.
const Names discrete = {"lif",    "klif",   "oscillation",     "alternative_oscillation",
                        "liquid", "parrot", "leaky_integrator"};

Names with(Names names, const Names& more) {
  names.insert(more.begin(), more.end());
  return names;
}

// What some models lack, so that a check has no meaning for them; a model that is not named takes them all.
const std::map<std::string, Names> lacks = {
    {"spikes", {"leaky_integrator", "lif_graded"}},
    {"rest", {}},  // fires by itself
    {"a clock", discrete},
    {"constant input", with(discrete, {"lif_cell", "lif_graded"})},
    {"refractory time", with(discrete, {"lif_cell", "lif_graded", "izhikevich"})},
};

bool has(const std::string& model, const std::string& what) { return !lacks.at(what).contains(model); }

template <class M> constexpr bool takes_constant_input = requires(typename M::Parameters p) { p.I_e; };
template <class M>
constexpr bool has_refractory_time = requires(typename M::Parameters p, typename M::State s) {
  p.t_ref, p.V_reset, s.V_m;
};
template <class M> bool has_clock() {
  return values_of<double>(M::constants({}, 0.1)) != values_of<double>(M::constants({}, 0.2));
}

TEST(NeuronSweep, what_a_model_is_said_to_lack_it_lacks_and_nothing_else) {
  std::set<std::string> names;
  for_each_model([&]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
    names.insert(name);
    EXPECT_EQ(has(name, "spikes"), !never_spikes<M>) << name;
    EXPECT_EQ(has(name, "a clock"), has_clock<M>()) << name;
    EXPECT_EQ(has(name, "constant input"), takes_constant_input<M>) << name;
    EXPECT_EQ(has(name, "refractory time"), has_refractory_time<M>) << name;
    EXPECT_EQ(has(name, "rest"), never_spikes<M> || OneNeuron<M>({}, 0.1).spikes(50000).empty()) << name;
  });
  for (const auto& [what, models] : lacks)
    for (const auto& model : models) EXPECT_TRUE(names.contains(model)) << model << " lacks " << what;
}

// ---- Driving any model ----

// A weight or current for the receptor, in its unit; excitation outweighs inhibition and makes spikes. Plain
// numbers are about a threshold or a leak, which are 1.
double drive(const ReceptorInfo& receptor, double uniform) {
  using Sign = ReceptorInfo::Sign;
  const double size = receptor.unit == Unit::pA   ? 1000
                      : receptor.unit == Unit::nS ? 40
                      : receptor.unit == Unit::mV ? 3
                                                  : 1;
  if (receptor.sign == Sign::positive) return size * uniform;
  if (receptor.sign == Sign::negative) return (receptor.magnitude ? 0.02 : -0.02) * size * uniform;
  return size * (2 * uniform - 1);
}

template <class M> std::vector<double> drives(RandomStream& random) {
  std::vector<double> values;
  for (const auto& receptor : M::receptors()) values.push_back(drive(receptor, random.uniform()));
  return values;
}

template <class M> std::vector<double> noise(RandomStream& random) {
  std::vector<double> values(member_count<NoiseOf<M>, typename RealOf<M>::type>);
  for (double& value : values) value = random.uniform();
  return values;
}

// The potential, or what stands first in the state of a model without one.
template <class M> double membrane(const typename M::State& s) {
  if constexpr (requires { s.V_m; }) {
    return s.V_m;
  } else {
    return values_of<double>(s).at(0);
  }
}

// The defaults; a threshold that takes hours to move stands still.
template <class M> typename M::Parameters quick() {
  typename M::Parameters p{};
  if constexpr (requires { p.tau_theta, p.theta_plus; }) p.tau_theta = 1e30, p.theta_plus = 0;
  return p;
}

// ---- Checks ----

TEST(NeuronSweep, names_are_unique_and_every_model_says_what_it_is_and_where_it_comes_from) {
  std::set<std::string> names;
  for (const auto& model : neuron_models()) {
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_FALSE(model.summary.empty()) << model.name;
    EXPECT_FALSE(model.source.empty()) << model.name;
    for (const auto* table : {&model.parameters, &model.state}) {
      std::set<std::string> members;
      for (const auto& info : *table) {
        EXPECT_TRUE(members.insert(info.name).second) << model.name << " " << info.name;
        EXPECT_FALSE(info.meaning.empty()) << model.name << " " << info.name;
      }
    }
  }
  EXPECT_EQ(names.size(), NeuronModels::size);
}

TEST(NeuronSweep, defaults_and_the_initial_state_are_inside_their_bounds_and_keep_the_rules) {
  for (const auto& model : neuron_models()) {
    for (const auto* table : {&model.parameters, &model.state})
      for (const auto& info : *table)
        EXPECT_TRUE(info.bounds.contain(info.default_value)) << model.name << " " << info.name;
    for (const auto& rule : model.rules)
      EXPECT_LT(model.parameters[rule.low].default_value, model.parameters[rule.high].default_value)
          << model.name;
  }
}

// At rest from the start, or after a while where the rest of a nonlinear model has no closed form.
TEST(NeuronSweep, left_alone_with_its_defaults_a_neuron_settles_and_then_stays_as_it_is) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    if (!has(name, "rest")) return;
    OneNeuron<Model<double>> neuron(quick<Model<double>>(), 0.1);
    neuron.run(50000);
    const auto begin = values_of<double>(neuron.state);
    neuron.run(10000);
    const auto end = values_of<double>(neuron.state);
    for (std::size_t k = 0; k < begin.size(); ++k)
      EXPECT_NEAR(end[k], begin[k], 1e4 * rounding<double> * std::abs(begin[k]) + 1e-20) << name << " " << k;
  });
}

TEST(NeuronSweep, a_step_without_a_spike_leaves_the_neuron_below_threshold) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
    if constexpr (!never_spikes<M>) {
      OneNeuron<M> neuron({}, 0.1);
      RandomStream random(RandomKey(1, name), 0);
      int spikes = 0;
      for (int k = 0; k < 20000; ++k) {
        const auto input = struct_of<double, typename M::Input>(drives<M>(random));
        if (neuron.step(input, struct_of<double, NoiseOf<M>>(noise<M>(random)))) {
          ++spikes;
        } else {
          EXPECT_FALSE(crosses<M>(M::margin(neuron.state, neuron.parameters))) << name << " step " << k;
        }
      }
      EXPECT_GT(spikes, 10) << name << ": the test drives it too weakly to see anything";
    }
  });
}

// A weight that is off by a million and a neuron that takes it now and then: wrong, but numbers.
TEST(NeuronSweep, inputs_beyond_reason_leave_numbers) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<float>;
    OneNeuron<M> neuron({}, 0.1);
    RandomStream random(RandomKey(3, name), 0);
    for (int k = 0; k < 5000; ++k) {
      auto input = drives<M>(random);
      const double scale = k % 50 == 0 ? 1e6 : 1;
      for (double& value : input) value *= scale;
      neuron.step(struct_of<float, typename M::Input>(input), struct_of<float, NoiseOf<M>>(noise<M>(random)));
      for (const double value : values_of<float>(neuron.state)) ASSERT_TRUE(std::isfinite(value)) << name;
    }
  });
}

// The state after one step, from the state before with its member m changed by 16 rounding units of float.
template <class M>
std::vector<double> after_step_from(OneNeuron<M> neuron, std::size_t m, const typename M::Input& input,
                                    const NoiseOf<M>& noise) {
  auto state = values_of<double>(neuron.state);
  state[m] *= 1 + 16 * rounding<float>;
  neuron.state = struct_of<double, typename M::State>(state);
  neuron.step(input, noise);
  return values_of<double>(neuron.state);
}

// Float against double, one step at a time from the same state, so that no error is carried on. A step is at
// most 32 operations; each errs by a rounding unit of the largest number around, or, where a step makes much
// of little (the upstroke of a spike), acts like a state that is a few rounding units off.
TEST(NeuronSweep, one_step_in_float_is_one_step_in_double_to_rounding) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using D = Model<double>;
    using F = Model<float>;
    OneNeuron<D> exact({}, 0.1);
    OneNeuron<F> neuron({}, 0.1);
    RandomStream random(RandomKey(2, name), 0);
    int differing_spikes = 0;
    for (int k = 0; k < 5000; ++k) {
      const auto input = struct_of<float, typename F::Input>(drives<D>(random));
      const auto drawn = struct_of<float, NoiseOf<F>>(noise<D>(random));
      const auto input_d = struct_of<double, typename D::Input>(values_of<float>(input));
      const auto drawn_d = struct_of<double, NoiseOf<D>>(values_of<float>(drawn));
      exact.state = struct_of<double, typename D::State>(values_of<float>(neuron.state));
      const OneNeuron<D> before = exact;
      const auto spike = neuron.step(input, drawn);
      if (spike != exact.step(input_d, drawn_d)) {
        ++differing_spikes;  // within rounding of the threshold
        continue;
      }
      const auto f = values_of<float>(neuron.state), d = values_of<double>(exact.state);
      std::vector<double> tolerance;
      for (const double value : d)
        tolerance.push_back(32 * rounding<float> * std::max(200.0, std::abs(value)));
      for (std::size_t m = 0; m < d.size(); ++m) {
        const auto moved = after_step_from(before, m, input_d, drawn_d);
        for (std::size_t n = 0; n < d.size(); ++n) tolerance[n] += std::abs(moved[n] - d[n]);
      }
      for (std::size_t m = 0; m < d.size(); ++m)
        EXPECT_NEAR(f[m], d[m], tolerance[m]) << name << " " << m << " step " << k;
    }
    EXPECT_LE(differing_spikes, 2) << name;
  });
}

// The response to one volley, 12.8 ms later, on ever finer grids: the error falls by about 2 or more with
// each halving, or is rounding from the start (exact integration). The finest grid stands for the exact
// solution.
TEST(NeuronSweep, the_membrane_converges_with_the_grid) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
    if (!has(name, "a clock")) return;
    std::vector<double> volley;
    for (const auto& receptor : M::receptors())
      volley.push_back(receptor.sign == ReceptorInfo::Sign::continuous ? 0 : drive(receptor, 1));
    const auto response = [&](double dt) {
      OneNeuron<M> neuron({}, dt);
      neuron.step(struct_of<double, typename M::Input>(volley));
      neuron.run(static_cast<int>(std::lround(12.8 / dt)));
      return membrane<M>(neuron.state);
    };
    const double exact = response(0.1 / 256), noise = 1e5 * rounding<double> * 100;
    EXPECT_GT(std::abs(exact - membrane<M>(M::initial({}))), 1e-3) << name << ": the volley did nothing";
    double last = std::abs(response(0.4) - exact);
    for (const double dt : {0.2, 0.1, 0.05}) {
      const double error = std::abs(response(dt) - exact);
      EXPECT_LE(error, std::max(last / 1.7, noise)) << name << " dt " << dt;
      last = error;
    }
  });
}

// The counter holds exactly the steps of t_ref, and none for 0.
TEST(NeuronSweep, refractoriness_lasts_t_ref_to_the_step) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
    if constexpr (has_refractory_time<M> && takes_constant_input<M>) {
      for (const int held : {0, 1, 2, 20, 333}) {
        typename M::Parameters p{};
        p.t_ref = held * 0.1;
        p.I_e = 2000;
        OneNeuron<M> neuron(p, 0.1);
        while (!neuron.step()) {
        }
        EXPECT_EQ(neuron.state.V_m, p.V_reset) << name;
        for (int k = 0; k < held; ++k) {
          EXPECT_FALSE(neuron.step()) << name << " t_ref " << p.t_ref << " step " << k;
          EXPECT_EQ(neuron.state.V_m, p.V_reset) << name << " t_ref " << p.t_ref << " step " << k;
        }
        neuron.step();
        EXPECT_GT(neuron.state.V_m, p.V_reset) << name << " t_ref " << p.t_ref;
      }
    }
  });
}

// A constant current that makes at least 40 spikes in 2 s: they end up regular, to a step.
TEST(NeuronSweep, spikes_under_constant_current_become_regular) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
    if constexpr (takes_constant_input<M> && !never_spikes<M>) {
      std::vector<int> spikes;
      auto p = quick<M>();
      for (p.I_e = 1; spikes.size() < 40 && p.I_e < 1e6; p.I_e *= 2)
        spikes = OneNeuron<M>(p, 0.1).spikes(20000);
      ASSERT_GE(spikes.size(), 40u) << name;
      std::vector<int> intervals;
      for (std::size_t k = spikes.size() - 10; k < spikes.size(); ++k)
        intervals.push_back(spikes[k] - spikes[k - 1]);
      const auto [least, most] = std::minmax_element(intervals.begin(), intervals.end());
      EXPECT_LE(*most - *least, 1) << name;
      EXPECT_GT(*least, 20) << name;
    }
  });
}

}  // namespace
}  // namespace synfire
