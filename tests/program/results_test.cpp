// What a run leaves: the report, the result file and where it comes from.
#include <cmath>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

using Json = nlohmann::json;

// 100 sources to 100 neurons, each to each: 10,000 synapses exactly.
const std::string counted_network =
    "synfire: 1\n"
    "simulation: {duration: 500 ms, dt: 0.1 ms}\n"
    "populations:\n"
    "  noise: {model: poisson, size: 100, params: {rate: 20 Hz}}\n"
    "  exc: {model: iaf_psc_exp, size: 100}\n"
    "projections:\n"
    "  - {from: noise, to: exc, connect: all_to_all, weight: 120 pA, delay: 1 ms}\n"
    "record:\n"
    "  noise: {spikes: all}\n"
    "  exc: {spikes: all, V_m: {neurons: \"0:3\", every: 1 ms}}\n";

TEST(Report, AgreesWithTheResultFile) {
  const Folder folder;
  folder.write("net.yaml", counted_network);
  const auto outcome =
      synfire({"run", "net.yaml", "-q", "--threads", "2", "--report", "r.json"}, {.folder = folder.path()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json report = Json::parse(folder.content("r.json"));
  EXPECT_DOUBLE_EQ(report.at("biological_s").get<double>(), 0.5);
  const double wall_s = report.at("wall_s").get<double>();
  EXPECT_GT(wall_s, 0);
  EXPECT_LT(wall_s, outcome.wall_s);
  EXPECT_GT(report.at("build_s").get<double>(), 0);
  EXPECT_LT(report.at("build_s").get<double>(), outcome.wall_s);
  EXPECT_DOUBLE_EQ(report.at("real_time_factor").get<double>(), wall_s / 0.5);
  EXPECT_EQ(report.at("neuron_updates").get<std::uint64_t>(), 100U * 5000U);
  EXPECT_EQ(report.at("synapses").get<std::uint64_t>(), 10000U);
  EXPECT_EQ(report.at("threads").get<int>(), 2);
  EXPECT_EQ(report.at("backend").get<std::string>(), "cpu");
  const double peak_kb = report.at("peak_rss_bytes").get<double>() / 1024;
  EXPECT_GT(peak_kb, 1000);
  EXPECT_LE(peak_kb, double(outcome.peak_rss_kb));

  const hdf5::File file = hdf5::File::open(folder.file("net.h5"));
  for (const char* const name : {"noise", "exc"}) {
    const auto spikes = spikes_of(file, name).times_ms.size();
    const Json& population = report.at("populations").at(name);
    EXPECT_GT(spikes, 100U) << name;
    EXPECT_EQ(population.at("neurons").get<int>(), 100) << name;
    EXPECT_EQ(population.at("spikes").get<std::size_t>(), spikes) << name;
    EXPECT_NEAR(population.at("rate_hz").get<double>(), double(spikes) / 100 / 0.5, 1e-9) << name;
  }
  // Every spike reaches 100 neurons, but for those of the last millisecond, which are still under way.
  const SpikeTrain noise = spikes_of(file, "noise");
  const auto arrived = std::upper_bound(noise.times_ms.begin(), noise.times_ms.end(), 499.0 + 1e-6);
  const auto events = report.at("synaptic_events").get<std::int64_t>();
  EXPECT_EQ(events, 100 * (arrived - noise.times_ms.begin()));
}

TEST(Run, QuietPrintsNothing) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto outcome = synfire({"run", "net.yaml", "--quiet"}, {.folder = folder.path()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out + outcome.err, "");
  EXPECT_EQ(folder.list(), (Words{"net.h5", "net.yaml"}));
}

TEST(Run, TableNamesPopulationsAndOutput) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto outcome = synfire({"run", "net.yaml", "--set", "output=other.h5"}, {.folder = folder.path()});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* const text : {"noise", "exc", "rate Hz", "real-time factor", "\nother.h5\n"})
    EXPECT_NE(outcome.out.find(text), std::string::npos) << text;
  EXPECT_EQ(outcome.out.find('\033'), std::string::npos) << "colours only on a terminal";
  EXPECT_EQ(folder.list(), (Words{"net.yaml", "other.h5"}));
}

