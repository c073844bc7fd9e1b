// The synthesiser of speech, where it is installed, and what is said where it is not.
#include "io/speech.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;

std::string refusal(const std::string& program) {
  return error_of([&] {
    const SpeechSynthesiser synthesiser(program);
    synthesiser.say("zero", {.voice = "en-us"});
  });
}

TEST(Speech, SaysWhatIsWrongWithTheProgram) {
  EXPECT_NE(refusal("no-such-synthesiser")
                .find("no-such-synthesiser is not installed; install it (Debian: apt-get"),
            std::string::npos)
      << refusal("no-such-synthesiser");
  EXPECT_NE(refusal("false").find("false failed"), std::string::npos) << refusal("false");
  EXPECT_NE(refusal("true").find("true said nothing as 'en-us'"), std::string::npos) << refusal("true");
}

TEST(Speech, TheSameWordIsTheSameSoundAndMannersDiffer) {
  if (!error_of([] { SpeechSynthesiser(); }).empty()) GTEST_SKIP() << "espeak-ng is not installed";
  const SpeechSynthesiser synthesiser;
  const SpeechManner manner{.voice = "de+f3", .pitch = 60, .words_per_minute = 140};
  const Sound word = synthesiser.say("f\u00fcnf", manner);
  EXPECT_GT(word.seconds(), 0.2);
  EXPECT_EQ(synthesiser.say("f\u00fcnf", manner).samples, word.samples);
  for (const SpeechManner& other : {SpeechManner{"de+m3", 60, 140}, SpeechManner{"de+f3", 40, 140},
                                    SpeechManner{"de+f3", 60, 180}, SpeechManner{"en-us+f3", 60, 140}})
    EXPECT_NE(synthesiser.say("f\u00fcnf", other).samples, word.samples);
  const std::string refused = error_of([&] { synthesiser.say("zero", {.voice = "xx"}); });
  EXPECT_NE(refused.find("espeak-ng failed: Error: The specified"), std::string::npos) << refused;
}

}  // namespace
}  // namespace synfire
