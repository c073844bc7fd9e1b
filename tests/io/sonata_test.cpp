#include "io/sonata.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using hdf5::File;
using test::error_of;
using test::TemporaryFolder;

SpikeTrain read_from(const std::string& path, const SpikeQuery& query = {}) {
  return read_spikes(File::open(path), query);
}

void expect_says(const std::string& message, std::initializer_list<const char*> parts) {
  for (const char* const part : parts) EXPECT_NE(message.find(part), std::string::npos) << message;
}

SpikeTrain example() { return {{0.1, 0.1, 0.5, 2.0, 1e6}, {3, 1, 2, 3, ~std::uint64_t{0}}}; }

TEST(SonataSpikes, RoundTrip) {
  const TemporaryFolder folder;
  const SpikeTrain all = example();
  {
    File file = File::create(folder.file("a.h5"));
    write_sonata_root(file);
    SpikeWriter exc(file, "exc");
    SpikeWriter inh(file, "inh", SpikeSorting::none, 0);
    exc.append(std::span(all.times_ms).first(2), std::span(all.ids).first(2));
    exc.append({}, {});
    exc.append(std::span(all.times_ms).subspan(2), std::span(all.ids).subspan(2));
    EXPECT_EQ(exc.written(), 5U);
    inh.append(std::array{2.0, 1.0}, std::array<std::uint64_t, 2>{0, 0});
  }
  const File file = File::open(folder.file("a.h5"));
  EXPECT_EQ(file.unsigned_attribute("magic"), 2682U);
  EXPECT_EQ(spike_populations(file), (std::vector<std::string>{"exc", "inh"}));
  EXPECT_EQ(read_spikes(file, {.population = "exc"}), all);
  EXPECT_EQ(read_spikes(file, {.population = "inh"}), (SpikeTrain{{2.0, 1.0}, {0, 0}}));
  EXPECT_EQ(spike_sorting(file, "exc"), SpikeSorting::by_time);
  EXPECT_EQ(spike_sorting(file, "inh"), SpikeSorting::none);
  EXPECT_EQ(read_spikes(file, {.population = "exc", .from_ms = 0.1, .until_ms = 2.0}),
            (SpikeTrain{{0.1, 0.1, 0.5}, {3, 1, 2}}));
  EXPECT_EQ(read_spikes(file, {.population = "exc", .ids = std::vector<std::uint64_t>{3}}),
            (SpikeTrain{{0.1, 2.0}, {3, 3}}));
  EXPECT_EQ(read_spikes(file, {.population = "exc", .ids = std::vector<std::uint64_t>{}}), SpikeTrain{});
  EXPECT_EQ(file.dataset("spikes/exc/timestamps").text_attribute("units"), "ms");
}

TEST(SonataSpikes, SortingByTimeBreaksTiesById) {
  SpikeTrain train{{3, 1, 1, 2}, {0, 9, 4, 0}};
  sort_by_time(train);
  EXPECT_EQ(train, (SpikeTrain{{1, 1, 2, 3}, {4, 9, 0, 0}}));
}

TEST(SonataSpikes, TheWriterRefusesNonsense) {
  const TemporaryFolder folder;
  File file = File::create(folder.file("a.h5"));
  SpikeWriter writer(file, "exc");
  writer.append(std::array{5.0}, std::array<std::uint64_t, 1>{0});
  expect_says(error_of([&] { writer.append(std::array{4.0}, std::array<std::uint64_t, 1>{0}); }),
              {"ordered"});
  expect_says(error_of([&] { writer.append(std::array{6.0}, {}); }), {"1 spike times for 0 ids"});
  expect_says(error_of([&] { SpikeWriter again(file, "exc"); }), {"/spikes/exc/timestamps", "exist"});
  for (const char* const name : {"", ".", "a/b"})
    EXPECT_NE(error_of([&] { SpikeWriter bad(file, name); }), "");
}

TEST(SonataSpikes, TheReaderToleratesUnitsAndLegacyLayout) {
  const TemporaryFolder folder;
  {
    File file = File::create(folder.file("a.h5"));
    hdf5::Group spikes = file.require_group("spikes");
    spikes.set_attribute("sorting", "by_gid");
    spikes.create_dataset<double>("timestamps", std::array{0.5, 0.25}).set_attribute("units", "s");
    spikes.create_dataset<std::int32_t>("gids", std::array{7, 8});
  }
  const File file = File::open(folder.file("a.h5"));
  EXPECT_EQ(read_spikes(file), (SpikeTrain{{500, 250}, {7, 8}}));
  EXPECT_EQ(spike_sorting(file, ""), SpikeSorting::by_id);
  EXPECT_EQ(spike_populations(file), (std::vector<std::string>{""}));
}

