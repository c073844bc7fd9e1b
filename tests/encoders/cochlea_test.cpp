// The artificial cochlea against an independent implementation of the same model, and what its spikes must
// show.
#include "encoders/cochlea.hpp"

#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include "core/error.hpp"
#include "encoders/fourier.hpp"
#include "encoders/hair_cell.hpp"
#include "io/audio.hpp"
#include "io/hdf5.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using Complex = std::complex<double>;
using std::numbers::pi;

const Cochlea& standard() {
  static const Cochlea cochlea;
  return cochlea;
}

std::vector<float> tone(double hz, double seconds, double rate = 48000) {
  std::vector<float> samples(static_cast<std::size_t>(seconds * rate));
  for (std::size_t k = 0; k < samples.size(); ++k)
    samples[k] = static_cast<float>(std::sin(2 * pi * hz * static_cast<double>(k) / rate));
  return samples;
}

double greatest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

// ---- Basilar membrane ----

TEST(BasilarMembrane, HasTheSpotValuesOfTheReference) {
  const auto expect = [](Complex found, double real, double imaginary) {
    EXPECT_NEAR(found.real(), real, 1e-6);
    EXPECT_NEAR(found.imag(), imaginary, 1e-6);
  };
  expect(membrane_response(2 * pi * 1000, MembraneTable::place_cm(400, 700)), 7.636686, -170.188663);
  expect(membrane_response(2 * pi * 1000, 1.0), -7.732385, 11.510008);
}

TEST(BasilarMembrane, HighPitchComesFirst) {
  const MembraneTable table(50);
  for (std::size_t place = 1; place < 50; ++place) EXPECT_LT(table.best_hz(place), table.best_hz(place - 1));
}

// The measured error of the table is 9e-7.
TEST(BasilarMembrane, TableKeepsItsErrorBetweenTheNodes) {
  constexpr std::size_t places = 29;
  const MembraneTable table(places);
  for (std::size_t place = 0; place < places; ++place) {
    std::vector<double> log_hz;
    for (double x = 0; std::exp(x) < table.cutoff_hz(place); x += 0.0531) log_hz.push_back(x);
    const double best = std::log(table.best_hz(place));
    for (double x = best - 0.2; x < best + 0.1 && std::exp(x) < table.cutoff_hz(place); x += 0.0011)
      log_hz.push_back(x);
    std::sort(log_hz.begin(), log_hz.end());
    std::vector<double> real(log_hz.size()), imaginary(log_hz.size());
    table.read(place, log_hz, real, imaginary);
    double most = 0, worst = 0;
    for (std::size_t k = 0; k < log_hz.size(); ++k) {
      const Complex v =
          membrane_response(2 * pi * std::exp(log_hz[k]), MembraneTable::place_cm(place, places));
      most = std::max(most, std::abs(v));
      worst = std::max(worst, std::abs(v - Complex(real[k], imaginary[k])));
    }
    EXPECT_LT(worst, 3e-6 * most) << place;
  }
}

// The sum as it stands in the header, without table, cut or grid.
std::vector<double> exact_membrane(const Cochlea& cochlea, std::span<const float> sound,
                                   std::size_t channel) {
  const std::vector<double> samples = cochlea.prepared(sound);
  const std::vector<Complex> values(samples.begin(), samples.end());
  std::vector<Complex> F(values.size());
  Fourier(values.size(), Fourier::Direction::forward).transform(values, F);
  const std::size_t n = Cochlea::steps(values.size());
  std::vector<Complex> product(n), v(n);
  for (std::size_t k = 0; k < n; ++k) {
    const double hz = 1 + double(k) * (cochlea.model_rate() - 1) / double(n - 1);
    product[k] = F[k] / double(n) *
                 membrane_response(2 * pi * hz, MembraneTable::place_cm(channel, cochlea.channels()));
  }
  Fourier(n, Fourier::Direction::inverse).transform(product, v);
  std::vector<double> real;
  for (const Complex value : v) real.push_back(value.real());
  return real;
}

