// Encoders as populations of a network; what they make of values is judged in tests/encoders.
#include "encoders/cochlea.hpp"
#include "io/audio.hpp"
#include "tests/io/files.hpp"
#include "tests/sim/networks.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
using test::TemporaryFolder;

std::string network_with(const std::string& source, const std::string& duration = "100 ms") {
  return fmt::format(
      "synfire: 1\nsimulation: {{duration: {}, dt: 0.5 ms}}\npopulations:\n  eye: {{{}}}\n"
      "record: {{eye: {{spikes: all}}}}\n",
      duration, source);
}

std::vector<double> times(const Ran& ran, std::uint32_t neuron) {
  std::vector<double> found;
  for (const Step step : ran.steps("eye", neuron)) found.push_back((double(step) + 1) * 0.5);
  return found;
}

TEST(Encoders, ListsBecomeSpikesOnBothBackends) {
  for (const auto& backend : backends) {
    const Ran ran = run_on(
        backend, network_with("model: latency, values: [1, 0.5, 0], params: {first: 2 ms, last: 12 ms}"));
    EXPECT_EQ(ran.network.populations[0].shape, (std::vector<std::uint32_t>{3}));
    EXPECT_EQ(times(ran, 0), (std::vector<double>{2}));
    EXPECT_EQ(times(ran, 1), (std::vector<double>{7}));
    EXPECT_TRUE(times(ran, 2).empty());
  }
}

TEST(Encoders, SamplesFollowOneAnotherAndRepeat) {
  const Ran ran = run(network_with(
      "model: latency, values: {list: [[1, 0], [0, 1]], step: 20 ms, repeat: 2}, params: {first: 5 ms}"));
  EXPECT_EQ(times(ran, 0), (std::vector<double>{5, 45}));
  EXPECT_EQ(times(ran, 1), (std::vector<double>{25, 65}));
}

TEST(Encoders, TablesAreReadRowByRow) {
  const TemporaryFolder folder;
  const std::string file = folder.write("samples.csv", "a,b\n0,1\n1,1\n0.5,1\n");
  const Ran ran = run(network_with(
      fmt::format("model: delta, values: {{file: {}, step: 10 ms}}, params: {{threshold: 0.5}}", file)));
  EXPECT_EQ(ran.network.populations[0].size(), 4u);
  EXPECT_EQ(times(ran, 0), (std::vector<double>{5, 10}));
  EXPECT_EQ(times(ran, 1), (std::vector<double>{20}));
  EXPECT_TRUE(times(ran, 2).empty());
}

std::string idx_images() {  // two images of 2 x 3 pixels
  std::string bytes("\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x03", 16);
  for (const int pixel : {0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255}) bytes.push_back(static_cast<char>(pixel));
  return bytes;
}

