// Firing patterns by parameter set: AdEx as in Naud, Marcille, Clopath & Gerstner 2008 (table 1), Izhikevich
// 2003 (figure 2). What makes a pattern is tested on its spike train under a step of current.
#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "tests/neurons/reference.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

using Train = std::vector<double>;  // ms

Train intervals(const Train& spikes) {
  Train gaps;
  for (std::size_t k = 1; k < spikes.size(); ++k) gaps.push_back(spikes[k] - spikes[k - 1]);
  return gaps;
}

double variation(const Train& values) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean);
  return std::sqrt(square / n) / mean;
}

Train later(const Train& values, std::size_t first) {
  return {values.begin() + std::ptrdiff_t(first), values.end()};
}

// How many intervals there are that differ by more than about half a ms.
std::size_t kinds(const Train& gaps) {
  std::set<long> seen;
  for (const double gap : gaps) seen.insert(std::lround(gap * 2));
  return seen.size();
}

// Numbers of spikes in the bursts between intervals of `pause` and more; the last may be cut off.
std::vector<int> bursts(const Train& gaps, double pause) {
  std::vector<int> sizes{1};
  for (const double gap : gaps) {
    if (gap < pause) {
      ++sizes.back();
    } else {
      sizes.push_back(1);
    }
  }
  sizes.pop_back();
  return sizes;
}

template <class M>
Train respond(const typename M::Parameters& p, double current, double duration, double dt) {
  typename M::Input input{};
  input.current = typename RealOf<M>::type(current);
  Train times;
  for (const int k : OneNeuron<M>(p, dt).spikes(static_cast<int>(duration / dt), input))
    times.push_back((k + 1) * dt);
  return times;
}

// ---- AdEx ----

struct Adex {
  double C_m, g_L, E_L, V_th, Delta_T, a, tau_w, b, V_reset, current;
};

template <template <class> class Model, class Real> Train adex(const Adex& set, double duration, double dt) {
  typename Model<Real>::Parameters p{};
  p.C_m = Real(set.C_m), p.g_L = Real(set.g_L), p.E_L = Real(set.E_L), p.V_th = Real(set.V_th);
  p.Delta_T = Real(set.Delta_T), p.a = Real(set.a), p.tau_w = Real(set.tau_w), p.b = Real(set.b);
  p.V_reset = Real(set.V_reset);
  return respond<Model<Real>>(p, set.current, duration, dt);
}

// Each pattern with both forms of input (which do not matter here) and in single precision.
template <class Check> void for_each_adex(const Adex& set, double duration, const Check& check) {
  const auto traced = [&](const char* what, const Train& train) {
    SCOPED_TRACE(what);
    ASSERT_FALSE(train.empty());
    check(train);
  };
  traced("aeif_psc_exp, float", adex<AeifPscExp, float>(set, duration, 0.1));
  traced("aeif_psc_exp, dt 0.02", adex<AeifPscExp, double>(set, duration, 0.02));
  traced("aeif_cond_exp, float", adex<AeifCondExp, float>(set, duration, 0.1));
}

TEST(Adex, tonic_spiking) {
  for_each_adex({200, 10, -70, -50, 2, 2, 30, 0, -58, 500}, 500, [](const Train& train) {
    const Train gaps = intervals(train);
    ASSERT_GT(gaps.size(), 20u);
    EXPECT_NEAR(gaps.front() / gaps.back(), 1, 0.1);
    EXPECT_LT(variation(later(gaps, 5)), 0.02);
  });
}

TEST(Adex, adaptation) {
  for_each_adex({200, 12, -70, -50, 2, 2, 300, 60, -58, 500}, 1500, [](const Train& train) {
    const Train gaps = intervals(train);
    ASSERT_GT(gaps.size(), 12u);
    for (std::size_t k = 1; k < gaps.size(); ++k) EXPECT_GE(gaps[k], gaps[k - 1] - 0.15) << k;
    EXPECT_GT(gaps.back() / gaps.front(), 5);
    EXPECT_LT(variation(later(gaps, gaps.size() - 5)), 0.01) << "it settles";
  });
}

