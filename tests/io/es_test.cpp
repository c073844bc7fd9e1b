#include "io/events/es.hpp"

#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::outcome_of;
using test::TemporaryFolder;

TEST(Es, AGenuineFileHasTheKnownEvents) {
  const char* const name = "dvs/es/dvs.es";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const auto stored = open_events(test::data_file(name), {.view = EventView::raw});
  EXPECT_EQ(stored->sensor().format, "es");
  EXPECT_EQ(stored->sensor().width, 320);
  EXPECT_EQ(stored->sensor().height, 240);
  const auto events = all_events(*stored);
  ASSERT_EQ(events.size(), 473225U);
  EXPECT_EQ(events.front(), (Event{0, 0, 239, 1}));
  EXPECT_EQ(events.back(), (Event{999000, 38, 46, 1}));
  EXPECT_EQ(std::ranges::count(events, 1, &Event::on), 270001);
  const auto shown = outcome_of(test::data_file(name));
  EXPECT_EQ(shown.events.front(), (Event{0, 0, 0, 1}));
  EXPECT_EQ(shown.events.back(), (Event{999000, 38, 193, 1}));
  // Of events whose SHA-3 is that of an independent reader.
  EXPECT_EQ(test::digest_of(shown.events), 17545858113384835024U);
  const TemporaryFolder folder;
  test::write_events(folder.file("a"), "es", {.width = 320, .height = 240}, shown.events);
  EXPECT_TRUE(test::content_of(folder.file("a")) == test::content_of(test::data_file(name)));
}

TEST(Es, OtherTypesAreNamed) {
  for (const auto& [name, type] : {std::pair("color.es", "colour"), std::pair("generic.es", "generic")}) {
    const std::string file = std::string("dvs/es/") + name;
    if (!test::have(file)) GTEST_SKIP() << "no genuine data: " << file;
    const std::string error = outcome_of(test::data_file(file)).error;
    EXPECT_NE(error.find(type), std::string::npos) << error;
    EXPECT_NE(error.find("byte 15"), std::string::npos) << error;
  }
}

std::string head(int type, const std::string& size = std::string("\x0a\0\x08\0", 4)) {
  return "Event Stream" + std::string("\2\0\0", 3) + static_cast<char>(type) + size;
}
std::string pixel(int lead, int x, int y) {
  return {static_cast<char>(lead), static_cast<char>(x), '\0', static_cast<char>(y), '\0'};
}

TEST(Es, DecodesDvs) {
  const TemporaryFolder folder;
  const auto found = outcome_of(folder.write(
      "a", head(1) + pixel(5 << 1 | 1, 9, 7) + "\xff\xfe\xff" + pixel(126 << 1, 0, 0) + pixel(0, 1, 2)));
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.events, (std::vector<Event>{{5, 9, 0, 1}, {5 + 127 * 2 + 126, 0, 7, 0}, {385, 1, 5, 0}}));
}

TEST(Es, DecodesAtisWithoutItsGreyLevels) {
  const TemporaryFolder folder;
  const auto found = outcome_of(folder.write("a", head(2) + pixel(5 << 2 | 2, 9, 7) + "\xfc\xfd\xff" +
                                                      pixel(62 << 2 | 1, 100, 100) + pixel(1 << 2, 3, 0)));
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.events, (std::vector<Event>{{5, 9, 0, 1}, {5 + 63 * 4 + 62 + 1, 3, 7, 0}}));
}

TEST(Es, DamageIsAnErrorOrCounted) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("a", head(1) + pixel(2, 1, 1) + pixel(2, 10, 1) + pixel(2, 1, 8) + pixel(2, 2, 2));
  const auto strict = outcome_of(path), lenient = outcome_of(path, {.lenient = true});
  EXPECT_EQ(strict.events.size(), 1U);
  EXPECT_NE(strict.error.find("byte 25: an event outside a 10 x 8"), std::string::npos) << strict.error;
  EXPECT_EQ(lenient.events, (std::vector<Event>{{1, 1, 6, 0}, {4, 2, 5, 0}}));
  EXPECT_EQ(lenient.lost, 2U);
  const auto told = [&](const std::string& bytes, const char* what) {
    const std::string error = outcome_of(folder.write("a", bytes)).error;
    EXPECT_NE(error.find(what), std::string::npos) << error;
  };
  told("Event Stream", "byte 12: the file ends inside its header");
  told("Event Stream" + std::string("\1\0\0\1", 4) + std::string(4, '\1'), "version 1.0.0");
  told(head(1, std::string("\0\0\1\0", 4)), "without pixels");
  told(head(7), "type 7 (unknown)");
}

TEST(Es, CutsAndFlips) {
  for (const int type : {1, 2}) {
    const std::string bytes =
        head(type) + pixel(5 << 2 | 2, 9, 7) + "\xff\xfe" + pixel(4, 1, 1) + pixel(0, 3, 0);
    test::expect_safe_cuts(bytes, 20);
    test::expect_safe_flips(bytes);
  }
}

TEST(Es, EveryEventComesBack) {
  const TemporaryFolder folder;
  const auto events = test::random_events(20'000, 1000, 700, 5, 5000);
  test::write_events(folder.file("a"), "es", {.width = 1000, .height = 700}, events);
  EXPECT_EQ(outcome_of(folder.file("a")).events, events);
}

// t, x, y and p survive every camera format, one after the other.
TEST(Es, ThroughOtherFormatsAndBack) {
  const TemporaryFolder folder;
  const auto events = test::random_events(5000, 128, 128, 5, 5000);
  const EventSink sink{.width = 128, .height = 128, .sensor = "DVS128"};
  test::write_events(folder.file("first"), "es", sink, events);
  auto now = outcome_of(folder.file("first")).events;
  for (const char* const format : {"aedat2", "aedat31", "aedat4", "csv", "nmnist"}) {
    test::write_events(folder.file(format), format, sink, now);
    now = outcome_of(folder.file(format)).events;
    EXPECT_EQ(now, events) << format;
  }
  test::write_events(folder.file("last"), "es", sink, now);
  EXPECT_TRUE(test::content_of(folder.file("first")) == test::content_of(folder.file("last")));
}

TEST(Es, RefusesWhatCannotBeStored) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::vector<Event>& events) {
    return test::error_of(
        [&] { test::write_events(folder.file("b"), "es", {.width = 10, .height = 8}, events); });
  };
  EXPECT_NE(refused({{-1, 0, 0, 0}}).find("from 0"), std::string::npos);
  EXPECT_NE(refused({{5, 0, 0, 0}, {4, 0, 0, 0}}).find("in order"), std::string::npos);
  EXPECT_NE(refused({{0, 10, 0, 0}}).find("outside"), std::string::npos);
  EXPECT_NE(refused({{std::int64_t{1} << 33, 0, 0, 0}}).find("gaps"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace synfire