TEST(Cochlea, MembraneIsTheExactSumForAnyLength) {
  Cochlea::Parameters parameters;
  parameters.channels = 21;
  const Cochlea cochlea(parameters);
  for (const std::size_t samples : {500u, 501u, 1000u, 2999u}) {
    std::vector<float> noise(samples);
    RandomStream stream(RandomKey(7, "noise"), samples);
    for (float& value : noise) value = static_cast<float>(stream.normal());
    const std::array<std::size_t, 3> channels = {0, 9, 20};
    const auto traces = cochlea.traces(noise, channels);
    for (std::size_t k = 0; k < channels.size(); ++k) {
      const std::vector<double> exact = exact_membrane(cochlea, noise, channels[k]);
      const double tolerance = 1e-5 * greatest(exact);
      ASSERT_EQ(traces[k].membrane.size(), exact.size());
      for (std::size_t j = 0; j < exact.size(); ++j)
        ASSERT_NEAR(traces[k].membrane[j], exact[j], tolerance)
            << samples << " samples, channel " << channels[k] << ", step " << j;
    }
  }
}

// ---- Against the reference ----

class CochleaReference : public testing::TestWithParam<std::pair<const char*, const char*>> {
 protected:
  void SetUp() override {
    if (!test::have("cochlea_ref/ref.h5") || !test::have(GetParam().second)) GTEST_SKIP() << "no reference";
    file_ = hdf5::File::open(test::data_file("cochlea_ref/ref.h5"));
    sound_ = read_sound(test::data_file(GetParam().second));
  }
  std::string name(const std::string& part) const { return std::string(GetParam().first) + "/" + part; }

  std::optional<hdf5::File> file_;
  Sound sound_;
};
INSTANTIATE_TEST_SUITE_P(Recordings, CochleaReference,
                         testing::Values(std::pair("spoken_digit", "hd_audio/spoken_digit.flac"),
                                         std::pair("hd_en_s00_t0_d2",
                                                   "hd_audio/lang-english_speaker-00_trial-0_digit-2.flac")));

TEST_P(CochleaReference, MembraneAndReleaseAgree) {
  ASSERT_EQ(sound_.rate, 48000);
  const auto prepared = standard().prepared(sound_.samples);
  const auto expected_sound = file_->dataset(name("prepared_audio")).read<double>();
  ASSERT_EQ(prepared.size(), expected_sound.size());
  for (std::size_t k = 0; k < prepared.size(); ++k) ASSERT_NEAR(prepared[k], expected_sound[k], 1e-6) << k;

  const std::vector<std::size_t> channels = {0, 100, 200, 300, 350, 400, 500, 600, 699};
  const auto traces = standard().traces(sound_.samples, channels);
  const std::uint64_t steps = Cochlea::steps(sound_.samples.size());
  for (std::size_t k = 0; k < channels.size(); ++k) {
    const auto membrane = file_->dataset(name("bm_velocity")).read_rows<double>(k, 1);
    const auto release = file_->dataset(name("release_probability")).read_rows<double>(k, 1);
    ASSERT_EQ(traces[k].membrane.size(), steps);
    ASSERT_EQ(membrane.size(), steps);
    const double v = 1e-5 * greatest(membrane), p = 1e-5 * greatest(release);
    for (std::size_t j = 0; j < steps; ++j) {
      ASSERT_NEAR(traces[k].membrane[j], membrane[j], v) << channels[k] << " " << j;
      ASSERT_NEAR(traces[k].release_probability[j], release[j], p) << channels[k] << " " << j;
    }
  }
}