TEST(Adex, initial_burst) {
  for_each_adex({130, 18, -58, -50, 2, 4, 150, 120, -50, 400}, 1500, [](const Train& train) {
    const Train gaps = intervals(train);
    ASSERT_GT(gaps.size(), 12u);
    EXPECT_LT(gaps[0], 10);
    EXPECT_LT(gaps[1], 10);
    for (const double gap : later(gaps, 2)) EXPECT_GT(gap, 5 * gaps[1]);
    EXPECT_LT(variation(later(gaps, 4)), 0.01) << "single spikes after the burst";
  });
}

TEST(Adex, regular_bursting) {
  for_each_adex({200, 10, -58, -50, 2, 2, 120, 100, -46, 210}, 3000, [](const Train& train) {
    const Train gaps = intervals(train);
    const auto sizes = bursts(gaps, 50);
    ASSERT_GT(sizes.size(), 10u);
    EXPECT_EQ(sizes.front(), 3) << "the first burst begins without adaptation";
    for (const int size : std::vector<int>(sizes.begin() + 1, sizes.end())) EXPECT_EQ(size, 2);
    EXPECT_LE(kinds(later(gaps, 6)), 3u) << "each burst like the others";
  });
}

TEST(Adex, delayed_accelerating) {
  for_each_adex({200, 12, -70, -50, 2, -10, 300, 0, -58, 300}, 1000, [](const Train& train) {
    const Train gaps = intervals(train);
    ASSERT_GT(gaps.size(), 30u);
    EXPECT_GT(train.front(), 1.5 * gaps.front()) << "delayed";
    for (std::size_t k = 1; k < gaps.size(); ++k) EXPECT_LE(gaps[k], gaps[k - 1] + 0.15) << k;
    EXPECT_GT(gaps.front() / gaps.back(), 1.8);
  });
}

TEST(Adex, delayed_regular_bursting) {
  for_each_adex({100, 10, -65, -50, 2, -10, 90, 30, -47, 110}, 2000, [](const Train& train) {
    const Train gaps = intervals(train);
    EXPECT_GT(train.front(), 10 * gaps.front()) << "delayed";
    const auto sizes = bursts(gaps, 30);
    ASSERT_GT(sizes.size(), 15u);
    for (const int size : sizes) EXPECT_EQ(size, 4);
    for (std::size_t k = 8; k < gaps.size(); ++k) EXPECT_NEAR(gaps[k], gaps[k - 4], 0.6) << k;
  });
}

TEST(Adex, transient_spiking) {
  for_each_adex({100, 10, -65, -50, 2, 10, 90, 100, -47, 180}, 2000, [](const Train& train) {
    EXPECT_LE(train.size(), 5u);
    EXPECT_LT(train.back(), 100) << "and silence under the same current";
  });
}

TEST(Adex, irregular_spiking) {
  for_each_adex({100, 12, -60, -50, 2, -11, 130, 30, -48, 160}, 4000, [](const Train& train) {
    const Train gaps = later(intervals(train), 20);
    ASSERT_GT(gaps.size(), 100u);
    EXPECT_GT(variation(gaps), 0.4);
    EXPECT_GT(kinds(gaps), 12u) << "intervals do not come back";
  });
}

// Spike times of the irregular pattern hang on everything before them; those of the others do not, and come
// to the same as dt falls: an error of a grid step for each spike at most, since each is put on the grid.
TEST(Adex, spike_times_converge_with_the_grid) {
  for (const Adex& set :
       {Adex{200, 10, -70, -50, 2, 2, 30, 0, -58, 500}, Adex{200, 12, -70, -50, 2, 2, 300, 60, -58, 500},
        Adex{130, 18, -58, -50, 2, 4, 150, 120, -50, 400}}) {
    const Train fine = adex<AeifPscExp, double>(set, 300, 0.001);
    double last = 1e9;
    for (const double dt : {0.1, 0.02, 0.004}) {
      const Train coarse = adex<AeifPscExp, double>(set, 300, dt);
      double worst = 0;
      for (std::size_t k = 0; k < std::min(coarse.size(), fine.size()); ++k)
        worst = std::max(worst, std::abs(coarse[k] - fine[k]) / static_cast<double>(k + 1));
      EXPECT_LT(worst, dt) << dt;
      EXPECT_LT(worst, 0.5 * last) << dt;
      last = worst;
    }
  }
}