TEST(Run, SetOverridesTheFileAndTheLastOneHolds) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  const auto outcome = synfire(
      {"run", "net.yaml", "-q", "--set", "simulation.duration=10 ms", "--set", "simulation.duration=50 ms",
       "--set", "populations.noise.params.rate=0 Hz", "--set", "projections[0].weight=1 pA"},
      {.folder = folder.path()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const hdf5::File file = hdf5::File::open(folder.file("net.h5"));
  EXPECT_DOUBLE_EQ(completed_ms(file), 50);
  EXPECT_EQ(status_of(file), "complete");
  EXPECT_TRUE(spikes_of(file, "noise").times_ms.empty());
  EXPECT_EQ(Report(file, "exc").frames(), 50U);
}

TEST(Provenance, NetworkInTheFileRunsToTheSameSpikes) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  ASSERT_EQ(
      synfire({"run", "net.yaml", "-q", "--set", "seed=99", "--set", "populations.noise.params.rate=300 Hz"},
              {.folder = folder.path()})
          .exit_code,
      0);
  const hdf5::File first = hdf5::File::open(folder.file("net.h5"));
  folder.write("again.yaml", first.dataset("synfire/network").read_text());
  const auto outcome = synfire({"run", "again.yaml", "-q"}, {.folder = folder.path()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const hdf5::File second = hdf5::File::open(folder.file("again.h5"));
  for (const char* const name : {"noise", "exc"}) {
    EXPECT_GT(spikes_of(first, name).ids.size(), 10U);
    EXPECT_EQ(spikes_of(first, name), spikes_of(second, name)) << name;
  }
  EXPECT_EQ(Report(first, "exc").read(), Report(second, "exc").read());
  EXPECT_EQ(first.group("synfire").unsigned_attribute("seed"), 99U);
  EXPECT_EQ(first.dataset("synfire/network").read_text(), second.dataset("synfire/network").read_text());
}

TEST(ResultFile, OpensInOtherTools) {
  const Folder folder;
  folder.write("net.yaml", counted_network);
  ASSERT_EQ(synfire({"run", "net.yaml", "-q"}, {.folder = folder.path()}).exit_code, 0);
  const bool has_h5dump = is_installed("h5dump");
  if (has_h5dump) {
    const auto dump = Process({"h5dump", "net.h5"}, {.folder = folder.path()}).wait();
    EXPECT_EQ(dump.exit_code, 0) << dump.err;
    EXPECT_NE(dump.out.find("DATASET \"node_ids\""), std::string::npos);
  }
  const auto python = python_with("h5py");
  if (python) {
    const std::string script =
        "import h5py\n"
        "f = h5py.File('net.h5')\n"
        "s = f['spikes/exc']\n"
        "assert s['timestamps'].attrs['units'] in ('ms', b'ms') and int(s.attrs['sorting']) == 2\n"
        "assert len(s['timestamps']) == len(s['node_ids']) > 0\n"
        "r = f['report/exc']\n"
        "assert r['data'].shape == (500, 3) and r['data'].attrs['units'] in ('mV', b'mV')\n"
        "assert list(r['mapping/time'][:]) == [1.0, 501.0, 1.0], r['mapping/time'][:]\n"
        "assert f['synfire'].attrs['status'] in ('complete', b'complete')\n"
        "f.visititems(lambda name, x: x[()] if isinstance(x, h5py.Dataset) else list(x.attrs.items()))\n";
    const auto read = Process({*python, "-c", script}, {.folder = folder.path()}).wait();
    EXPECT_EQ(read.exit_code, 0) << read.err;
  }
  if (!has_h5dump || !python) GTEST_SKIP() << "h5dump or h5py is not installed";
}

}  // namespace
}  // namespace synfire::test
