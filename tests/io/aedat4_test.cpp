#include "io/events/aedat4.hpp"

#include <zstd.h>

#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::outcome_of;
using test::TemporaryFolder;

template <class T> std::string le(T value) {
  std::vector<std::uint8_t> bytes;
  put_little_endian(value, bytes);
  return {bytes.begin(), bytes.end()};
}

std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::string prefixed(const std::string& buffer) {
  return le(static_cast<std::uint32_t>(buffer.size())) + buffer;
}

/// A file's header with any packing and text.
std::string header(std::int32_t packing, const std::string& xml, std::int64_t table = -1) {
  const std::string buffer = le(0x18U) + "IOHE" + std::string(6, '\0') + le(std::uint16_t{10}) +
                             le(std::uint16_t{20}) + le(std::uint16_t{4}) + le(std::uint16_t{12}) +
                             le(std::uint16_t{8}) + le(10) + le(packing) + le(0x0cU) + le(table) +
                             le(static_cast<std::uint32_t>(xml.size())) + xml + '\0';
  return "#!AER-DAT4.0\r\n" + prefixed(buffer);
}

std::string stream_node(int id, const std::string& type, const std::string& info) {
  return "<node name=\"" + std::to_string(id) + "\"><attr key=\"typeIdentifier\" type=\"string\">" + type +
         "</attr><node name=\"info\">" + info + "</node></node>";
}

const std::string xml =
    "<dv><node name=\"outInfo\">" + stream_node(3, "IMUS", "") +
    stream_node(5, "EVTS",
                "<attr key=\"sizeX\" type=\"int\">20</attr><attr key=\"sizeY\" type=\"int\">10</attr>"
                "<attr key=\"source\" type=\"string\">Eye</attr>") +
    stream_node(6, "EVTS", "") + "</node></dv>";

std::string payload(const std::string& identifier, const std::vector<Event>& events) {
  std::string buffer = le(0x10U) + identifier + le(std::uint16_t{0}) + le(std::uint16_t{6}) +
                       le(std::uint16_t{8}) + le(std::uint16_t{4}) + le(6) + le(4U) +
                       le(static_cast<std::uint32_t>(events.size()));
  for (const Event& e : events) buffer += le(e.t_us) + le(e.x) + le(e.y) + le(std::uint32_t{e.on});
  return prefixed(buffer);
}

std::string packet(int stream, const std::string& bytes) {
  return le(stream) + le(static_cast<std::int32_t>(bytes.size())) + bytes;
}