// An independent integration in steps of 0.1 us, put on the same grid: a spike ends its step.
std::vector<int> adex_by_runge_kutta(const Adex& set, double duration, double dt) {
  using Y = std::array<double, 2>;
  const auto slope = [&](const Y& y) {
    const double spike = set.g_L * set.Delta_T * std::exp((y[0] - set.V_th) / set.Delta_T);
    return Y{(-set.g_L * (y[0] - set.E_L) + spike - y[1] + set.current) / set.C_m,
             (set.a * (y[0] - set.E_L) - y[1]) / set.tau_w};
  };
  std::vector<int> spikes;
  Y y{set.E_L, 0};
  for (int k = 0; k < static_cast<int>(duration / dt); ++k) {
    bool below = true;
    for (int m = 0; m < 1000 && below; ++m) {
      const Y next = runge_kutta(y, dt / 1000, slope);
      below = next[0] < 0;  // false also for what is no number any more
      if (below) y = next;
    }
    if (below) continue;
    spikes.push_back(k);
    y = {set.V_reset, y[1] + set.b};
  }
  return spikes;
}

TEST(Adex, spikes_in_the_steps_of_a_reference_integration) {
  for (const Adex& set : {Adex{200, 12, -70, -50, 2, 2, 300, 60, -58, 500},
                          Adex{100, 10, -65, -50, 2, -10, 90, 30, -47, 110}}) {
    const auto exact = adex_by_runge_kutta(set, 150, 0.1);
    const Train found = adex<AeifPscExp, double>(set, 150, 0.1);
    ASSERT_GT(exact.size(), 5u);
    ASSERT_EQ(found.size(), exact.size());
    // Where rounding to the grid falls the other way, what follows is a step off.
    for (std::size_t k = 0; k < exact.size(); ++k) EXPECT_NEAR(found[k] / 0.1 - 1, exact[k], 2.1) << k;
  }
}

// Whatever the upstroke: no step leaves anything that is not a number, and V never stands above its peak.
TEST(Adex, survives_extreme_inputs_and_sharpness) {
  for (const float sharpness : {1e-3f, 0.1f, 2.0f, 50.0f})
    for (const float push : {1e4f, 1e8f, 1e20f, -1e4f, -1e8f, -1e20f}) {
      AeifPscExp<float>::Parameters p{};
      p.Delta_T = sharpness;
      OneNeuron<AeifPscExp<float>> neuron(p, 0.1);
      AeifCondExp<float>::Parameters q{};
      q.Delta_T = sharpness;
      OneNeuron<AeifCondExp<float>> other(q, 0.1);
      for (int k = 0; k < 200; ++k) {
        neuron.step({k % 3 == 0 ? push : 0, 0, k % 7 == 0 ? push : 0});
        other.step({std::abs(push), k % 3 == 0 ? std::abs(push) : 0, 0});
        ASSERT_TRUE(std::isfinite(neuron.state.V_m)) << push << " " << sharpness;
        ASSERT_TRUE(std::isfinite(other.state.V_m)) << push << " " << sharpness;
        ASSERT_LT(neuron.state.V_m, p.V_peak);
        ASSERT_LT(other.state.V_m, q.V_peak);
      }
    }
}

// ---- Izhikevich ----

Train izhikevich(double a, double b, double c, double d, double current, double duration = 1000) {
  Izhikevich<float>::Parameters p{};
  p.a = float(a), p.b = float(b), p.c = float(c), p.d = float(d);
  return respond<Izhikevich<float>>(p, current, duration, 0.1);
}