// The bands that the reference gives for its own runs: 5 % of all spikes, and of each hundred channels 15 %
// or 25 spikes.
TEST_P(CochleaReference, SpikesComeAsOftenInEveryRegion) {
  const auto runs = file_->dataset(name("spikes_per_channel_8_runs")).read<double>();
  std::array<double, 7> expected{};
  double expected_total = 0;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    expected[k % 700 / 100] += runs[k] / 8;
    expected_total += runs[k] / 8;
  }
  std::array<double, 7> found{};
  const auto spikes = standard().spikes(sound_.samples, RandomKey(1, "cochlea"));
  for (const auto& spike : spikes) ++found[spike.channel / 100];
  EXPECT_NEAR(double(spikes.size()), expected_total, 0.05 * expected_total);
  for (std::size_t k = 0; k < 7; ++k)
    EXPECT_NEAR(found[k], expected[k], std::max(0.15 * expected[k], 25.0)) << k;
}

TEST(CochleaFile, BestFrequenciesAgree) {
  if (!test::have("cochlea_ref/ref.h5")) GTEST_SKIP() << "no reference";
  const auto expected =
      hdf5::File::open(test::data_file("cochlea_ref/ref.h5")).dataset("best_frequency_hz").read<double>();
  ASSERT_EQ(expected.size(), 700u);
  // Theirs from a grid 0.35 % wide, ours from one of 0.8 %.
  for (std::size_t c = 0; c < 700; ++c) EXPECT_NEAR(standard().best_hz(c) / expected[c], 1, 0.008) << c;
}

TEST(CochleaFile, BushyCellsAgreeSpikeForSpike) {
  if (!test::have("cochlea_ref/ref.h5")) GTEST_SKIP() << "no reference";
  const auto file = hdf5::File::open(test::data_file("cochlea_ref/ref.h5"));
  const auto releases = file.dataset("bushy_test/release_channel_step_haircell").read<std::int64_t>();
  constexpr std::size_t steps = 3000;
  std::vector<std::array<double, 3>> counted(steps);
  std::array<std::array<std::int64_t, 40>, 3> last;
  for (auto& channel : last) channel.fill(-1000);
  for (std::size_t k = 0; k < releases.size(); k += 3) {  // sorted by step within a channel
    const auto channel = std::size_t(releases[k]), site = std::size_t(releases[k + 2]);
    const std::int64_t step = releases[k + 1];
    ASSERT_GE(step, last[channel][site]);
    if (step - last[channel][site] < 24) continue;
    last[channel][site] = step;
    counted[std::size_t(step)][channel] += 1;
  }
  BushyCells<3> cells(1.0 / 24000, 325);
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (std::size_t j = 0; j < steps; ++j) {
    std::int32_t fired[3];
    if (cells.step(counted[j].data(), fired) == 0) continue;
    for (int c = 0; c < 3; ++c)
      if (fired[c] != 0) found.emplace_back(c, std::int64_t(j) - 1);
  }
  std::sort(found.begin(), found.end());
  const auto step = file.dataset("bushy_test/spike_step").read<std::int64_t>();
  const auto channel = file.dataset("bushy_test/spike_channel").read<std::int64_t>();
  std::vector<std::pair<std::int64_t, std::int64_t>> expected;
  for (std::size_t k = 0; k < step.size(); ++k) expected.emplace_back(channel[k], step[k]);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(expected.size(), 85u);
  EXPECT_EQ(found, expected);
}

// ---- Release sites ----

TEST(HairCells, RestAtTheSpontaneousRate) {
  HairCells<2> cells(1.0 / 24000);
  const double still[2] = {0, 0};
  double p[2];
  for (int j = 0; j < 2000; ++j) cells.step(still, p);
  EXPECT_NEAR(p[0], 0.00269865, 1e-8);
  EXPECT_EQ(p[0], p[1]);
}

