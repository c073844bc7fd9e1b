#include "io/audio.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/io/files.hpp"
#include "tests/io/wav.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;
using test::wav;

TEST(Audio, WholeNumbersAreDividedByFullScale) {
  const TemporaryFolder folder;
  const Sound sound = read_sound(folder.write("a.wav", wav({0, 16384, -32768, 32767})));
  EXPECT_EQ(sound.rate, 16000);
  EXPECT_EQ(sound.samples, (std::vector<float>{0, 0.5f, -1, 32767.0f / 32768}));
  EXPECT_DOUBLE_EQ(sound.seconds(), 4.0 / 16000);
}

TEST(Audio, ChannelsAreMixedToTheirMean) {
  const TemporaryFolder folder;
  const Sound sound = read_sound(folder.write("a.wav", wav({16384, 0, -16384, 16384}, 2)));
  EXPECT_EQ(sound.samples, (std::vector<float>{0.25f, 0}));
}

TEST(Audio, TrimmingCutsSilentWindowsOffTheEnds) {
  constexpr double rate = 1000;  // windows of ten samples
  Sound sound{rate, std::vector<float>(100, 0.0F)};
  const auto fill = [&](std::size_t first, std::size_t count, float value) {
    std::fill_n(sound.samples.begin() + std::ptrdiff_t(first), count, value);
  };
  fill(30, 10, 1.0F);
  fill(40, 10, 0.0F);  // silence within stays
  fill(50, 10, 0.011F);
  fill(60, 10, 0.009F);  // 40.9 dB below
  const Sound cut = trimmed(sound, 40);
  EXPECT_EQ(cut.rate, rate);
  ASSERT_EQ(cut.samples.size(), 30U);
  EXPECT_EQ(cut.samples.front(), 1.0F);
  EXPECT_EQ(cut.samples.back(), 0.011F);
  EXPECT_EQ(trimmed(sound, 42).samples.size(), 40U);
  sound.samples.resize(95);
  fill(90, 5, 1.0F);
  EXPECT_EQ(trimmed(sound, 40).samples.size(), 65U) << "the last window is shorter";
  const Sound silence{rate, std::vector<float>(25, 0.0F)};
  EXPECT_EQ(trimmed(silence, 40).samples.size(), 25U);
  EXPECT_TRUE(trimmed({rate, {}}, 40).samples.empty());
}

TEST(Audio, LongFilesAreReadWhole) {
  std::vector<std::int16_t> samples(100'001);
  for (std::size_t k = 0; k < samples.size(); ++k)
    samples[k] = static_cast<std::int16_t>(k * 7919 % 60000 - 30000);
  const TemporaryFolder folder;
  const Sound sound = read_sound(folder.write("a.wav", wav(samples)));
  ASSERT_EQ(sound.samples.size(), samples.size());
  for (std::size_t k = 0; k < samples.size(); ++k)
    ASSERT_EQ(sound.samples[k], float(samples[k]) / 32768) << k;
}

TEST(Audio, ErrorsNameFileAndCause) {
  const TemporaryFolder folder;
  const auto expect = [](const std::string& path, const char* cause) {
    const std::string error = error_of([&] { read_sound(path); });
    EXPECT_NE(error.find(path), std::string::npos) << error;
    EXPECT_NE(error.find(cause), std::string::npos) << error;
  };
  expect(folder.file("none.wav"), "No such file");
  expect(folder.path().string(), "cannot be read as sound");
  expect(folder.write("text.wav", "this is no sound at all, whatever its name says"),
         "cannot be read as sound");
  expect(folder.write("empty.wav", wav({})), "holds no samples");
  expect(folder.write("many.wav", wav(std::vector<std::int16_t>(260), 65)), "65 channels");
  expect(folder.write("head.wav", wav({1, 2, 3}).substr(0, 30)), "cannot be read as sound");
}

// Any truncation and any flipped byte gives a sound or an error, never anything else.
TEST(Audio, DamageIsAnErrorOrASound) {
  const TemporaryFolder folder;
  const std::string whole = wav({1, 2, 3, 4, 5, 6, 7, 8});
  const auto attempt = [&](const std::string& bytes) {
    try {
      EXPECT_LE(read_sound(folder.write("a.wav", bytes)).samples.size(), 64u);
    } catch (const Error&) {
    }
  };
  for (std::size_t length = 0; length < whole.size(); ++length) attempt(whole.substr(0, length));
  for (std::size_t k = 0; k < whole.size(); ++k)
    for (const int mask : {0x01, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[k] = static_cast<char>(bytes[k] ^ mask);
      attempt(bytes);
    }
}

Sound tone(double hz, double rate, double seconds) {
  Sound sound{rate, {}};
  for (std::size_t k = 0; k < static_cast<std::size_t>(seconds * rate); ++k)
    sound.samples.push_back(
        static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(k) / rate)));
  return sound;
}

TEST(Audio, ResamplingKeepsATone) {
  const Sound low = tone(1000, 8000, 0.5), high = resampled(low, 48000), expected = tone(1000, 48000, 0.5);
  EXPECT_EQ(high.rate, 48000);
  ASSERT_NEAR(double(high.samples.size()), double(expected.samples.size()), 1);
  for (std::size_t k = 2400; k < 21600; ++k)  // 50 ms from the ends, which ring
    ASSERT_NEAR(high.samples[k], expected.samples[k], 1e-4) << k;
}

TEST(Audio, ResamplingRemovesWhatWouldAlias) {
  const Sound low = resampled(tone(15000, 48000, 0.5), 16000);
  for (std::size_t k = 800; k < 7200; ++k) ASSERT_NEAR(low.samples[k], 0, 1e-4) << k;
}

TEST(Audio, ResamplingHasItsLimits) {
  EXPECT_THROW(resampled(tone(10, 8000, 0.1), 10), Error);
  EXPECT_THROW(resampled(tone(10, 8000, 0.1), NAN), Error);
  EXPECT_THROW(resampled(Sound{0, {1, 2}}, 8000), Error);
  Sound huge{100, std::vector<float>(100'000)};
  EXPECT_NE(error_of([&] { resampled(huge, 1e6); }).find("cut it"), std::string::npos);
  EXPECT_EQ(resampled(huge, 100).samples.size(), huge.samples.size());
}

TEST(Audio, RealRecordingsHaveTheirKnownLength) {
  if (!test::have("hd_audio/spoken_digit.flac")) GTEST_SKIP() << "no recording";
  const Sound flac = read_sound(test::data_file("hd_audio/spoken_digit.flac"));
  EXPECT_EQ(flac.rate, 48000);
  EXPECT_EQ(flac.samples.size(), 38172u);
  const Sound pcm = read_sound(test::data_file("hd_audio/spoken_digit.wav"));
  EXPECT_EQ(pcm.samples, flac.samples);
}

TEST(Audio, ATruncatedFlacIsAnError) {
  if (!test::have("hd_audio/spoken_digit.flac")) GTEST_SKIP() << "no recording";
  const std::string bytes = test::content_of(test::data_file("hd_audio/spoken_digit.flac"));
  const TemporaryFolder folder;
  const std::string cut = folder.write("cut.flac", bytes.substr(0, bytes.size() / 2));
  const std::string error = error_of([&] { read_sound(cut); });
  EXPECT_NE(error.find(cut), std::string::npos);
  EXPECT_NE(error.find("samples"), std::string::npos) << error;
}

}  // namespace
}  // namespace synfire
