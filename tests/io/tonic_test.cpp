#include "io/events/tonic.hpp"

#include <array>
#include <bit>

#include <fmt/format.h>
#include <zip.h>

#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::outcome_of;
using test::TemporaryFolder;

template <class T> std::string le(T value) {
  std::vector<std::uint8_t> bytes;
  put_little_endian(value, bytes);
  return {bytes.begin(), bytes.end()};
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& data) {
  std::string header = "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }";
  while ((header.size() + 11) % 64 != 0) header += ' ';
  header += '\n';
  return "\x93NUMPY" + std::string("\1\0", 2) + le(static_cast<std::uint16_t>(header.size())) + header + data;
}

void write_npz(const std::string& path, const std::vector<std::pair<std::string, std::string>>& arrays,
               bool deflate) {
  zip_t* const zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : arrays) {
    zip_source_t* const source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
    const auto index = zip_file_add(zip, (name + ".npy").c_str(), source, 0);
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE,
                             0);
  }
  ASSERT_EQ(zip_close(zip), 0);
}

const std::vector<Event> some{{-3, 5, 6, 1}, {1 << 30, 639, 0, 0}, {std::int64_t{1} << 40, 0, 479, 1}};

/// As Tonic keeps them: 13 bytes each.
std::string tonic_rows(const std::vector<Event>& events) {
  std::string data;
  for (const Event& e : events) data += le(e.x) + le(e.y) + le(e.t_us) + static_cast<char>(e.on);
  return data;
}
const std::string tonic_type = "[('x', '<i2'), ('y', '<i2'), ('t', '<i8'), ('p', '?')]";
std::string tonic_file() { return npy(tonic_type, "(3,)", tonic_rows(some)); }

TEST(Tonic, FieldsAreFoundByName) {
  const TemporaryFolder folder;
  const auto found = outcome_of(folder.write("a.npy", tonic_file()));
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.events, some);
  // expelliarmus: another order, padded to 16 bytes.
  std::string data;
  for (const Event& e : some)
    data += le(e.t_us) + le(e.x) + le(e.y) + static_cast<char>(e.on) + "\x7f\x7f\x7f";
  EXPECT_EQ(outcome_of(
                folder.write("b", npy("[('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', '|u1'), ('', '|V3')]",
                                      "(3,)", data)))
                .events,
            some);
  const auto reader = open_events(folder.file("b"));
  EXPECT_EQ(reader->sensor().format, "tonic");
  EXPECT_EQ(reader->sensor().width, 640);
  EXPECT_EQ(reader->sensor().height, 480);
  EXPECT_FALSE(reader->sensor().audio);
}

TEST(Tonic, OtherTypesOfNumbers) {
  const TemporaryFolder folder;
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  const std::string row = le(bits(7.4)) + std::string("\0\3", 2) + le(std::uint8_t{4}) + le(std::int8_t{-1}) +
                          le(bits(9.0)) + std::string("\1\0", 2) + le(std::uint8_t{255}) + le(std::int8_t{1});
  EXPECT_EQ(
      outcome_of(folder.write("a", npy("[('t','<f8'),('x','>u2'),('y','|u1'),('p','|i1')]", "(2,)", row)))
          .events,
      (std::vector<Event>{{7, 3, 4, 0}, {9, 256, 255, 1}}));
}

TEST(Tonic, WithoutYTheyAreChannels) {
  const TemporaryFolder folder;
  const std::string data =
      le(std::int64_t{5}) + le(std::int16_t{699}) + "\1" + le(std::int64_t{5}) + le(std::int16_t{0}) + "\1";
  const std::string path = folder.write("a", npy("[('t', '<i8'), ('x', '<i2'), ('p', '?')]", "(2,)", data));
  const auto reader = open_events(path);
  EXPECT_TRUE(reader->sensor().audio);
  EXPECT_EQ(reader->sensor().width, 700);
  EXPECT_EQ(reader->sensor().height, 1);
  EXPECT_EQ(outcome_of(path).events, (std::vector<Event>{{5, 699, 0, 1}, {5, 0, 0, 1}}));
}

std::vector<std::pair<std::string, std::string>> spikingjelly(const std::vector<Event>& events) {
  std::string t, x, y, p;
  for (const Event& e : events) t += le(e.t_us), x += le(e.x), y += le(e.y), p += static_cast<char>(e.on);
  const std::string shape = "(" + std::to_string(events.size()) + ",)";
  return {{"t", npy("'<i8'", shape, t)},
          {"x", npy("'<i2'", shape, x)},
          {"y", npy("'<u2'", shape, y)},
          {"p", npy("'|b1'", shape, p)}};
}

