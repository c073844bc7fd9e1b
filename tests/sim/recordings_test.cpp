// Recordings as sources: which of their events are played, as which neuron, and when.
#include <fstream>

#include "io/events/aedat2.hpp"
#include "io/events/shd.hpp"
#include "tests/io/files.hpp"
#include "tests/sim/networks.hpp"

namespace synfire {
namespace {

using namespace testing_tools;
using Found = std::vector<std::pair<Step, std::uint32_t>>;

Found played(const std::string& file, const std::string& params) {
  const auto ran = run(fmt::format(
      "synfire: 1\nsimulation: {{duration: 20 ms}}\npopulations: {{eye: {{events: {}, params: {{{}}}}}}}\n"
      "record: {{eye: {{spikes: all}}}}\n",
      file, params));
  const auto& spikes = ran.spikes("eye");
  Found found;
  for (std::size_t k = 0; k < spikes.steps.size(); ++k)
    found.emplace_back(spikes.steps[k], spikes.neurons[k]);
  return found;
}

class Recordings : public testing::Test {
 protected:
  void SetUp() override {
    Aedat2Writer writer(folder.file("eye.aedat"), "DVS128");
    writer.write(events);
    writer.finish();
  }
  static std::uint32_t neuron(const Event& e) { return (e.y * 128U + e.x) * 2U + e.on; }
  static std::string message(const std::string& file, const std::string& params) {
    return test::error_of([&] { played(file, params); });
  }

  const std::vector<Event> events{{50000, 1, 2, 1}, {53000, 3, 4, 0}, {57000, 5, 6, 1}, {61000, 7, 8, 0}};
  const test::TemporaryFolder folder;
};

TEST_F(Recordings, ArePlayedFromTheirFirstEvent) {
  const Found found = played(folder.file("eye.aedat"), "");
  ASSERT_EQ(found.size(), 4u);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(found[k].second, neuron(events[k]));
  EXPECT_EQ(found[3].first - found[1].first, 80u) << "8 ms in steps of 0.1 ms";
}

TEST_F(Recordings, InPart) {
  const Found found = played(folder.file("eye.aedat"), "from: 2 ms, until: 11 ms");
  ASSERT_EQ(found.size(), 2u) << "the event at 11 ms is outside";
  EXPECT_EQ(found[0].second, neuron(events[1]));
  EXPECT_EQ(found[1].second, neuron(events[2]));
  const Found all = played(folder.file("eye.aedat"), "");
  EXPECT_EQ(all[1].first - found[0].first, 20u) << "time begins 2 ms later";
  EXPECT_NE(message(folder.file("eye.aedat"), "from: 2 ms, until: 1 ms").find("until must come after from"),
            std::string::npos);
}

TEST_F(Recordings, InSquaresAndByPolarity) {
  const auto neurons = [&](const std::string& params) {
    std::vector<std::uint32_t> found;
    for (const auto& [step, neuron] : played(folder.file("eye.aedat"), params)) found.push_back(neuron);
    return found;
  };
  EXPECT_EQ(neurons("pool: 3"),
            (std::vector<std::uint32_t>{1, (43 + 1) * 2, (2 * 43 + 1) * 2 + 1, (2 * 43 + 2) * 2}));
  EXPECT_EQ(neurons("polarity: merged"), (std::vector<std::uint32_t>{257, 515, 773, 1031}));
  EXPECT_EQ(neurons("polarity: on"), (std::vector<std::uint32_t>{257, 773}));
  EXPECT_EQ(neurons("polarity: off, pool: 128"), (std::vector<std::uint32_t>{0, 0}));
}

TEST_F(Recordings, DamagedOnesIfTheyMayBe) {
  std::ofstream(folder.file("eye.aedat"), std::ios::app) << "cut";
  EXPECT_NE(message(folder.file("eye.aedat"), "").find("byte"), std::string::npos);
  EXPECT_EQ(played(folder.file("eye.aedat"), "lenient: true").size(), 4u);
}

TEST_F(Recordings, OfACochleaOneOfMany) {
  ShdWriter writer(folder.file("words.h5"));
  writer.add(std::vector<Event>{{4000, 699, 0, 1}}, 1);
  writer.add(std::vector<Event>{{2000, 0, 0, 1}, {8000, 350, 0, 1}}, 2);
  writer.finish();
  const Found second = played(folder.file("words.h5"), "sample: 1");
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[0].second, 0u);
  EXPECT_EQ(second[1].second, 350u);
  EXPECT_NEAR(double(second[0].first), 20, 1) << "silence before the word stays";
  EXPECT_EQ(played(folder.file("words.h5"), "").at(0).second, 699u);
  EXPECT_NE(message(folder.file("words.h5"), "sample: 2"), "");
}

}  // namespace
}  // namespace synfire