TEST(SonataSpikes, RowsAnnouncedButNeverWrittenAreLeftOut) {
  const TemporaryFolder folder;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  {
    File file = File::create(folder.file("a.h5"));
    hdf5::Group group = file.require_group("spikes/a");
    group.create_dataset<double>("timestamps", std::array{1.0, 2.0, nan, nan});
    group.create_dataset<std::uint64_t>("node_ids", std::array<std::uint64_t, 4>{1, 2, 0, 0});
  }
  EXPECT_EQ(read_from(folder.file("a.h5")), (SpikeTrain{{1, 2}, {1, 2}}));
  {
    File file = File::create(folder.file("b.h5"));
    hdf5::Group group = file.require_group("spikes/a");
    group.create_dataset<double>("timestamps", std::array{1.0, 2.0});
    group.create_dataset<std::uint64_t>("node_ids", std::array<std::uint64_t, 1>{1});
  }
  EXPECT_EQ(read_from(folder.file("b.h5"), {.unfinished = true}), (SpikeTrain{{1}, {1}}));
}

std::string spikes_error(const std::vector<double>& times, const std::vector<std::int64_t>& ids,
                         const char* units) {
  const TemporaryFolder folder;
  {
    File file = File::create(folder.file("a.h5"));
    hdf5::Group group = file.require_group("spikes/a");
    group.create_dataset<double>("timestamps", times).set_attribute("units", units);
    group.create_dataset<std::int64_t>("node_ids", ids);
  }
  return error_of([&] { read_from(folder.file("a.h5")); });
}

TEST(SonataSpikes, ErrorsNameTheDataset) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  expect_says(spikes_error({1, 2}, {1}, "ms"), {"a.h5", "/spikes/a/node_ids", "1 values for 2"});
  expect_says(spikes_error({nan, 2}, {1, 2}, "ms"), {"/spikes/a/timestamps", "value 0", "finite"});
  expect_says(spikes_error({1, inf}, {1, 2}, "ms"), {"/spikes/a/timestamps", "value 1", "finite"});
  expect_says(spikes_error({1}, {-1}, "ms"), {"/spikes/a/node_ids", "cannot read"});
  expect_says(spikes_error({1}, {1}, "furlongs"), {"/spikes/a/timestamps", "furlongs"});
  const TemporaryFolder folder;
  { File file = File::create(folder.file("e.h5")); }
  expect_says(error_of([&] { read_from(folder.file("e.h5")); }), {"e.h5", "no spikes"});
  {
    File file = File::create(folder.file("b.h5"));
    SpikeWriter a(file, "a"), b(file, "b");
  }
  expect_says(error_of([&] { read_from(folder.file("b.h5")); }), {"b.h5", "a, b"});
  expect_says(error_of([&] { read_from(folder.file("b.h5"), {.population = "c"}); }), {"'c'", "a, b"});
}

// --- reports
// --------------------------------------------------------------------------------------------------------

