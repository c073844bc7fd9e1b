// Neurons that live in steps, against their equations written once more, line by line, and what follows from
// these.
#include <gtest/gtest.h>

#include "core/random.hpp"
#include "tests/neurons/driver.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// At most some ten roundings of numbers around 1 in a step, which the leak forgets (decay <= 0.9).
constexpr double tolerance = 1e-13;

// Input of either sign that makes a neuron with a threshold around 1 spike now and then.
double drawn_input(RandomStream& random) { return random.uniform(-1, 2); }

// ---- lif ----

/// (3.1) or (2.2), (2.3), the reset, and both kinds of refractoriness.
struct LifByHand {
  Lif<double>::Parameters p;
  double V = 0, a = 0;
  int held = 0;

  bool step(double X) {
    a *= p.th_decay;
    if (held > 0) {
      --held;
      return false;
    }
    const double H = p.leak == 0 ? p.decay * V + X : V + (X - (V - p.V_reset)) / p.tau;
    const double threshold = p.V_th + a;
    V = H;
    if (!(H > threshold)) return false;
    if (p.reset == 0) V = p.V_reset;
    if (p.reset == 1) V = H - threshold;
    a += p.th_jump;
    held = static_cast<int>(p.refractory_steps);
    return true;
  }
};

TEST(Lif, follows_its_equations_in_every_form) {
  int forms = 0;
  for (const double leak : {0.0, 1.0})
    for (const double reset : {0.0, 1.0, 2.0})
      for (const double refractory : {0.0, 3.0})
        for (const double jump : {0.0, 0.7}) {
          Lif<double>::Parameters p{};
          p.leak = leak, p.reset = reset, p.refractory_steps = refractory, p.th_jump = jump;
          p.decay = 0.8, p.tau = 2.5, p.th_decay = 0.9, p.V_th = 0.9, p.V_reset = 0.1;
          OneNeuron<Lif<double>> neuron(p, 1);
          LifByHand hand{p, p.V_reset};
          RandomStream random(RandomKey(1, "lif"), forms++);
          int spikes = 0;
          for (int k = 0; k < 2000; ++k) {
            const double X = drawn_input(random), current = random.uniform(-0.5, 0.5);
            const bool spike = neuron.step({X, current});
            ASSERT_EQ(spike, hand.step(X + current)) << "form " << forms << " step " << k;
            ASSERT_NEAR(neuron.state.V_m, hand.V, tolerance) << "form " << forms << " step " << k;
            ASSERT_NEAR(neuron.state.th_rise, hand.a, tolerance);
            spikes += spike;
          }
          EXPECT_GT(spikes, 50) << "form " << forms;
          EXPECT_LT(spikes, 1990) << "form " << forms;
        }
}

TEST(Lif, spikes_above_the_threshold_and_not_at_it) {
  EXPECT_FALSE(OneNeuron<Lif<float>>({}, 1).step({1, 0}));
  EXPECT_TRUE(OneNeuron<Lif<float>>({}, 1).step({std::nextafter(1.0f, 2.0f), 0}));
}

// H after n steps from 0 is X (1 - decay^n)/(1 - decay): the interval is the first n above the threshold.
TEST(Lif, intervals_under_constant_input_are_those_of_the_geometric_series) {
  for (const double decay : {0.3, 0.5, 0.9})
    for (const double X : {0.11, 0.3, 0.6, 0.75, 1.2})
      for (const double held : {0.0, 4.0}) {
        Lif<double>::Parameters p{};
        p.decay = decay, p.refractory_steps = held;
        const auto spikes = OneNeuron<Lif<double>>(p, 1).spikes(2000, {X, 0});
        const double limit = X / (1 - decay);
        if (limit <= 1) {
          EXPECT_TRUE(spikes.empty());
          continue;
        }
        const int n = static_cast<int>(std::floor(std::log(1 - 1 / limit) / std::log(decay))) + 1;
        ASSERT_GT(spikes.size(), 10u);
        EXPECT_EQ(spikes[0], n - 1) << decay << " " << X;
        for (std::size_t k = 1; k < spikes.size(); ++k)
          ASSERT_EQ(spikes[k] - spikes[k - 1], n + held) << decay << " " << X;
      }
}