// Sites drawn one by one, as the model says, have the same mean, variance and intervals as waiting times
// spent on all of them.
TEST(ReleaseSites, AreDistributedAsSingleDraws) {
  constexpr int sites = 40, dead = 24, steps = 200'000;
  for (const double probability : {0.003, 0.05, 0.4}) {
    ReleaseSites<4> together(sites, dead, RandomKey(1, "together"), 0);
    RandomStream stream(RandomKey(1, "alone"), 0);
    std::array<int, sites> last;
    last.fill(-dead);
    const double p[4] = {probability, probability, probability, probability};
    // Sum, sum of squares, sums of products at a distance of 1 step and of the dead time.
    std::array<double, 4> ours{}, theirs{};
    std::vector<double> our_counts, their_counts;
    for (int j = 0; j < steps; ++j) {
      double released[4];
      together.step(p, released);
      our_counts.push_back(released[2]);
      double count = 0;
      for (int& site : last) {
        if (stream.uniform() >= probability || j - site < dead) continue;
        site = j;
        count += 1;
      }
      their_counts.push_back(count);
    }
    const auto moments = [](const std::vector<double>& counts, std::array<double, 4>& sums) {
      double mean = 0;
      for (const double c : counts) mean += c / steps;
      for (std::size_t j = dead; j < counts.size(); ++j) {
        sums[0] += counts[j] / steps;
        sums[1] += (counts[j] - mean) * (counts[j] - mean) / steps;
        sums[2] += (counts[j] - mean) * (counts[j - 1] - mean) / steps;
        sums[3] += (counts[j] - mean) * (counts[j - dead] - mean) / steps;
      }
    };
    moments(our_counts, ours);
    moments(their_counts, theirs);
    // Some four standard errors of a difference of products of these variances.
    const double error = 8 * std::max(ours[1], theirs[1]) / std::sqrt(double(steps));
    EXPECT_NEAR(ours[0], theirs[0], 8 * std::sqrt(theirs[1] / steps)) << probability;
    for (std::size_t k = 1; k < 4; ++k) EXPECT_NEAR(ours[k], theirs[k], 2 * error) << probability << " " << k;
    // Renewal: a site releases once in (dead - 1) + 1/p steps.
    EXPECT_NEAR(ours[0], sites / (dead - 1 + 1 / probability), 8 * std::sqrt(ours[1] / steps)) << probability;
  }
}

TEST(ReleaseSites, CertaintyReleasesAllAtOnceThenNone) {
  ReleaseSites<2> sites(7, 3, RandomKey(1, "sites"), 0);
  const double p[2] = {1, 0};
  for (int j = 0; j < 9; ++j) {
    double released[2];
    sites.step(p, released);
    EXPECT_EQ(released[0], j % 3 == 0 ? 7 : 0) << j;
    EXPECT_EQ(released[1], 0);
  }
}

// ---- The whole ----

// What the channel that fires most makes of a tone of one second.
struct Heard {
  double best_hz = 0, spikes = 0;
  double vector_strength = 0;  // how well spikes keep to a phase: the length of the mean of exp(2 pi i f t)
};
Heard hear(double hz, double level) {
  Cochlea::Parameters parameters;
  parameters.channels = 64;
  parameters.level = level;
  parameters.ramp = 5;
  const Cochlea cochlea(parameters);
  std::array<Complex, 64> sums{};
  std::array<double, 64> counts{};
  for (const auto& spike : cochlea.spikes(tone(hz, 1), RandomKey(3, "cochlea"))) {
    sums[spike.channel] += std::polar(1.0, 2 * pi * hz * spike.step / cochlea.model_rate());
    ++counts[spike.channel];
  }
  const auto loudest = std::size_t(std::max_element(counts.begin(), counts.end()) - counts.begin());
  return {cochlea.best_hz(loudest), counts[loudest], std::abs(sums[loudest]) / counts[loudest]};
}

TEST(Cochlea, LowTonesLockThePhaseAndHighOnesDoNot) {
  const Heard low = hear(300, 1), high = hear(4000, 1);
  EXPECT_GT(low.spikes, 80);
  EXPECT_GT(low.vector_strength, 0.8);
  EXPECT_GT(high.spikes, 20);
  EXPECT_LT(high.vector_strength, 0.35);  // chance gives 0.16 on average
}

