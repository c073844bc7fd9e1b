// What every listed neuron model must do, whatever it is.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "tests/neurons/driver.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// A weight or current for the receptor, in its unit; excitation outweighs inhibition and makes spikes.
double drive(const ReceptorInfo& receptor, double uniform) {
  using Sign = ReceptorInfo::Sign;
  const double size = receptor.unit == Unit::pA ? 200 : receptor.unit == Unit::nS ? 40 : 2;
  if (receptor.sign == Sign::positive) return size * uniform;
  if (receptor.sign == Sign::negative) return (receptor.magnitude ? 0.02 : -0.2) * size * uniform;
  return size * (2 * uniform - 1);
}

template <class M> std::vector<double> drives(RandomStream& random) {
  std::vector<double> values;
  for (const auto& receptor : M::receptors()) values.push_back(drive(receptor, random.uniform()));
  return values;
}

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

TEST(NeuronSweep, left_alone_with_its_defaults_a_neuron_stays_as_it_is) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    OneNeuron<Model<double>> neuron({}, 0.1);
    const auto begin = values_of<double>(neuron.state);
    EXPECT_TRUE(neuron.spikes(10000).empty()) << name;
    const auto end = values_of<double>(neuron.state);
    for (std::size_t k = 0; k < begin.size(); ++k)
      EXPECT_NEAR(end[k], begin[k], 1e4 * rounding<double> * std::abs(begin[k])) << name << " " << k;
  });
}

TEST(NeuronSweep, a_step_without_a_spike_leaves_the_neuron_below_threshold) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
    OneNeuron<M> neuron({}, 0.1);
    RandomStream random(RandomKey(1, name), 0);
    int spikes = 0;
    for (int k = 0; k < 20000; ++k) {
      const auto input = struct_of<double, typename M::Input>(drives<M>(random));
      if (neuron.step(input)) {
        ++spikes;
      } else {
        EXPECT_LT(M::margin(neuron.state, neuron.parameters), 0) << name << " step " << k;
      }
    }
    EXPECT_GT(spikes, 10) << name << ": the test drives it too weakly to see anything";
  });
}

// Float against double, one step at a time from the same state, so that no error is carried on. A step is at
// most 32 operations; each errs by a rounding unit of the largest number around.
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
      exact.state = struct_of<double, typename D::State>(values_of<float>(neuron.state));
      const bool spike = neuron.step(input);
      if (spike != exact.step(struct_of<double, typename D::Input>(values_of<float>(input)))) {
        ++differing_spikes;  // within rounding of the threshold
        continue;
      }
      const auto f = values_of<float>(neuron.state), d = values_of<double>(exact.state);
      for (std::size_t m = 0; m < d.size(); ++m)
        EXPECT_NEAR(f[m], d[m], 32 * rounding<float> * std::max(200.0, std::abs(d[m]))) << name << " " << m;
    }
    EXPECT_LE(differing_spikes, 1) << name;
  });
}

// The response to one volley, 12.8 ms later, on ever finer grids: the error falls by 2 or more with each
// halving, or is rounding from the start (exact integration). The finest grid stands for the exact solution.
TEST(NeuronSweep, the_membrane_converges_with_the_grid) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
    std::vector<double> volley;
    for (const auto& receptor : M::receptors())
      volley.push_back(receptor.sign == ReceptorInfo::Sign::continuous ? 0 : drive(receptor, 1));
    const auto membrane = [&](double dt) {
      OneNeuron<M> neuron({}, dt);
      neuron.step(struct_of<double, typename M::Input>(volley));
      neuron.run(static_cast<int>(std::lround(12.8 / dt)));
      return neuron.state.V_m;
    };
    const double exact = membrane(0.1 / 256), noise = 1e5 * rounding<double> * 100;
    EXPECT_GT(std::abs(exact - M::initial({}).V_m), 1e-3) << name << ": the volley did nothing";
    double last = std::abs(membrane(0.8) - exact);
    for (const double dt : {0.4, 0.2, 0.1}) {
      const double error = std::abs(membrane(dt) - exact);
      EXPECT_LE(error, std::max(last / 1.8, noise)) << name << " dt " << dt;
      last = error;
    }
  });
}

// Every listed model has t_ref; the counter holds exactly its steps, and none for 0.
TEST(NeuronSweep, refractoriness_lasts_t_ref_to_the_step) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    using M = Model<double>;
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
  });
}

// A strong constant current: intervals are t_ref apart plus the way from reset to threshold, in all models.
TEST(NeuronSweep, spikes_under_constant_current_are_regular) {
  for_each_model([]<template <class> class Model>(const std::string& name) {
    typename Model<double>::Parameters p{};
    p.I_e = 1000;
    const auto spikes = OneNeuron<Model<double>>(p, 0.1).spikes(5000);
    ASSERT_GT(spikes.size(), 20u) << name;
    for (std::size_t k = 2; k < spikes.size(); ++k)
      EXPECT_EQ(spikes[k] - spikes[k - 1], spikes[2] - spikes[1]) << name;
    EXPECT_GT(spikes[2] - spikes[1], 20) << name;
  });
}

}  // namespace
}  // namespace synfire
