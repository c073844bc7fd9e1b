// Bad command lines and bad input: the promised exit code, one clear line, and a folder as it was before.
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "io/hdf5.hpp"
#include "io/sonata.hpp"
#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

constexpr int usage = 2, input = 3, resource = 4;

/// `prepare` fills the folder, which already holds small.yaml; the program then gets `arguments`.
struct Case {
  const char* name;
  int exit_code;
  const char* says;
  Words arguments;
  std::function<void(const Folder&)> prepare = {};
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::function<void(const Folder&)> with(const std::string& name, const std::string& content) {
  return [=](const Folder& folder) { folder.write(name, content); };
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no '" + from + "' in the network");
  return text.replace(at, from.size(), to);
}

const std::string noise_line = "  noise: {model: poisson, size: 10, params: {rate: 200 Hz}}\n";

std::string playing(const std::string& source) {
  return replaced(small_network, noise_line, "  noise: " + source + "\n");
}
const std::string spike_file_network = playing("{model: spike_file, file: spikes, size: 10}");
const std::string event_network =
    replaced(playing("{events: recording}"), "all_to_all", "{fixed_indegree: 2}");
const std::string list_network = replaced(small_network, "all_to_all", "{list: edges}");

std::function<void(const Folder&)> with_file(const std::string& network, const std::string& name,
                                             const std::string& content) {
  return [=](const Folder& folder) {
    folder.write("net.yaml", network);
    folder.write(name, content);
  };
}

// A valid file of spikes whose last part is missing.
void write_cut_hdf5(const Folder& folder, const std::string& name, double part) {
  {
    hdf5::File file = hdf5::File::create(folder.file(name));
    SpikeWriter spikes(file, "noise");
    std::vector<double> times(50000);
    std::vector<std::uint64_t> ids(times.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
      times[i] = 0.1 * double(i);
      ids[i] = i * 7919 % 10;
    }
    spikes.append(times, ids);
    file.close();
  }
  const auto size = std::filesystem::file_size(folder.path() / name);
  std::filesystem::resize_file(folder.path() / name, static_cast<std::uintmax_t>(double(size) * part));
}

std::function<void(const Folder&)> with_cut_hdf5(double part) {
  return [=](const Folder& folder) {
    folder.write("net.yaml", spike_file_network);
    write_cut_hdf5(folder, "spikes", part);
  };
}

std::string noise_bytes(std::size_t count) {
  std::string bytes;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < count; ++i)
    bytes += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

Words run_net(Words more = {}) {
  Words words = {"run", "net.yaml", "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}
Words run_small(Words more) {
  Words words = {"run", "small.yaml", "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<Case> command_lines() {
  return {
      {"nothing", usage, "subcommand is required", {}},
      {"unknown command", usage, "no command 'rum'; did you mean 'run'?", {"rum", "small.yaml"}},
      {"unknown option", usage, "--thread", run_small({"--thread", "2"})},
      {"no network", usage, "network is required", {"run"}},
      {"two networks", usage, "other.yaml", {"run", "small.yaml", "other.yaml"}},
      {"no threads", usage, "--threads", run_small({"--threads", "0"})},
      {"threads in words", usage, "--threads", run_small({"--threads", "two"})},
      {"threads below 0", usage, "--threads", run_small({"--threads", "-1"})},
      {"too many threads", usage, "--threads", run_small({"--threads", "100000000000000000000"})},
      {"--set without value", usage, "--set", run_small({"--set"})},
      {"--set without =", usage, "--set seed: write path=value", run_small({"--set", "seed"})},
      {"--set without path", usage, "--set =3", run_small({"--set", "=3"})},
      {"--set beyond a list", usage, "beyond the list", run_small({"--set", "projections[1].delay=1 ms"})},
      {"--set into text", usage, "needs a map", run_small({"--set", "synfire.major=1"})},
      {"--set of an unknown key", input, "did you mean 'duration'?",
       run_small({"--set", "simulation.duraton=1 s"})},
      {"--set of a wrong unit", input, "expected a time", run_small({"--set", "simulation.duration=1 mV"})},
      {"--set of no YAML", input, "--set", run_small({"--set", "seed=[1"})},
      {"unknown model", usage, "did you mean 'iaf_psc_exp'?", {"models", "iaf_psc_exq"}},
      {"output is a folder", usage, "is a folder", run_small({"--output", "."})},
      {"output without a name", usage, "does not name a file", run_small({"--output", ""})},
      {"output in no folder", resource, "there is no folder 'missing'",
       run_small({"--output", "missing/a.h5"})},
      {"output below a file", resource, "there is no folder", run_small({"--output", "small.yaml/a.h5"})},
      {"output with an endless name", resource, "File name too long",
       run_small({"--output", std::string(300, 'a') + ".h5"})},
      {"output is the network", usage, "is an input", run_small({"--output", "./small.yaml", "--force"})},
      {"output is a pipe", usage, "not a file that could be replaced",
       run_small({"--output", "pipe", "--force"}),
       [](const Folder& folder) { ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0); }},
      {"output exists", usage, "--force", run_small({"--output", "a.h5"}), with("a.h5", "old")},
      {"output of the network's name exists", usage, "'small.h5' exists", run_small({}),
       with("small.h5", "old")},
      {"report in no folder", resource, "there is no folder", run_small({"--report", "missing/r.json"})},
      {"report is a folder", usage, "is a folder", run_small({"--report", "."})},
      {"report exists", usage, "--force", run_small({"--report", "r.json"}), with("r.json", "old")},
      {"report is the output", usage, "same file", run_small({"--output", "a.h5", "--report", "./a.h5"})},
  };
}

std::vector<Case> networks() {
  const auto net = [](const std::string& content) { return with("net.yaml", content); };
  return {
      {"no such file", input, "net.yaml: there is no such file", run_net()},
      {"a folder", input, "is a folder", {"run", "."}},
      {"empty", input, "the file is empty", run_net(), net("")},
      {"binary", input, "is not text", run_net(), net(noise_bytes(5000))},
      {"a result file", input, "is not text", run_net(),
       [](const Folder& f) { write_cut_hdf5(f, "net.yaml", 1); }},
      {"not YAML", input, "net.yaml:2:", run_net(), net("synfire: 1\npopulations: {exc: [1, 2\n")},
      {"a list", input, "net.yaml:1:1: network: expected a map", run_net(), net("- 1\n")},
      {"unknown key", input, "did you mean 'populations'?", run_net(),
       net(replaced(small_network, "populations:", "populatoins:"))},
      {"wrong unit", input, "net.yaml:7:", run_net(), net(replaced(small_network, "150 pA", "150 mV"))},
      {"missing population", input, "net.yaml:7:", run_net(),
       net(replaced(small_network, "to: exc", "to: inh"))},
      {"delay below dt", input, "net.yaml:7:", run_net(),
       net(replaced(small_network, "delay: 1 ms", "delay: 0.01 ms"))},
      {"not a number", input, "net.yaml:7:", run_net(), net(replaced(small_network, "150 pA", ".nan pA"))},
      {"endless nesting", input, "net.yaml:1:", run_net(),
       net("synfire: " + std::string(1 << 20, '[') + "\n")},
      {"includes itself", input, "net.yaml", run_net(), net("include: net.yaml\n" + small_network)},
      {"more neurons than fit", input, "net.yaml:5:", run_net(),
       net(replaced(small_network, "model: iaf_psc_exp, size: 10", "model: iaf_psc_exp, size: 99999999999"))},
  };
}

std::vector<Case> source_files() {
  const auto spikes = [](const std::string& s) { return with_file(spike_file_network, "spikes", s); };
  const auto events = [](const std::string& s) { return with_file(event_network, "recording", s); };
  const auto edges = [](const std::string& s) { return with_file(list_network, "edges", s); };
  return {
      {"no spike file", input, "there is no file 'spikes'", run_net(), with("net.yaml", spike_file_network)},
      {"spike file: a word for a number", input, "spikes:3:1: 'x'", run_net(), spikes("time,id\n1,2\nx,3\n")},
      {"spike file: nan", input, "spikes:3:1: 'nan'", run_net(), spikes("time,id\n1,2\nnan,3\n")},
      {"spike file: id below 0", input, "spikes:2:3: '-2'", run_net(), spikes("time,id\n1,-2\n")},
      {"spike file: id with a fraction", input, "spikes:2:3: '2.5'", run_net(), spikes("time,id\n1,2.5\n")},
      {"spike file: id beyond the size", input, "neuron 10", run_net(), spikes("time,id\n1,2\n2,10\n")},
      {"spike file: ragged", input, "spikes:2:", run_net(), spikes("time,id\n1,2,3\n")},
      {"spike file: no ids", input, "node_id", run_net(), spikes("time,weight\n1,2\n")},
      {"spike file: random bytes", input, "spikes", run_net(), spikes(noise_bytes(3000))},
      {"spike file: only the mark of HDF5", input, "spikes", run_net(), spikes("\x89HDF\r\n\x1a\n")},
      {"spike file: HDF5 cut at the end", input, "spikes", run_net(), with_cut_hdf5(0.97)},
      {"spike file: HDF5 cut in the middle", input, "spikes", run_net(), with_cut_hdf5(0.5)},
      {"spike file: HDF5 cut at the start", input, "spikes", run_net(), with_cut_hdf5(0.01)},
      {"spike file: would be replaced", usage, "is an input", run_net({"--output", "spikes", "--force"}),
       spikes("time,id\n1,2\n")},
      {"no recording", input, "there is no file 'recording'", run_net(), with("net.yaml", event_network)},
      {"recording: empty", input, "recording: not a recording", run_net(), events("")},
      {"recording: random bytes", input, "recording: not a recording", run_net(), events(noise_bytes(3000))},
      {"recording: unknown camera", input, "recording: camera 'Toaster'", run_net(),
       events("#!AER-DAT2.0\r\n# AEChip: Toaster\r\n")},
      {"recording: other size", input, "write that or leave size out",
       run_net({"--set", "populations.noise.size=[9,9,2]"}), events("#!AER-DAT2.0\r\n")},
      {"no edges", input, "there is no file 'edges'", run_net(), with("net.yaml", list_network)},
      {"edges: beyond the target", input, "target 10", run_net(), edges("source,target\n1,2\n3,10\n")},
      {"edges: beyond the source", input, "source 10", run_net(), edges("source,target\n1,2\n10,3\n")},
      {"edges: below 0", input, "edges:2:1: '-1'", run_net(), edges("source,target\n-1,2\n")},
      {"edges: words", input, "edges:3:3: 'two'", run_net(), edges("source,target\n1,2\n1,two\n")},
      {"edges: delay below 0", input, "edges", run_net(), edges("source,target,delay\n1,2,-1\n")},
      {"edges: delay below dt", input, "below the time step", run_net(),
       edges("source,target,delay\n1,2,0.01\n")},
      {"edges: delay without end", input, "at most", run_net(), edges("source,target,delay\n1,2,1e9\n")},
      {"edges: weight not finite", input, "edges:2:5: 'inf'", run_net(),
       edges("source,target,weight\n1,2,inf\n")},
      {"edges: random bytes", input, "edges", run_net(), edges(noise_bytes(3000))},
  };
}

class Failure : public testing::TestWithParam<Case> {};

TEST_P(Failure, GivesItsCodeAndOneLineAndLeavesNothing) {
  const Case& c = GetParam();
  const Folder folder;
  folder.write("small.yaml", small_network);
  if (c.prepare) c.prepare(folder);
  const Words before = folder.list();
  std::vector<std::string> contents;
  for (const auto& name : before)
    if (name != "pipe") contents.push_back(folder.content(name));

  const Outcome outcome = synfire(c.arguments, {.folder = folder.path(), .limit_s = 60});

  EXPECT_FALSE(outcome.timed_out);
  EXPECT_EQ(outcome.exit_code, c.exit_code) << outcome.err;
  EXPECT_TRUE(outcome.err.starts_with("synfire: ")) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << "not one line: " << outcome.err;
  EXPECT_NE(outcome.err.find(c.says), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(folder.list(), before);
  std::vector<std::string> after;
  for (const auto& name : before)
    if (name != "pipe") after.push_back(folder.content(name));
  EXPECT_EQ(after, contents) << "a file was changed";
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name;
  for (const char c : std::string(info.param.name))
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(CommandLine, Failure, testing::ValuesIn(command_lines()), test_name);
INSTANTIATE_TEST_SUITE_P(Network, Failure, testing::ValuesIn(networks()), test_name);
INSTANTIATE_TEST_SUITE_P(SourceFile, Failure, testing::ValuesIn(source_files()), test_name);

}  // namespace
}  // namespace synfire::test
