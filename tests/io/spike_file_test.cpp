#include "io/spike_file.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

class SpikeTables : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(
    Texts, SpikeTables,
    testing::Values("time_ms,node_id\n0.5,3\n0.25,1\n", "0.5 3\n0.25 1\n",
                    "# NEST version: 3.3\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n"
                    "3\t0.500\n1\t0.250\n",
                    "timestamps population node_ids\n0.5 v1 3\n0.25 v1 1\n",
                    "population,id,time [ms]\nv1,3,0.5\nv1,1,0.25\n"));

TEST_P(SpikeTables, ColumnsAreFoundByName) {
  const TemporaryFolder folder;
  const std::string path = folder.write("s.csv", GetParam());
  EXPECT_EQ(read_spike_file(path), (SpikeTrain{{0.5, 0.25}, {3, 1}}));
  EXPECT_EQ(read_spike_file(path, {.from_ms = 0.25, .until_ms = 0.5}), (SpikeTrain{{0.25}, {1}}));
  EXPECT_EQ(read_spike_file(path, {.ids = std::vector<std::uint64_t>{3}}), (SpikeTrain{{0.5}, {3}}));
}

TEST(SpikeFile, PopulationsAreToldApart) {
  const TemporaryFolder folder;
  const std::string path = folder.write("s.csv", "time_ms,population,node_id\n1,a,1\n2,b,2\n3,a,3\n");
  EXPECT_EQ(read_spike_file(path, {.population = "a"}), (SpikeTrain{{1, 3}, {1, 3}}));
  EXPECT_EQ(read_spike_file(path, {.population = "b"}), (SpikeTrain{{2}, {2}}));
  EXPECT_NE(error_of([&] { read_spike_file(path); }).find("s.csv:3:3: name one of the populations: a, b"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read_spike_file(path, {.population = "c"}); }).find("no population 'c'"),
            std::string::npos);
}

struct BadTable {
  const char* text;
  const char* says;
};
class BadSpikeTables : public testing::TestWithParam<BadTable> {};
INSTANTIATE_TEST_SUITE_P(
    Texts, BadSpikeTables,
    testing::Values(BadTable{"1,2,3\n", "s.csv:1:1: a table without column names"},
                    BadTable{"when,node_id\n1,2\n", "s.csv:1:1: no column of spike times"},
                    BadTable{"time_ms,who\n1,2\n", "s.csv:1:1: no column of neuron ids"},
                    BadTable{"time_ms,id\n1,-2\n", "s.csv:2:3: '-2' is not a whole number"},
                    BadTable{"time_ms,id\nnan,2\n", "s.csv:2:1: 'nan' is not finite"}));

TEST_P(BadSpikeTables, AreNamedWithLineAndColumn) {
  const TemporaryFolder folder;
  const std::string path = folder.write("s.csv", GetParam().text);
  const std::string message = error_of([&] { read_spike_file(path); });
  EXPECT_NE(message.find(GetParam().says), std::string::npos) << message;
}

TEST(SpikeFile, APopulationNeedsAColumn) {
  const TemporaryFolder folder;
  const std::string path = folder.write("s.csv", "1,2\n");
  EXPECT_NE(error_of([&] { read_spike_file(path, {.population = "a"}); }).find("'a'"), std::string::npos);
}

TEST(SpikeFile, TheSameSpikesAsTextAndAsHdf5) {
  const char* const name = "sonata/spikes/spikes.one_pop.csv";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  SpikeTrain text = read_spike_file(test::data_file(name), {.population = "v1"});
  SpikeTrain binary = read_spike_file(test::data_file("sonata/spikes/spikes.one_pop.h5"));
  EXPECT_EQ(text.ids.size(), 124U);
  ASSERT_EQ(binary.ids.size(), 124U);
  for (SpikeTrain* const train : {&text, &binary}) {  // the text is rounded, and ties are broken differently
    for (double& time : train->times_ms) time = std::round(time * 1000) / 1000;
    sort_by_time(*train);
  }
  EXPECT_EQ(text.times_ms, binary.times_ms);
  EXPECT_EQ(text.ids, binary.ids);
}

}  // namespace
}  // namespace synfire