TEST(Cochlea, AToneIsHeardAtItsPlace) {
  for (const double hz : {200.0, 500.0, 2000.0, 8000.0}) {
    const Heard heard = hear(hz, 0.3);
    EXPECT_NEAR(std::log2(heard.best_hz / hz), 0, 0.6) << hz;
    EXPECT_GT(heard.spikes, 8) << hz;
  }
}

TEST(Cochlea, SameKeySameSpikesOnAnyNumberOfThreads) {
  Cochlea::Parameters parameters;
  parameters.channels = 50;
  const Cochlea cochlea(parameters);
  const auto sound = tone(700, 0.1);
  const auto heard = [&](std::uint64_t seed, int threads) {
    tbb::task_arena arena(threads);
    return arena.execute([&] { return cochlea.spikes(sound, RandomKey(seed, "cochlea")); });
  };
  const auto first = heard(1, 1);
  EXPECT_FALSE(first.empty());
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  EXPECT_EQ(first, heard(1, 1));
  EXPECT_EQ(first, heard(1, 3));
  EXPECT_NE(first, heard(2, 1));
}

TEST(Cochlea, ATraceDoesNotDependOnItsCompany) {
  Cochlea::Parameters parameters;
  parameters.channels = 40;
  const Cochlea cochlea(parameters);
  const auto sound = tone(700, 0.1);
  const std::array<std::size_t, 1> one = {17};
  const std::array<std::size_t, 4> four = {39, 17, 0, 16};
  const auto alone = cochlea.traces(sound, one), among = cochlea.traces(sound, four);
  EXPECT_EQ(alone[0].membrane, among[1].membrane);
  EXPECT_EQ(alone[0].release_probability, among[1].release_probability);
}

TEST(Cochlea, SilenceFiresSpontaneously) {
  Cochlea::Parameters parameters;
  parameters.channels = 200;
  const Cochlea cochlea(parameters);
  const auto spikes = cochlea.spikes(std::vector<float>(24000), RandomKey(1, "cochlea"));
  EXPECT_GT(spikes.size(), 20u);
  EXPECT_LT(spikes.size(), 500u);
}

TEST(Cochlea, RampLeavesTheMiddleAlone) {
  Cochlea::Parameters parameters;
  parameters.channels = 2;
  parameters.ramp = 10;
  parameters.level = 0.5;
  const Cochlea cochlea(parameters);
  const auto prepared = cochlea.prepared(std::vector<float>(4800, 0.1f));
  EXPECT_EQ(prepared.front(), 0);
  EXPECT_EQ(prepared.back(), 0);
  for (std::size_t k = 480; k < 4320; ++k) ASSERT_NEAR(prepared[k], 0.5, 1e-7);
  EXPECT_NEAR(prepared[240], 0.25, 0.005);
}

TEST(Cochlea, RefusesWhatItCannotHear) {
  Cochlea::Parameters parameters;
  parameters.channels = 2;
  const Cochlea cochlea(parameters);
  const RandomKey key(1, "cochlea");
  EXPECT_THROW(cochlea.spikes({}, key), Error);
  EXPECT_THROW(cochlea.spikes(std::vector<float>(63), key), Error);
  EXPECT_THROW(cochlea.spikes(std::vector<float>(31 * 48000), key), Error);
  std::vector<float> bad(1000);
  bad[500] = std::nanf("");
  EXPECT_NE(test::error_of([&] { cochlea.spikes(bad, key); }).find("500"), std::string::npos);
  EXPECT_THROW(cochlea.traces(std::vector<float>(100), std::array<std::size_t, 1>{2}), Error);
  parameters.rate = 8000;
  EXPECT_NE(test::error_of([&] { Cochlea{parameters}; }).find("rate"), std::string::npos);
}

}  // namespace
}  // namespace synfire