TEST(Tonic, PackedArrays) {
  const TemporaryFolder folder;
  const auto events = test::random_events(100'000, 128, 128, 0, 1 << 20);
  for (const bool deflate : {false, true}) {
    write_npz(folder.file("a.npz"), spikingjelly(events), deflate);
    EXPECT_EQ(outcome_of(folder.file("a.npz")).events, events);
    write_npz(folder.file("b.npz"), {{"arr_0", npy(tonic_type, "(100000,)", tonic_rows(events))}}, deflate);
    EXPECT_EQ(outcome_of(folder.file("b.npz")).events, events);
  }
}

TEST(Tonic, WhatIsWrongIsTold) {
  const TemporaryFolder folder;
  const auto told = [&](const std::string& bytes, const char* what) {
    const std::string error = outcome_of(folder.write("a", bytes)).error;
    EXPECT_NE(error.find(what), std::string::npos) << error;
  };
  told("\x93NUMPY", "not an array");
  told(npy("'<i8'", "(3,)", ""), "no fields t and x");
  told(npy("'<f4'", "(3, 2, 34, 34)", ""), "are these frames");
  told(npy("[('t', '<i8'), ('x', '<i8', (3,))]", "(3,)", ""), "single numbers");
  told(npy("[('t', '<U8'), ('x', '<i8')]", "(3,)", ""), "'<U8', which is no number");
  told(npy(tonic_type, "(4,)", tonic_rows(some)), "ends inside its arrays");
  told(npy(tonic_type, "(18446744073709551615,)", tonic_rows(some)), "ends inside its arrays");
  told(npy(tonic_type, "(1,)", tonic_rows({{0, 0x8000, 0, 1}})), "outside");
  told("\x93NUMPY\2" + std::string(1, '\0') + le(0xffffffffU), "over 1 MiB");
  write_npz(folder.file("f.npz"), {{"frames", npy("'<f4'", "(1,)", "1234")}}, false);
  EXPECT_NE(outcome_of(folder.file("f.npz")).error.find("holds the arrays frames"), std::string::npos);
  const auto lenient =
      outcome_of(folder.write("a", npy(tonic_type, "(9,)", tonic_rows(some))), {.lenient = true});
  EXPECT_EQ(lenient.events, some);
  EXPECT_EQ(lenient.lost, 6U);
}

TEST(Tonic, CutsAndFlips) {
  test::expect_safe_cuts(tonic_file(), npy(tonic_type, "(3,)", "").size());
  test::expect_safe_flips(tonic_file());
  const TemporaryFolder folder;
  for (const bool deflate : {false, true}) {
    write_npz(folder.file("a.npz"), spikingjelly(test::random_events(40, 10, 10)), deflate);
    std::string bytes = test::content_of(folder.file("a.npz"));
    for (std::size_t at = 0; at < bytes.size(); at += deflate ? 1 : 5) {
      const char before = bytes[at];
      for (const int change : {0x01, 0x80, 0xff}) {
        bytes[at] = static_cast<char>(before ^ change);
        outcome_of(folder.write("b.npz", bytes));
      }
      bytes[at] = before;
      if (at % 7 != 0) continue;
      EXPECT_NE(outcome_of(folder.write("b.npz", bytes.substr(0, at))).error, "") << at;
    }
  }
}

// A table of numbers, as `values:` takes it: rows of a two-dimensional array, or the only row of another.
TEST(NpyTable, RowsAndColumnsComeBack) {
  const test::TemporaryFolder folder;
  const auto npy = [&folder](std::string descr, std::string shape, std::string order, std::string_view data) {
    std::string header =
        fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}\n", descr, order, shape);
    std::string bytes("\x93NUMPY\x01\0", 8);
    bytes.push_back(static_cast<char>(header.size()));
    bytes.push_back('\0');
    return folder.write("a.npy", bytes + header + std::string(data));
  };
  const std::string bytes("\x01\x02\xff\x04\x05\x06", 6);
  const NumberTable table = read_npy_table(npy("|i1", "(2, 3)", "False", bytes), 100);
  EXPECT_EQ(table.rows, 2U);
  EXPECT_EQ(table.columns, 3U);
  EXPECT_EQ(table.values, (std::vector<double>{1, 2, -1, 4, 5, 6}));
  EXPECT_TRUE(is_npy(folder.file("a.npy")));
  const NumberTable row = read_npy_table(npy(">u2", "(3,)", "False", bytes), 100);
  EXPECT_EQ(row.rows, 1U);
  EXPECT_EQ(row.values, (std::vector<double>{0x102, 0xff04, 0x506}));
  const std::array fractions{0.25F, -3e7F};
  const std::string_view stored(reinterpret_cast<const char*>(fractions.data()), sizeof fractions);
  EXPECT_EQ(read_npy_table(npy("<f4", "(2, 1)", "False", stored), 100).values,
            (std::vector<double>{0.25, -3e7}));

  const auto says = [&](const std::string& path, const char* what, std::uint64_t most = 100) {
    const std::string message = test::error_of([&] { read_npy_table(path, most); });
    EXPECT_NE(message.find(what), std::string::npos) << message;
  };
  says(npy("|i1", "(2, 3)", "True", bytes), "order of Fortran");
  says(npy("|i1", "(2, 3, 1)", "False", bytes), "more than two dimensions");
  says(npy("|i1", "(3, 3)", "False", bytes), "ends 1 rows early");
  says(npy("|i1", "(2, 3)", "False", bytes), "more than 5 numbers", 5);
  says(npy("|i1", "(99999999999, 99999999999)", "False", bytes), "longer than 2^24");
  says(npy("<f2", "(3,)", "False", std::string_view("\x00\x7c\x00\x3c\x00\x3c", 6)), "not a finite number");
  EXPECT_FALSE(is_npy(folder.write("t.csv", "1,2\n")));
}

}  // namespace
}  // namespace synfire