// Without a leak what came in is what is there plus what the spikes took. Eighths are exact.
TEST(Lif, a_soft_reset_loses_nothing) {
  Lif<float>::Parameters p{};
  p.decay = 1, p.reset = 1;
  OneNeuron<Lif<float>> neuron(p, 1);
  RandomStream random(RandomKey(1, "eighths"), 0);
  double sum = 0;
  int spikes = 0;
  for (int k = 0; k < 1000; ++k) {
    const double X = double(random.below(12)) / 8;
    sum += X;
    spikes += neuron.step({static_cast<float>(X), 0});
  }
  EXPECT_GT(spikes, 500);
  EXPECT_EQ(neuron.state.V_m + spikes, sum);
}

TEST(Lif, without_reset_a_spike_leaves_no_trace_in_the_membrane) {
  Lif<double>::Parameters p{};
  p.reset = 2;
  OneNeuron<Lif<double>> neuron(p, 1);
  EXPECT_TRUE(neuron.step({3, 0}));
  EXPECT_EQ(neuron.state.V_m, 3);
  EXPECT_TRUE(neuron.step());
  EXPECT_EQ(neuron.state.V_m, 1.5);
  EXPECT_FALSE(neuron.step());
}

// With decay 0 the membrane is the input, so the least input that makes a spike n steps after one shows the
// threshold.
TEST(Lif, after_a_spike_the_threshold_is_raised_and_comes_back) {
  Lif<double>::Parameters p{};
  p.decay = 0, p.th_jump = 2, p.th_decay = 0.75, p.refractory_steps = 2;
  for (int n = 1; n <= 12; ++n) {
    for (const double side : {-1e-9, 1e-9}) {
      OneNeuron<Lif<double>> neuron(p, 1);
      ASSERT_TRUE(neuron.step({1.5, 0}));
      neuron.run(n - 1);
      const bool absolute = n <= 2;
      EXPECT_EQ(neuron.step({1 + 2 * std::pow(0.75, n) + side, 0}), !absolute && side > 0) << n;
    }
  }
}

// ---- klif ----

struct KlifByHand {
  Klif<double>::Parameters p;
  double V = 0;

  double f(double x) const {
    if (p.activation == 0) return std::max(0.0, x);
    if (p.activation == 1) return std::max(0.0, x) + std::min(0.0, p.alpha * (std::exp(x / p.alpha) - 1));
    return x < 0 ? p.slope * x : x;
  }
  bool step(double X) {
    const double H = V + 1 / p.tau * (p.V_reset - V) + 1 / p.tau * X;  // (2.2)
    const double F = f(p.k * H);                                       // (2.5)
    const bool S = F > p.V_th;                                         // (2.6)
    V = S ? p.V_reset : p.form == 0 ? F : F / p.k;                     // (2.7), (2.10)
    return S;
  }
};

TEST(Klif, follows_its_equations_with_each_activation_and_form) {
  for (const double activation : {0.0, 1.0, 2.0})
    for (const double form : {0.0, 1.0})
      for (const double k : {0.5, 1.0, 1.4}) {
        Klif<double>::Parameters p{};
        p.activation = activation, p.form = form, p.k = k;
        p.tau = 2.5, p.V_th = 0.6, p.V_reset = 0.05, p.alpha = 0.7, p.slope = 0.02;
        OneNeuron<Klif<double>> neuron(p, 1);
        KlifByHand hand{p, p.V_reset};
        RandomStream random(RandomKey(1, "klif"), 0);
        int spikes = 0;
        for (int step = 0; step < 2000; ++step) {
          const double X = drawn_input(random), current = random.uniform(-0.5, 1);
          const bool spike = neuron.step({X, current});
          ASSERT_EQ(spike, hand.step(X + current)) << activation << form << k << " step " << step;
          ASSERT_NEAR(neuron.state.V_m, hand.V, tolerance) << activation << form << k << " step " << step;
          spikes += spike;
        }
        EXPECT_GT(spikes, 50) << activation << form << k;
      }
}

