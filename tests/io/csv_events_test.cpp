#include "io/events/csv_events.hpp"

#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::outcome_of;
using test::TemporaryFolder;

const std::vector<Event> two{{1500, 3, 4, 1}, {2000, 5, 6, 0}};

TEST(CsvEvents, ColumnsAreFoundByName) {
  const TemporaryFolder folder;
  for (const char* const text :
       {"t,x,y,p\n1500,3,4,1\n2000,5,6,0\n", "x;y;on;t_us\n3;4;1;1500\n5;6;0;2000\n",
        "# a comment\nTimestamp [ms],X,Y,Polarity\n1.5,3,4,1\n2,5,6,-1\n",
        "y x t_ms p\n4 3 1.5 1\n6 5 2.0 0\n", "time (s),x,y,pol\n0.0015,3,4,1\n0.002,5,6,0\n",
        "t_ns,x,y,p\n1500400,3,4,1\n1999600,5,6,0\n", "1500,3,4,1\n2000,5,6,0\n",
        "0.0015 3 4 1\n0.002 5 6 0\n"}) {
    const auto found = outcome_of(folder.write("a", text));
    EXPECT_EQ(found.error, "") << text;
    EXPECT_EQ(found.events, two) << text;
  }
  const auto reader = open_events(folder.file("a"));
  EXPECT_EQ(reader->sensor().format, "csv");
  EXPECT_EQ(reader->sensor().width, 6);
  EXPECT_EQ(reader->sensor().height, 7);
}

TEST(CsvEvents, OtherTextIsNotRecognised) {
  const TemporaryFolder folder;
  for (const char* const text : {"a,b,c,d\n1,2,3,4\n", "1,2,3\n", "1,2,x,4\n",
                                 "timestamps,population,node_ids\n", "some words", "\n\n", "t,x,y\n1,2,3\n"})
    EXPECT_NE(outcome_of(folder.write("a", text)).error.find("supported"), std::string::npos) << text;
}

TEST(CsvEvents, DamageIsAnErrorOrCounted) {
  const TemporaryFolder folder;
  for (const char* const bad : {"1,2,3", "1,2,3,4", "1,-2,3,1", "x,2,3,1", "1,99999,3,1", "nan,2,3,1",
                                "1e30,2,3,1", "1,2,3,0.5", "99999999999999999999,1,1,1"}) {
    const std::string path = folder.write("a", std::string("t,x,y,p\n1500,3,4,1\n") + bad + "\n2000,5,6,0\n");
    const auto strict = outcome_of(path), lenient = outcome_of(path, {.lenient = true});
    EXPECT_EQ(strict.events.size(), 1U) << bad;
    EXPECT_NE(strict.error.find("a:3:"), std::string::npos) << strict.error;
    EXPECT_EQ(lenient.events, two) << bad;
    EXPECT_EQ(lenient.lost, 1U);
    ASSERT_EQ(lenient.warnings.size(), 1U);
    EXPECT_NE(lenient.warnings[0].find("1 events"), std::string::npos);
  }
  EXPECT_NE(outcome_of(folder.write("a", "t [h],x,y,p\n1,2,3,1\n")).error.find("'h' is not a unit"),
            std::string::npos);
  EXPECT_NE(
      outcome_of(folder.write("a", "1,2,3,1\n1,9,3,1\n"), {.sensor = "5x5"}).error.find("outside a 5 x 5"),
      std::string::npos);
}

TEST(CsvEvents, FlippedBitsNeverCrash) {
  test::expect_safe_flips("t_us,x,y,on\n1500,3,4,1\n2000,5,6,0\n");
  test::expect_safe_flips("0.5 3 4 1\n2.5 5 6 0\n");
}

TEST(CsvEvents, EveryEventComesBack) {
  const TemporaryFolder folder;
  auto events = test::random_events(5'000, 640, 480, -20, 1U << 31);
  events.push_back({std::numeric_limits<std::int64_t>::max(), 639, 479, 1});
  test::write_events(folder.file("a"), "csv", {.width = 640, .height = 480}, events);
  EXPECT_EQ(outcome_of(folder.file("a")).events, events);
  EXPECT_TRUE(test::content_of(folder.file("a")).starts_with("t_us,x,y,on\n-20,"));
  EXPECT_NE(
      test::error_of([&] { test::write_events(folder.file("b"), "csv", {.width = 5, .height = 5}, events); }),
      "");
  EXPECT_FALSE(std::filesystem::exists(folder.file("b")));
}

}  // namespace
}  // namespace synfire
