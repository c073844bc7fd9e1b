// Values of an encoder in a file of NumPy, from the YAML to the spikes.
#include <bit>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/byte_file.hpp"
#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

/// Two rows of three, as numpy.save writes them.
template <class T> std::string npy_table(const std::string& type, const std::vector<T>& values) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': (2, 3), }}", type);
  header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::vector<std::uint8_t> data;
  put_little_endian(static_cast<std::uint16_t>(header.size()), data);
  data.insert(data.end(), header.begin(), header.end());
  for (const T value : values) {
    if constexpr (std::is_same_v<T, float>)
      put_little_endian(std::bit_cast<std::uint32_t>(value), data);
    else
      put_little_endian(value, data);
  }
  return "\x93NUMPY" + std::string("\1\0", 2) + std::string(data.begin(), data.end());
}

std::string shown(const std::string& values, const std::string& high) {
  return "synfire: 1\n"
         "simulation: {duration: 200 ms, dt: 0.5 ms}\n"
         "populations:\n"
         "  eye: {model: latency, values: " +
         values + ", params: {first: 1 ms, last: 51 ms, high: " + high +
         "}}\n"
         "record: {eye: {spikes: all}}\n";
}

SpikeTrain spikes_after(const Folder& folder, const std::string& yaml) {
  folder.write("net.yaml", yaml);
  const auto outcome = synfire({"run", "net.yaml", "-q", "--force"}, {.folder = folder.path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.exit_code == 0 ? spikes_of(hdf5::File::open(folder.file("net.h5")), "eye") : SpikeTrain{};
}

// A value x comes 50 ms (1 - x) after 1 ms; each row is shown for 60 ms.
TEST(ValuesOfNumPy, BecomeSpikesAsIfTheyStoodInTheYaml) {
  const Folder folder;
  folder.write("fractions.npy", npy_table<float>("<f4", {1, 0.5F, 0.25F, 0, 0.75F, 1}));
  folder.write("wholes.npy", npy_table<std::uint16_t>("<u2", {400, 200, 100, 0, 300, 400}));
  const SpikeTrain expected{{1, 26, 38.5, 61, 73.5}, {0, 1, 2, 2, 1}};
  const std::string rows = "{list: [[1, 0.5, 0.25], [0, 0.75, 1]], step: 60 ms}";
  EXPECT_EQ(spikes_after(folder, shown(rows, "1")), expected);
  EXPECT_EQ(spikes_after(folder, shown("{file: fractions.npy, step: 60 ms}", "1")), expected);
  EXPECT_EQ(spikes_after(folder, shown("{file: wholes.npy, step: 60 ms}", "400")), expected);
}

TEST(ValuesOfNumPy, ThatCannotBeReadAreRefusedInOneLine) {
  const Folder folder;
  const std::string whole = npy_table<float>("<f4", {1, 2, 3, 4, 5, 6});
  const auto refused = [&](const std::string& content) {
    folder.write("values.npy", content);
    folder.write("net.yaml", shown("{file: values.npy, step: 60 ms}", "1"));
    const auto outcome = synfire({"run", "net.yaml", "-q"}, {.folder = folder.path()});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    EXPECT_NE(outcome.err.find("values.npy"), std::string::npos) << outcome.err;
    return outcome.err;
  };
  EXPECT_NE(refused(whole.substr(0, whole.size() - 4)).find("ends 1 rows early"), std::string::npos);
  EXPECT_NE(refused(npy_table<float>("<f4", {1, 2, 3, std::bit_cast<float>(0x7fc00000), 5, 6}))
                .find("value 3 is not a finite number"),
            std::string::npos);
  EXPECT_NE(refused(npy_table<std::uint16_t>("|S2", {1, 2, 3, 4, 5, 6})).find("no number"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.file("net.h5")));
}

}  // namespace
}  // namespace synfire::test