TEST(Klif, with_k_1_and_relu_is_lif_while_the_membrane_is_not_negative) {
  Lif<float>::Parameters p{};
  p.leak = 1, p.tau = 3;
  Klif<float>::Parameters scaled{};
  scaled.tau = 3;
  OneNeuron<Lif<float>> lif(p, 1);
  OneNeuron<Klif<float>> klif(scaled, 1);
  RandomStream random(RandomKey(1, "same"), 0);
  int spikes = 0;
  for (int k = 0; k < 5000; ++k) {
    const auto X = static_cast<float>(random.uniform(0, 3));
    const bool spike = lif.step({X, 0});
    ASSERT_EQ(spike, klif.step({X, 0})) << k;
    ASSERT_EQ(lif.state.V_m, klif.state.V_m) << k;
    spikes += spike;
  }
  EXPECT_GT(spikes, 500);
}

// (2.10) takes the scaling out again: with threshold k V_th the membrane and the spikes are those of k = 1.
TEST(Klif, klif_star_scales_the_test_and_not_the_membrane) {
  for (const float k : {0.5f, 2.0f, 4.0f}) {  // exact factors
    Klif<float>::Parameters one{};
    one.form = 1;
    auto scaled = one;
    scaled.k = k, scaled.V_th = k;
    OneNeuron<Klif<float>> plain(one, 1), star(scaled, 1);
    RandomStream random(RandomKey(1, "star"), 0);
    int spikes = 0;
    for (int step = 0; step < 3000; ++step) {
      const auto X = static_cast<float>(drawn_input(random) + 0.4);
      const bool spike = plain.step({X, 0});
      ASSERT_EQ(spike, star.step({X, 0}));
      ASSERT_EQ(plain.state.V_m, star.state.V_m);
      spikes += spike;
    }
    EXPECT_GT(spikes, 100);
  }
}

// V = k (V (1 - 1/tau) + X/tau) below threshold.
TEST(Klif, settles_where_scaling_and_leak_balance) {
  for (const double k : {0.5, 1.0, 1.5}) {
    Klif<double>::Parameters p{};
    p.k = k, p.V_th = 100;
    OneNeuron<Klif<double>> neuron(p, 1);
    neuron.run(500, {0.8, 0});
    EXPECT_NEAR(neuron.state.V_m, k * 0.8 / p.tau / (1 - k * (1 - 1 / p.tau)), 1e-12);
  }
}

TEST(Klif, activations_differ_below_zero_only_and_are_bounded_as_they_should) {
  using M = Klif<double>;
  const auto f = [](double x, const M::Parameters& p) { return M::activate(x, p, M::constants(p, 1)); };
  for (const double x : {0.0, 1e-9, 0.3, 7.0})
    for (const double activation : {0.0, 1.0, 2.0}) {
      M::Parameters p{};
      p.activation = activation;
      EXPECT_EQ(f(x, p), x);
    }
  for (const double x : {-1e-9, -0.3, -2.0, -1e5}) {
    M::Parameters p{};
    EXPECT_EQ(f(x, p), 0);
    p.activation = 1, p.alpha = 0.5;
    EXPECT_GE(f(x, p), -0.5);
    EXPECT_NEAR(f(x, p), 0.5 * std::expm1(2 * x), 1e-15);
    p.activation = 2;
    EXPECT_EQ(f(x, p), p.slope * x);
  }
}

// ---- oscillation ----

TEST(Oscillation, follows_its_equations_with_the_noise_given) {
  Oscillation<double>::Parameters p{};
  OneNeuron<Oscillation<double>> neuron(p, 1);
  RandomStream random(RandomKey(1, "oscillation"), 0);
  double V = 0;
  int spikes = 0, negative = 0;
  for (int k = 0; k < 5000; ++k) {
    const double X = random.uniform(-0.5, 0.5), current = random.uniform(-0.1, 0.1), u = random.uniform();
    const bool spike = neuron.step({X, current}, {u});
    const double H = 0.5 * V + X + current;              // (3.1)
    const double noisy = H + (-0.2 + u);                 // in [-0.2, 0.8)
    const double P = noisy < 0 ? -0.03 * noisy : noisy;  // (3.10), (3.13)
    const bool S = P > 1;                                // (3.11)
    V = S ? 0 : P;                                       // (3.12)
    ASSERT_EQ(spike, S) << k;
    ASSERT_NEAR(neuron.state.V_m, V, tolerance) << k;
    spikes += S, negative += noisy < 0;
  }
  EXPECT_GT(spikes, 100);
  EXPECT_GT(negative, 100);
}

