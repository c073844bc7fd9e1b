#include "sim/inspection/results.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "sim/inspection/raster.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

TEST(Results, SizeAndEndOfForeignFilesComeFromTheSpikes) {
  const TemporaryFolder folder;
  {
    hdf5::File file = hdf5::File::create(folder.file("a.h5"));
    SpikeWriter writer(file, "v1", SpikeSorting::none);
    writer.append(std::vector<double>{5, 0, 9.5}, std::vector<std::uint64_t>{3, 41, 3});
  }
  const ResultReader reader(folder.file("a.h5"));
  ASSERT_EQ(reader.populations().size(), 1U);
  const auto& population = reader.populations()[0];
  EXPECT_FALSE(reader.provenance().by_synfire);
  EXPECT_EQ(population.neurons, 42U);
  EXPECT_EQ(reader.recorded().until_ms, 9.5);
  EXPECT_EQ(reader.spikes(population, reader.recorded()).ids.size(), 3U) << "first at 0 and last included";
  EXPECT_EQ(reader.spikes(population, {0, 5}).times_ms, std::vector<double>{5});
}

TEST(Results, NeuronsOutsideTheirPopulationAreRefused) {
  const TemporaryFolder folder;
  {
    hdf5::File file = hdf5::File::create(folder.file("a.h5"));
    file.require_group("synfire").set_attribute("completed_ms", 10.0);
    file.require_group("synfire/populations/exc").set_attribute("size", std::uint64_t{3});
    SpikeWriter(file, "exc").append(std::vector<double>{1}, std::vector<std::uint64_t>{3});
  }
  const ResultReader reader(folder.file("a.h5"));
  const auto message = error_of([&] { reader.spikes(reader.populations().at(0), {0, 10}); });
  EXPECT_NE(message.find("neuron 3 in a population of 3"), std::string::npos) << message;
}

TEST(Results, IdsBeyondAllMeasureAreAnErrorNotAnAllocation) {
  const TemporaryFolder folder;
  {
    hdf5::File file = hdf5::File::create(folder.file("a.h5"));
    SpikeWriter(file, "exc")
        .append(std::vector<double>{1}, std::vector<std::uint64_t>{std::uint64_t{1} << 60});
    hdf5::File sized = hdf5::File::create(folder.file("b.h5"));
    sized.require_group("synfire/populations/exc").set_attribute("size", std::uint64_t{1} << 50);
    SpikeWriter(sized, "exc").append(std::vector<double>{1}, std::vector<std::uint64_t>{0});
  }
  EXPECT_NE(error_of([&] { ResultReader reader(folder.file("a.h5")); }).find("exc"), std::string::npos);
  const ResultReader reader(folder.file("b.h5"));
  EXPECT_NE(error_of([&] {
              reader.spikes(reader.populations().at(0), {0, 10});
            }).find("GB"),
            std::string::npos);
}

TEST(Results, TracesKeepTheirExtremes) {
  const TemporaryFolder folder;
  constexpr std::size_t frames = 100000;
  {
    hdf5::File file = hdf5::File::create(folder.file("a.h5"));
    ReportWriter writer(file, {"exc", "V_m", "mV", {4, 9}, 0.1, 0.1});
    std::vector<float> values(2 * frames, -65);
    values[2 * 5000] = 30;        // node 4 at 500.1 ms
    values[2 * 70000 + 1] = -90;  // node 9 at 7000.1 ms
    writer.append(values);
  }
  const ResultReader reader(folder.file("a.h5"));
  EXPECT_NEAR(reader.recorded().until_ms, 10000.1, 1e-6);
  const Report report = reader.report(reader.reports().at(0));
  const auto lines = trace_lines(report, {0, 10000}, 5, 100);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].id, 9U);
  EXPECT_LE(lines[0].values.size(), 202U);
  const auto high = std::max_element(lines[0].values.begin(), lines[0].values.end());
  EXPECT_EQ(*high, 30);
  EXPECT_NEAR(lines[0].times_ms[static_cast<std::size_t>(high - lines[0].values.begin())], 500.1, 1e-6);
  EXPECT_EQ(*std::min_element(lines[1].values.begin(), lines[1].values.end()), -90);
  const auto part = trace_lines(report, {100, 200}, 1, 10000);
  ASSERT_EQ(part.size(), 1U);
  EXPECT_EQ(part[0].times_ms.size(), 1000U);
  EXPECT_NEAR(part[0].times_ms.front(), 100.1, 1e-6);
  EXPECT_NEAR(part[0].times_ms.back(), 200, 1e-6);
}

TEST(Raster, EverySpikeIsInItsCell) {
  const SpikeTrain train{{0.5, 99.5, 100, 50}, {0, 9, 9, 5}};
  const Density d = spike_density(view(train, 10), {0, 100}, 10, 5);
  EXPECT_EQ(d.at(4, 0), 1U) << "neuron 0 is at the bottom";
  EXPECT_EQ(d.at(0, 9), 2U);
  EXPECT_EQ(d.at(2, 5), 1U);
  EXPECT_EQ(spike_density(view(train, 10), {0, 100}, 10, 64).rows, 10U);
}

TEST(Raster, HistogramBinsAreRound) {
  EXPECT_DOUBLE_EQ(histogram_bin_ms({0, 1000}, 220, 0.1), 5);
  EXPECT_DOUBLE_EQ(histogram_bin_ms({0, 1000}, 1000, 0.1), 1);
  EXPECT_DOUBLE_EQ(histogram_bin_ms({0, 1}, 220, 0.1), 0.1);
}

// The files of others, as they are: all spikes of each population are found.
TEST(ResultsGenuine, SonataFiles) {
  const char* const name = "sonata/libsonata/spikes.h5";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const ResultReader reader(test::data_file(name));
  ASSERT_EQ(reader.populations().size(), 4U);
  for (const auto& p : reader.populations())
    EXPECT_EQ(reader.spikes(p, reader.recorded()).ids.size(), p.name == "empty" ? 0U : 5U) << p.name;
  for (const char* const file : {"sonata/spikes/spikes.old.h5", "sonata/spikes/spikes.one_pop.h5"}) {
    const ResultReader other(test::data_file(file));
    EXPECT_EQ(other.populations().at(0).neurons, 14U);
    EXPECT_EQ(other.spikes(other.populations()[0], other.recorded()).ids.size(), 124U);
  }
  const ResultReader elements(test::data_file("sonata/libsonata/elements.h5"));
  EXPECT_EQ(elements.reports().at(0).elements, 100U);
  const std::string nodes = test::data_file("sonata/libsonata/nodes1.h5");
  EXPECT_NE(error_of([&] { ResultReader none(nodes); }).find("no spikes and no reports"), std::string::npos);
}

}  // namespace
}  // namespace synfire
