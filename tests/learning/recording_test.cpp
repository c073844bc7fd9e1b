#include "learning/recording.hpp"

#include <gtest/gtest.h>

#include "tests/io/event_lists.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

TEST(SpokenDigit, NamesAreTakenApart) {
  const auto name = spoken_digit_name("some/folder/7_jackson_32.wav");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->digit, 7);
  EXPECT_EQ(name->speaker, "jackson");
  EXPECT_EQ(name->index, 32);
  for (const char* const other : {"digit.wav", "7_jackson.wav", "77_jackson_3.wav", "7__3.wav",
                                  "7_jackson_x.wav", "_.wav", "7_jackson_99999999999.wav"})
    EXPECT_FALSE(spoken_digit_name(other)) << other;
}

TEST(Recording, SoundComesAsSpikesOfTheCochlea) {
  if (!test::have("hd_audio")) GTEST_SKIP() << "no genuine sound here";
  const std::string wav = test::data_file("hd_audio/spoken_digit.wav"),
                    flac = test::data_file("hd_audio/spoken_digit.flac");
  EXPECT_TRUE(is_sound(wav));
  EXPECT_TRUE(is_sound(flac));
  const auto reader = open_recording(wav);
  EXPECT_TRUE(reader->sensor().audio);
  EXPECT_EQ(reader->sensor().width, 700);
  const auto spikes = test::read_all(*reader);
  EXPECT_NEAR(double(spikes.size()), 7158, 0.05 * 7158) << "mean of eight runs of another implementation";
  EXPECT_TRUE(std::is_sorted(spikes.begin(), spikes.end(),
                             [](const Event& a, const Event& b) { return a.t_us < b.t_us; }));
}

}  // namespace
}  // namespace synfire