TEST(Oscillation, needs_its_noise_to_fire_without_input) {
  OneNeuron<Oscillation<double>> quiet({}, 1), lively({}, 1);
  for (int k = 0; k < 1000; ++k) EXPECT_FALSE(quiet.step({}, {0.5}));
  int spikes = 0;
  for (int k = 0; k < 1000; ++k) spikes += lively.step({}, {0.999});
  EXPECT_GT(spikes, 100);
}

// ---- alternative oscillation ----

double in_place_of_noise(int form, double x, double c, double d) {
  if (form == 0) return std::sin(x + c) + d;
  if (form == 1) return x * std::sin(x + c) + d;
  if (form == 2) return std::exp(x + c) + d;
  return 1 / (1 + std::exp(-c * x)) + d;
}

TEST(AlternativeOscillation, follows_its_equations_in_each_form) {
  for (int form = 0; form < 4; ++form) {
    AlternativeOscillation<double>::Parameters p{};
    p.form = form, p.c = form == 3 ? 1.3 : -0.1441, p.d = form >= 2 ? -0.9 : -0.1762;
    OneNeuron<AlternativeOscillation<double>> neuron(p, 1);
    RandomStream random(RandomKey(1, "alternative"), static_cast<std::uint64_t>(form));
    double V = 0;
    int spikes = 0, negative = 0;
    for (int k = 0; k < 5000; ++k) {
      const double X = random.uniform(-1, 1), current = random.uniform(-0.1, 0.1);
      const bool spike = neuron.step({X, current});
      const double H = 0.5 * V + X + current;                         // (3.1)
      const double inner = H + in_place_of_noise(form, H, p.c, p.d);  // (3.14), (3.20)-(3.23)
      const double P = inner < 0 ? -0.03 * inner : inner;             // (3.13)
      const bool S = P > 1;                                           // (3.11)
      V = S ? 0 : P;                                                  // (3.12)
      ASSERT_EQ(spike, S) << form << " step " << k;
      ASSERT_NEAR(neuron.state.V_m, V, tolerance) << form << " step " << k;
      spikes += S, negative += inner < 0;
    }
    EXPECT_GT(spikes, 100) << form;
    EXPECT_GT(negative, 100) << form;
  }
}

// Where the fit is meant to stand for the noise: over its rest it lies within the noise's range.
TEST(AlternativeOscillation, with_its_defaults_stays_inside_the_range_of_the_noise_below_threshold) {
  using M = AlternativeOscillation<double>;
  const M::Parameters p{};
  for (double H = 0.15; H <= 1; H += 0.01) {
    EXPECT_GT(M::in_place_of_noise(H, p), -0.2) << H;
    EXPECT_LT(M::in_place_of_noise(H, p), 0.8) << H;
  }
}

// ---- liquid ----

TEST(Liquid, follows_its_equations) {
  Liquid<double>::Parameters p{};
  p.w_x_adp = 0.7, p.w_b = -1.1, p.bias_adp = 0.9, p.w_x_m = 0.4, p.w_u = -0.6, p.bias_m = 0.3, p.u_r = 0.05;
  OneNeuron<Liquid<double>> neuron(p, 1);
  RandomStream random(RandomKey(1, "liquid"), 0);
  const auto sigma = [](double z) { return 1 / (1 + std::exp(-z)); };
  double u = 0.05, b = 0, s = 0;
  int spikes = 0;
  for (int k = 0; k < 5000; ++k) {
    const double synapses = drawn_input(random), current = random.uniform();
    const double to_adp = random.uniform(-2, 2), to_m = random.uniform(-2, 2);
    const bool spike = neuron.step({synapses, to_adp, to_m, current});
    const double x = synapses + current;
    const double rho = sigma(to_adp + 0.7 * x - 1.1 * b + 0.9);          // (15)
    const double inverse_tau_m = sigma(to_m + 0.4 * x - 0.6 * u + 0.3);  // (16)
    b = rho * b + (1 - rho) * s;                                         // (17)
    const double theta = 0.1 + 1.8 * b;                                  // (18)
    const double du = (-u + x) * inverse_tau_m;                          // (19)
    u = u + du;                                                          // (20)
    s = u > theta;                                                       // (21)
    u = u * (1 - s) + 0.05 * s;                                          // (22)
    ASSERT_EQ(spike, s == 1) << k;
    ASSERT_NEAR(neuron.state.V_m, u, tolerance) << k;
    ASSERT_NEAR(neuron.state.b, b, tolerance) << k;
    spikes += spike;
  }
  EXPECT_GT(spikes, 500);
  EXPECT_LT(spikes, 4500);
}