TEST(SonataReport, TwoVariablesOfAPopulationDoNotCollide) {
  const TemporaryFolder folder;
  std::vector<float> voltage(7 * 3), current(7 * 2);
  std::iota(voltage.begin(), voltage.end(), -70.0F);
  std::iota(current.begin(), current.end(), 0.0F);
  {
    File file = File::create(folder.file("a.h5"));
    ReportWriter first(file, {"exc", "V_m", "mV", {4, 7, 9}, 0.5, 0.25});
    ReportWriter second(file, {"exc", "I_syn", "pA", {7, 4}, 0, 0.1});
    first.append(std::span(voltage).first(3 * 3));
    first.append(std::span(voltage).subspan(3 * 3));
    second.append(current);
    EXPECT_EQ(first.frames(), 7U);
    expect_says(error_of([&] { ReportWriter third(file, {"exc", "V_m", "mV", {1}, 0, 1}); }), {"V_m", "exc"});
    expect_says(error_of([&] {
                  ReportWriter third(file, {"exc", "I_syn", "pA", {1}, 0, 1});
                }),
                {"I_syn", "exc"});
  }
  const File file = File::open(folder.file("a.h5"));
  EXPECT_EQ(report_names(file), (std::vector<std::string>{"exc", "exc.I_syn"}));
  const Report first(file, "exc"), second(file, "exc.I_syn");
  EXPECT_EQ(first.population(), "exc");
  EXPECT_EQ(first.variable(), "V_m");
  EXPECT_EQ(first.units(), "mV");
  EXPECT_EQ(first.node_ids(), (std::vector<std::uint64_t>{4, 7, 9}));
  EXPECT_EQ(first.index_pointers(), (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(first.read(), voltage);
  EXPECT_EQ(first.read(2, 2, 1, 1), (std::vector<float>{voltage[7], voltage[10]}));
  EXPECT_EQ(first.times_ms(), (std::vector<double>{0.5, 0.75, 1, 1.25, 1.5, 1.75, 2}));
  EXPECT_EQ(file.dataset("report/exc/mapping/time").read<double>(), (std::vector<double>{0.5, 2.25, 0.25}));
  EXPECT_EQ(second.population(), "exc");
  EXPECT_EQ(second.variable(), "I_syn");
  EXPECT_EQ(second.read(), current);
  EXPECT_NE(error_of([&] { second.read(0, 8, 0, 1); }), "");
  expect_says(error_of([&] { Report none(file, "inh"); }), {"'inh'", "exc, exc.I_syn"});
}

// --- files of others
// ------------------------------------------------------------------------------------------------

TEST(SonataGenuine, KnownAnswerNetwork) {
  const char* const name = "sonata/300_intfire/output/spikes.h5";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const SpikeTrain train = read_from(test::data_file(name));
  ASSERT_EQ(train.times_ms.size(), 4322U);
  EXPECT_EQ(std::count_if(train.ids.begin(), train.ids.end(), [](auto id) { return id < 240; }), 3242);
  EXPECT_NEAR(train.times_ms.front(), 566.942, 1e-3);
  EXPECT_NEAR(train.times_ms.back(), 2989.119, 1e-3);
  EXPECT_EQ(spike_sorting(File::open(test::data_file(name)), "v1"), SpikeSorting::by_time);
  EXPECT_EQ(read_from(test::data_file("sonata/300_intfire/inputs/lgn_spikes.h5")).ids.size(), 2738U);
  EXPECT_EQ(read_from(test::data_file("sonata/300_intfire/inputs/tw_spikes.h5")).ids.size(), 295U);
  EXPECT_EQ(read_from(test::data_file("sonata/300_pointneurons/inputs/external_spike_trains.h5")).ids.size(),
            4334U);
}

TEST(SonataGenuine, SpikesOfOtherTools) {
  const char* const name = "sonata/libsonata/spikes.h5";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const File file = File::open(test::data_file(name));
  EXPECT_EQ(spike_populations(file), (std::vector<std::string>{"All", "empty", "spikes1", "spikes2"}));
  EXPECT_EQ(read_spikes(file, {.population = "All"}), (SpikeTrain{{.1, .2, .3, .7, 1.3}, {5, 2, 3, 2, 3}}));
  EXPECT_EQ(read_spikes(file, {.population = "empty"}), SpikeTrain{});
  EXPECT_EQ(spike_sorting(file, "All"), SpikeSorting::by_time);
  EXPECT_EQ(spike_sorting(file, "spikes1"), SpikeSorting::by_id);
  EXPECT_EQ(spike_sorting(file, "spikes2"), SpikeSorting::none);
  const SpikeTrain now = read_from(test::data_file("sonata/spikes/spikes.one_pop.h5"));
  EXPECT_EQ(now.ids.size(), 124U);
  EXPECT_EQ(now.times_ms.front(), 136.6);
  EXPECT_EQ(*std::max_element(now.ids.begin(), now.ids.end()), 13U);
  EXPECT_EQ(read_from(test::data_file("sonata/spikes/spikes.old.h5")), now);
}

TEST(SonataGenuine, ReportsOfOtherTools) {
  const char* const name = "sonata/reports/5_cells_iclamp_membrane_potential.h5";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const File file = File::open(test::data_file(name));
  const Report report(file, report_names(file).at(0));
  EXPECT_EQ(report.frames(), 40000U);
  EXPECT_EQ(report.elements(), 5U);
  EXPECT_EQ(report.variable(), "v");
  EXPECT_DOUBLE_EQ(report.step_ms(), 0.1);
  EXPECT_EQ(report.index_pointers(), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
  const auto values = report.read();
  const std::array expected{-80.0629F, -80.1067F, -80.2150F, -80.2444F, -80.2461F};
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(values[k], expected[k], 1e-4);
  EXPECT_NEAR(*std::min_element(values.begin(), values.end()), -95.3807, 1e-4);
  EXPECT_NEAR(*std::max_element(values.begin(), values.end()), 31.2323, 1e-4);
  const Report elements(File::open(test::data_file("sonata/libsonata/elements.h5")), "All");
  EXPECT_EQ(elements.frames(), 20U);
  EXPECT_EQ(elements.elements(), 100U);
  EXPECT_EQ(elements.index_pointers().at(1), 5U);
  EXPECT_EQ(elements.units(), "mV");
}

/// The fate of a reader of `path` in a process of its own: 0 = read, 1 = a clear error, else what killed it.
int fate_of_reading(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    const std::string message = error_of([&] { read_from(path); });
    _exit(message.empty() ? 0 : message.find(path) != std::string::npos ? 1 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Every bit of a small file once the other way round: spikes or a clear error.
TEST(SonataSpikes, FlippedBitsNeverCrash) {
  const TemporaryFolder folder;
  const SpikeTrain train = example();
  {
    File file = File::create(folder.file("a.h5"));
    SpikeWriter writer(file, "a", SpikeSorting::none);
    writer.append(train.times_ms, train.ids);
  }
  std::string bytes = test::content_of(folder.file("a.h5")).substr(0, 8000);
  std::array<int, 2> fates{};
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    const char good = bytes[byte];
    if (good == 0 && byte % 5 != 0) continue;  // most of a small file is zeros: one in five will do
    bytes[byte] = static_cast<char>(good ^ 1 << byte % 8);
    const int fate = fate_of_reading(folder.write("flipped.h5", bytes));
    ASSERT_TRUE(fate == 0 || fate == 1) << "byte " << byte << " bit " << byte % 8 << ": " << fate;
    ++fates[static_cast<std::size_t>(fate)];
    bytes[byte] = good;
  }
  EXPECT_GT(fates[1], 50);
}

}  // namespace
}  // namespace synfire