// Two half steps for v, a whole one for u, the input I throughout: the lines of the published program.
TEST(IzhikevichPatterns, the_published_scheme_is_the_published_program) {
  Izhikevich<double>::Parameters p{};
  p.consistent_integration = 0;
  OneNeuron<Izhikevich<double>> neuron(p, 1);
  double v = -65, u = 0.2 * v;
  int spikes = 0;
  for (int k = 0; k < 2000; ++k) {
    const double input = 5 + 5 * std::sin(k * 0.7);
    const bool spike = neuron.step({input, 0});
    v += 0.5 * (0.04 * v * v + 5 * v + 140 - u + input);
    v += 0.5 * (0.04 * v * v + 5 * v + 140 - u + input);
    u += 0.02 * (0.2 * v - u);
    ASSERT_EQ(spike, v >= 30) << k;
    if (v >= 30) v = -65, u += 8, ++spikes;
    ASSERT_NEAR(neuron.state.V_m, v, 1e-9) << k;
    ASSERT_NEAR(neuron.state.U_m, u, 1e-9) << k;
    v = neuron.state.V_m, u = neuron.state.U_m;  // else rounding grows at each upstroke
  }
  EXPECT_GT(spikes, 5);
}

TEST(IzhikevichPatterns, regular_spiking_adapts) {
  const Train gaps = intervals(izhikevich(0.02, 0.2, -65, 8, 10));
  ASSERT_GT(gaps.size(), 10u);
  EXPECT_GT(gaps.back() / gaps.front(), 1.5);
  EXPECT_LT(variation(later(gaps, gaps.size() - 8)), 0.02);
}

TEST(IzhikevichPatterns, intrinsic_bursting_is_a_burst_and_then_single_spikes) {
  const Train gaps = intervals(izhikevich(0.02, 0.2, -55, 4, 10));
  ASSERT_GT(gaps.size(), 10u);
  EXPECT_LT(gaps[0], 8);
  EXPECT_LT(gaps[1], 10);
  for (const double gap : later(gaps, 6)) EXPECT_GT(gap, 2.5 * gaps[0]);
  EXPECT_LT(variation(later(gaps, 8)), 0.05);
}

TEST(IzhikevichPatterns, chattering_repeats_bursts) {
  const auto sizes = bursts(intervals(izhikevich(0.02, 0.2, -50, 2, 10)), 12);
  ASSERT_GT(sizes.size(), 8u);
  for (const int size : std::vector<int>(sizes.begin() + 1, sizes.end())) EXPECT_GE(size, 3);
}

TEST(IzhikevichPatterns, fast_spiking_is_fast_and_does_not_adapt) {
  const Train fast = intervals(izhikevich(0.1, 0.2, -65, 2, 10)),
              regular = intervals(izhikevich(0.02, 0.2, -65, 8, 10));
  EXPECT_NEAR(fast[3] / fast.back(), 1, 0.1);
  EXPECT_LT(fast.back(), 0.6 * regular.back());
}

TEST(IzhikevichPatterns, low_threshold_spiking_fires_at_less_and_adapts) {
  EXPECT_TRUE(izhikevich(0.02, 0.2, -65, 8, 3).empty());
  EXPECT_FALSE(izhikevich(0.02, 0.25, -65, 2, 3).empty());
  const Train gaps = intervals(izhikevich(0.02, 0.25, -65, 2, 10));
  EXPECT_GT(gaps.back(), 1.3 * gaps.front());
}

TEST(IzhikevichPatterns, a_resonator_answers_two_pulses_in_its_rhythm_only) {
  const auto answered = [](int gap) {
    Izhikevich<double>::Parameters p{};
    p.a = 0.1, p.b = 0.26, p.c = -60, p.d = -1, p.I_e = 0.15;
    OneNeuron<Izhikevich<double>> neuron(p, 0.1);
    neuron.run(4000);
    int spikes = 0;
    for (int k = 0; k < 1000; ++k) spikes += neuron.step({k == 0 || k == gap ? 1.3 : 0.0, 0});
    return spikes > 0;
  };
  EXPECT_TRUE(answered(40)) << "4 ms: they add up";
  EXPECT_FALSE(answered(240));
  EXPECT_TRUE(answered(420)) << "the second pulse meets the next swing of the first";
  EXPECT_FALSE(answered(620));
}

}  // namespace
}  // namespace synfire