TEST(Encoders, ImagesKeepTheirShape) {
  const TemporaryFolder folder;
  const std::string file = folder.write("images.idx", idx_images());
  const Ran ran = run(network_with(
      fmt::format("model: latency, values: {{idx: {}, item: 1}}, params: {{first: 3 ms}}", file)));
  EXPECT_EQ(ran.network.populations[0].shape, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(times(ran, 5), (std::vector<double>{3}));
  EXPECT_EQ(ran.spikes("eye").steps.size(), 1u);

  const Ran camera = run(network_with(fmt::format(
      "model: event_camera, values: {{idx: {}, items: 2, step: 30 ms}}, params: {{noise_rate: 50 Hz}}",
      file)));
  EXPECT_EQ(camera.network.populations[0].shape, (std::vector<std::uint32_t>{2, 3, 2}));
  EXPECT_GT(camera.spikes("eye").steps.size(), 0u);
}

TEST(Encoders, AShapeOfOnesOwnMustFit) {
  const auto shape = [](const std::string& size) {
    return run(network_with("model: rate, values: [0, 0, 0, 0], size: " + size)).network.populations[0].shape;
  };
  EXPECT_EQ(shape("[2, 2]"), (std::vector<std::uint32_t>{2, 2}));
  EXPECT_NE(test::error_of([&] { shape("5"); }).find("takes 4 neurons"), std::string::npos);
}

TEST(Encoders, RandomSpikesComeFromTheSeedAndNotFromTheThreads) {
  const std::string text =
      network_with("model: rate, values: [0.3, 0.6, 0.9, 1, 0.2], params: {max_rate: 200 Hz}");
  const auto spikes = [&](const std::string& seed, const RunOptions& options) {
    const Ran ran = run(network_of(text, {"seed=" + seed}), options);
    return std::pair(ran.spikes("eye").steps, ran.spikes("eye").neurons);
  };
  EXPECT_FALSE(spikes("1", with(1)).first.empty());
  EXPECT_EQ(spikes("1", with(1)), spikes("1", with(3, 3)));
  EXPECT_NE(spikes("1", with(1)), spikes("2", with(1)));
}

TEST(Encoders, ValuesPassOnAsCurrents) {
  for (const auto& backend : backends) {
    const Ran ran = run_on(backend, R"(
synfire: 1
simulation: {duration: 40 ms, dt: 1 ms}
populations:
  eye: {model: direct, values: {list: [[1, 2], [3, -1]], step: 15 ms}, params: {amplitude: 10 pA, offset: 1 pA}}
  out: {model: iaf_psc_exp, size: 2, params: {tau_m: 1e-3 ms, C_m: 1e-3 pF, E_L: 0 mV, V_reset: 0 mV, V_th: 1e6 mV}}
projections: [{from: eye, to: out, connect: one_to_one, delay: 1 ms}]
record: {out: {V_m: all}}
)");
    const auto& trace = ran.trace("out");
    ASSERT_EQ(trace.size(), 80u);
    const auto expected = [](std::size_t step, std::size_t neuron) {
      const double rows[3][2] = {{11, 21}, {31, -9}, {0, 0}};
      return step < 1 ? 0 : rows[std::min<std::size_t>((step - 1) / 15, 2)][neuron];
    };
    for (std::size_t k = 0; k < trace.size(); ++k)
      EXPECT_NEAR(trace[k], expected(k / 2, k % 2), 1e-4) << backend << " step " << k / 2;
  }
}

// Two samples of 60 ms are two pieces of a current.
TEST(Encoders, ValuesPassOnAsCurrentsWithoutAClock) {
  const auto spikes = [](const std::string& source) {
    return run(fmt::format(R"(
synfire: 1
simulation: {{duration: 200 ms, engine: event}}
populations:
  eye: {}
  out: {{model: iaf_psc_exp, size: 1}}
projections: [{{from: eye, to: out, connect: all_to_all, delay: 1 ms}}]
record: {{out: {{spikes: all}}}}
)",
                           source))
        .spikes("out")
        .times_ms;
  };
  const auto given =
      spikes("{model: direct, values: {list: [[4], [6]], step: 60 ms}, params: {amplitude: 150 pA}}");
  EXPECT_GT(given.size(), 5u);
  EXPECT_EQ(
      given,
      spikes("{model: step_current, size: 1, params: {amplitude: {steps: [[0 ms, 600 pA], [60 ms, 900 pA], "
             "[120 ms, 0 pA]]}}}"));
}

TEST(Encoders, SoundIsHeard) {
  const auto file = test::source_dir() / "examples/recordings/sweep.wav";
  const std::string text = fmt::format(R"(
synfire: 1
simulation: {{duration: 200 ms, dt: 0.1 ms}}
populations: {{ear: {{model: cochlea, file: {}, params: {{channels: 40}}}}}}
record: {{ear: {{spikes: all}}}}
)",
                                       file.string());
  const Ran ran = run(text);
  EXPECT_EQ(ran.network.populations[0].shape, (std::vector<std::uint32_t>{40}));
  Cochlea::Parameters parameters;
  parameters.channels = 40;
  std::size_t expected = 0;
  for (const auto& spike : Cochlea(parameters)
                               .spikes(resampled(read_sound(file.string()), 48000).samples,
                                       RandomKey(1, "population/ear/spikes")))
    expected += spike.step <= 4800;
  EXPECT_GT(expected, 20u);
  EXPECT_EQ(ran.spikes("ear").steps.size(), expected);
}

TEST(Encoders, ErrorsNameTheLineOrTheFile) {
  const TemporaryFolder folder;
  const std::string table = folder.write("samples.csv", "1,2\n3,4\n"),
                    bad = folder.write("bad.csv", "1,2\n3\n"), text = folder.write("text.wav", "no sound");
  const auto error = [](const std::string& source) {
    return test::error_of([&] { run(network_with(source)); });
  };
  const auto expect = [&](const std::string& source, const std::string& piece) {
    EXPECT_NE(error(source).find(piece), std::string::npos) << source << "\n" << error(source);
  };
  expect(fmt::format("model: latency, values: {{file: {}}}", table), "net.yaml:4:");
  expect(fmt::format("model: latency, values: {{file: {}}}", table), "holds 2 samples; write how long");
  expect(fmt::format("model: latency, values: {{file: {}, step: 5 ms}}", bad), "bad.csv:2");
  expect("model: event_camera, values: [1, 2]", "looks at images");
  expect(fmt::format("model: cochlea, file: {}", text), "text.wav: cannot be read as sound");
}

}  // namespace
}  // namespace synfire