// The rates at the ends of the logistic function, where it is 1 or e^-50.
TEST(Liquid, at_the_limits_of_its_time_constants_is_what_it_should_be) {
  const auto made = [](double bias_adp, double bias_m) {
    Liquid<double>::Parameters p{};
    p.bias_adp = bias_adp, p.bias_m = bias_m;
    return OneNeuron<Liquid<double>>(p, 1);
  };
  auto frozen_threshold = made(50, 50);  // rho = 1: b stays 0; tau_m = 1: u is x
  for (const double x : {0.3, 0.09, 0.11, 0.1, 2.0}) EXPECT_EQ(frozen_threshold.step({x, 0, 0, 0}), x > 0.1);
  auto frozen_membrane = made(0, -50);  // 1/tau_m = 0: no input moves u
  EXPECT_TRUE(frozen_membrane.spikes(100, {5, 0, 0, 0}).empty());
  EXPECT_NEAR(frozen_membrane.state.V_m, 0, 1e-17);
  auto no_memory = made(-50, 50);  // rho = 0: the threshold is 1.9 after a spike, 0.1 after none
  EXPECT_EQ(no_memory.spikes(10, {1.5, 0, 0, 0}), (std::vector{0, 2, 4, 6, 8}));
  EXPECT_EQ(made(-50, 50).spikes(4, {2, 0, 0, 0}), (std::vector{0, 1, 2, 3}));
}

TEST(Liquid, adaptation_fades_geometrically_and_its_receptor_speeds_that_up) {
  const auto after = [](int steps, double to_adp) {
    OneNeuron<Liquid<double>> neuron({}, 1);
    EXPECT_TRUE(neuron.step({5, 0, 0, 0}));
    neuron.run(steps, {0, to_adp, 0, 0});
    return neuron.state.b;
  };
  for (const double z : {0.0, 1.0, -1.0}) {
    const double rho = 1 / (1 + std::exp(-z));
    for (int n = 1; n < 8; ++n) EXPECT_NEAR(after(n, z), (1 - rho) * std::pow(rho, n - 1), tolerance) << n;
  }
}

// ---- leaky integrator ----

// However fast the membrane passes the gate, a passage brings a charge of 1; what has not passed brings G(V).
TEST(LifGraded, each_passage_brings_the_same_charge) {
  LifGraded<double>::Parameters p{};
  p.tau_syn = 1e15;
  const auto c = LifGraded<double>::constants(p, 0.1);
  for (const double drive : {1.8, 3.0, 40.0, 90.0}) {
    auto s = LifGraded<double>::initial(p);
    int passages = 0;
    for (int step = 0; step < 5000; ++step) {
      const double before = s.V_m;
      LifGraded<double>::step(s, p, c, {0, drive});
      if (s.V_m < before) ++passages;
    }
    ASSERT_GT(passages, 2) << drive;
    EXPECT_NEAR(s.I_syn, passages + LifGraded<double>::passed(s.V_m, c), 1e-9) << drive;
  }
}

TEST(LeakyIntegrator, sums_a_geometric_series_and_never_spikes) {
  static_assert(never_spikes<LeakyIntegrator<float>> && !never_spikes<Lif<float>>);
  LeakyIntegrator<double>::Parameters p{};
  p.leak = 0, p.decay = 0.9;
  OneNeuron<LeakyIntegrator<double>> decaying(p, 1);
  p.leak = 1, p.tau = 4, p.V_rest = -1;
  OneNeuron<LeakyIntegrator<double>> averaging(p, 1);
  for (int n = 1; n <= 100; ++n) {
    EXPECT_FALSE(decaying.step({2, 3}));
    EXPECT_NEAR(decaying.state.V_m, 5 * (1 - std::pow(0.9, n)) / 0.1, 1e-12);
    EXPECT_FALSE(averaging.step({2, 3}));
    EXPECT_NEAR(averaging.state.V_m, -1 + 5 * (1 - std::pow(0.75, n)), 1e-12);
  }
}