std::string packed(int packing, const std::string& bytes) {
  const std::span from(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (packing == 0) return bytes;
  if (packing <= 2) return text_of(pack_lz4(from));
  std::string to(ZSTD_compressBound(bytes.size()), '\0');
  to.resize(ZSTD_compress(to.data(), to.size(), bytes.data(), bytes.size(), 3));
  return to;
}

const std::vector<Event> some{{-5, 0, 0, 1}, {7, 19, 9, 0}, {std::int64_t{1} << 50, 3, 4, 1}};

std::string small_file(int packing, const std::string& info = xml) {
  return header(packing, info) + packet(3, packed(packing, payload("IMUS", some))) +
         packet(5, packed(packing, payload("EVTS", some))) +
         packet(6, packed(packing, payload("EVTS", some)));
}

TEST(Aedat4, AGenuineFileHasTheKnownEvents) {
  const char* const name = "dvs/aedat4/dvxplorer_mini_sample.aedat4";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const auto reader = open_events(test::data_file(name));
  EXPECT_EQ(reader->sensor().format, "aedat4");
  EXPECT_EQ(reader->sensor().name, "DVXplorer_DXB00010");
  EXPECT_EQ(reader->sensor().width, 320);
  EXPECT_EQ(reader->sensor().height, 240);
  const auto events = all_events(*reader);
  EXPECT_TRUE(reader->warnings().empty());
  ASSERT_EQ(events.size(), 111954U);
  EXPECT_EQ(events.front(), (Event{1605537493718345, 154, 204, 0}));
  EXPECT_EQ(events.back(), (Event{1605537494308262, 88, 237, 1}));
  EXPECT_EQ(std::ranges::count(events, 1, &Event::on), 55023);
  // Of events whose SHA-256 is that of an independent reader.
  EXPECT_EQ(test::digest_of(events), 18405760449112772501U);
  EXPECT_EQ(std::ranges::max(events, {}, &Event::x).x, 319);
  EXPECT_EQ(std::ranges::max(events, {}, &Event::y).y, 239);
}

TEST(Aedat4, ACutGenuineFileKeepsItsWholePackets) {
  const char* const name = "dvs/aedat4/dvxplorer_mini_sample.aedat4";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const TemporaryFolder folder;
  const std::string bytes = test::content_of(test::data_file(name));
  const auto whole = outcome_of(test::data_file(name));
  std::size_t before = 0;
  for (std::size_t length = 2400; length < bytes.size(); length += 99991) {
    const auto found = outcome_of(folder.write("cut", bytes.substr(0, length)), {.lenient = true});
    EXPECT_EQ(found.error, "");
    EXPECT_GE(found.events.size(), before);
    EXPECT_TRUE(std::equal(found.events.begin(), found.events.end(), whole.events.begin()));
    EXPECT_NE(outcome_of(folder.file("cut")).error, "");
    before = found.events.size();
  }
  EXPECT_GT(before, 100000U);
  std::string damaged = bytes;
  damaged[2342 + 40] = static_cast<char>(damaged[2342 + 40] ^ 0xff);
  const auto found = outcome_of(folder.write("damaged", damaged), {.lenient = true});
  EXPECT_EQ(found.error, "");
  EXPECT_GE(found.events.size(), 111954U - 918);
}

TEST(Aedat4, EveryPackingAndAnyStream) {
  const TemporaryFolder folder;
  for (int packing = 0; packing <= 4; ++packing) {
    const auto found = outcome_of(folder.write("a", small_file(packing)));
    EXPECT_EQ(found.error, "") << packing;
    EXPECT_EQ(found.events, some) << packing;
  }
  const auto reader = open_events(folder.file("a"));
  EXPECT_EQ(reader->sensor().name, "Eye");
  EXPECT_EQ(reader->sensor().width, 20);
  EXPECT_EQ(reader->sensor().height, 10);
  // Without the text, all packets of events count, and the sensor is measured.
  auto twice = some;
  twice.insert(twice.end(), some.begin(), some.end());
  const auto nameless = open_events(folder.write("b", small_file(1, "")));
  EXPECT_EQ(nameless->sensor().width, 20);
  EXPECT_EQ(nameless->sensor().height, 10);
  EXPECT_EQ(all_events(*nameless), twice);
}

TEST(Aedat4, WhatIsWrongIsTold) {
  const TemporaryFolder folder;
  const auto told = [&](const std::string& bytes, const char* what) {
    const auto found = outcome_of(folder.write("a", bytes));
    EXPECT_NE(found.error.find(what), std::string::npos) << found.error;
    EXPECT_NE(found.error.find("a: byte "), std::string::npos) << found.error;
  };
  told(header(5, xml), "packing 5 is not known");
  told(header(0, "<dv><node name=\"outInfo\">" + stream_node(3, "IMUS", "") + "</node></dv>"), "only: IMUS");
  told("#!AER-DAT4.0\r\n" + le(0xffffffffU), "16 MiB");
  told("#!AER-DAT4.0\r\n" + le(1000U) + "IOHE", "ends inside its header");
  told("#!AER-DAT4.0\r\n" + le(20U) + std::string(20, 'x'), "damaged header");
  const auto with = [](const std::string& rest) {
    return header(0, xml) + packet(5, payload("EVTS", some)) + rest;
  };
  told(with(le(5) + le(-1)), "not a packet");
  told(with(le(5) + le(0x7fffffff)), "not a packet");
  told(with(le(5) + le(1 << 26)), "ends inside a packet");
  told(with(packet(9, "")), "stream is not in the header");
  told(with(packet(5, payload("IMUS", some))), "no FlatBuffer of events");
  told(with(packet(5, "")), "no FlatBuffer of events");
  std::string claims = payload("EVTS", some);
  claims.replace(4 + 0x18, 4, le(0x10000001U));
  told(with(packet(5, claims)), "claims more events");
  told(with(packet(5, payload("EVTS", {{0, 20, 0, 0}}))), "outside a 20 x 10");
  told(header(1, xml) + packet(5, "xxxx"), "cannot be unpacked");
  told(header(3, xml) + packet(5, packed(3, payload("EVTS", some)) + "x"), "cannot be unpacked");
  const auto lenient =
      outcome_of(folder.write("a", with("rubbish" + packet(9, "") + packet(5, payload("EVTS", some)))),
                 {.lenient = true});
  EXPECT_EQ(lenient.events.size(), 2 * some.size());
  EXPECT_EQ(lenient.lost, 1U);
}

/// A frame that unpacks to far more than a packet may hold.
TEST(Aedat4, BombsTakeLittleMemory) {
  const TemporaryFolder folder;
  const std::string zeros(std::size_t{65} << 20, '\0');
  for (const int packing : {1, 3}) {
    const auto found =
        outcome_of(folder.write("a", header(packing, xml) + packet(5, packed(packing, zeros))));
    EXPECT_NE(found.error.find("larger than 64 MiB"), std::string::npos) << found.error;
  }
}

class Aedat4Packing : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, Aedat4Packing, testing::Values(0, 1, 3));

TEST_P(Aedat4Packing, CutsAndFlips) {
  const std::string bytes = small_file(GetParam());
  test::expect_safe_cuts(bytes, header(GetParam(), xml).size());
  test::expect_safe_flips(bytes);
}

TEST(Aedat4Writer, EveryEventComesBack) {
  const TemporaryFolder folder;
  const EventSink sink{.width = 640, .height = 480, .sensor = "DVX <1>"};
  for (const std::size_t count : {0, 1, 8192, 20'000}) {
    const auto events = test::random_events(count, 640, 480, 1605537493718345, 1U << 31);
    test::write_events(folder.file("a"), "aedat4", sink, events);
    const auto reader = open_events(folder.file("a"));
    EXPECT_EQ(reader->sensor().name, "DVX _1_");
    EXPECT_EQ(reader->sensor().width, 640);
    EXPECT_EQ(all_events(*reader), events);
    EXPECT_TRUE(reader->warnings().empty());
  }
}

TEST(Aedat4Writer, ItsFilesAreSafeToo) {
  const TemporaryFolder folder;
  test::write_events(folder.file("a"), "aedat4", {.width = 30, .height = 20},
                     test::random_events(20, 30, 20));
  const std::string bytes = test::content_of(folder.file("a"));
  const std::size_t header_bytes = bytes.find("</dv>\n") + 7;
  test::expect_safe_cuts(bytes, (header_bytes + 1) / 4 * 4 + 2);
}

TEST(Aedat4Writer, RefusesWhatCannotBeStored) {
  const TemporaryFolder folder;
  for (const Event& bad : {Event{0, 30, 0, 0}, Event{0, 0, 20, 0}, Event{0, 0, 0, 3}})
    EXPECT_NE(test::error_of([&] {
                test::write_events(folder.file("b"), "aedat4", {.width = 30, .height = 20}, {bad});
              }),
              "");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace synfire