// ---- lif_cell ----

TEST(LifCell, follows_its_equations_in_their_order) {
  LifCell<double>::Parameters p{};
  p.V_leak = 0.1, p.V_reset = -0.2;
  OneNeuron<LifCell<double>> neuron(p, 1);
  RandomStream random(RandomKey(1, "cell"), 0);
  double V = 0.1, I = 0;
  int spikes = 0;
  for (int k = 0; k < 5000; ++k) {
    const double X = drawn_input(random), current = random.uniform();
    const bool spike = neuron.step({X, current});
    const double dV = 0.001 * 100 * ((0.1 - V) + I);  // dt in s, rates in 1/s
    const double H = V + dV;
    const double dI = -0.001 * 200 * I;
    const bool S = H > 1;
    V = S ? -0.2 : H;
    I = I + dI + (X + current);
    ASSERT_EQ(spike, S) << k;
    ASSERT_NEAR(neuron.state.V_m, V, tolerance) << k;
    ASSERT_NEAR(neuron.state.I_syn, I, 10 * tolerance) << k;
    spikes += S;
  }
  EXPECT_GT(spikes, 100);
}

// An input that acts at once is the same input one step earlier.
TEST(LifCell, at_once_is_one_step_ahead) {
  LifCell<double>::Parameters p{};
  OneNeuron<LifCell<double>> next(p, 1);
  p.input = 1;
  OneNeuron<LifCell<double>> at_once(p, 1);
  next.step({4, 0});
  EXPECT_EQ(next.state.V_m, 0) << "one step is not enough to learn from";
  RandomStream random(RandomKey(1, "ahead"), 0);
  double X = 4;
  int spikes = 0;
  for (int k = 0; k < 3000; ++k) {
    const bool spike = at_once.step({X, 0});
    X = drawn_input(random);
    ASSERT_EQ(next.step({X, 0}), spike) << k;
    ASSERT_NEAR(next.state.V_m, at_once.state.V_m, tolerance) << k;
    if (k == 0) {
      EXPECT_NEAR(at_once.state.V_m, 0.1 * 4, tolerance);
    }
    spikes += spike;
  }
  EXPECT_GT(spikes, 30);
}

// V'= (I - V)/tau_mem, I' = -I/tau_syn from I = 1: V(t) = tau_syn/(tau_mem - tau_syn) (e^-t/tau_mem -
// e^-t/tau_syn).
TEST(LifCell, converges_to_the_continuous_cell_with_order_one) {
  double last = 0;
  for (const int per_ms : {1, 2, 4, 8, 16}) {
    OneNeuron<LifCell<double>> neuron({}, 1.0 / per_ms);
    neuron.step({1, 0});
    neuron.run(8 * per_ms);
    const double error = std::abs(neuron.state.V_m - (std::exp(-0.8) - std::exp(-1.6)));
    if (last > 0) {
      EXPECT_NEAR(last / error, 2, 0.25) << per_ms;
    }
    last = error;
  }
}

// ---- parrot ----

TEST(Parrot, repeats_each_spike_once_for_each_unit_of_weight) {
  OneNeuron<Parrot<float>> parrot({}, 1);
  static_assert(std::is_same_v<decltype(parrot.step()), std::uint8_t>);
  for (const int n : {0, 1, 2, 0, 3, 255, 0}) EXPECT_EQ(parrot.step({float(n)}), n);
  EXPECT_EQ(parrot.step({2.9999998f}), 3) << "a sum of weights that rounding left short";
  EXPECT_EQ(parrot.step({0.49f}), 0);
  EXPECT_EQ(parrot.step({-7}), 0);
  EXPECT_EQ(parrot.step(), 0);
}

TEST(Parrot, loses_no_spike_of_a_crowd) {
  OneNeuron<Parrot<float>> parrot({}, 1);
  EXPECT_EQ(parrot.step({600}), 255);
  EXPECT_EQ(parrot.state.waiting, 345);
  EXPECT_EQ(parrot.step({10}), 255);
  EXPECT_EQ(parrot.step(), 100);
  EXPECT_EQ(parrot.step(), 0);
}

}  // namespace
}  // namespace synfire
