#include "io/events/tonic_hdf5.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/io/event_files.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using test::outcome_of;
using test::TemporaryFolder;

/// A file that h5py wrote (tests/fuzz/make_tonic_hdf5).
std::string made_by_h5py(const std::string& name) {
  return (test::source_dir() / "tests/fuzz/corpus/tonic_hdf5" / name).string();
}

/// What is in them.
std::vector<Event> camera_events(std::size_t from, std::size_t until) {
  std::vector<Event> events;
  for (std::size_t k = from; k < until; ++k)
    events.push_back({static_cast<std::int64_t>(100 * k), static_cast<std::uint16_t>(k % 34),
                      static_cast<std::uint16_t>(k % 31), static_cast<std::uint8_t>(k % 2)});
  return events;
}

TEST(TonicHdf5, EventsOfACameraHoweverTheyArePacked) {
  for (const char* const name : {"lzf", "deflate", "plain"}) {
    SCOPED_TRACE(name);
    const auto reader = open_events(made_by_h5py(name));
    const SensorInfo& sensor = reader->sensor();
    EXPECT_EQ(sensor.format, "tonic_hdf5");
    EXPECT_EQ(sensor.width, 34);
    EXPECT_EQ(sensor.height, 31);
    EXPECT_FALSE(sensor.audio);
    EXPECT_EQ(sensor.samples, 1U);
    EXPECT_EQ(sensor.label.value_or(-1), std::string(name) == "plain" ? -1 : 7);
    EXPECT_EQ(test::all_events(*reader, 61), camera_events(0, 300));
    EXPECT_GT(reader->offset(), 1000U);
    EXPECT_LT(reader->offset(), std::filesystem::file_size(made_by_h5py(name)));
  }
  const auto named = open_events(made_by_h5py("lzf"), {.sensor = "DVS128"});
  EXPECT_EQ(named->sensor().width, 128);
  EXPECT_EQ(test::all_events(*named), camera_events(0, 300));
}

TEST(TonicHdf5, WithoutYChannelsOfACochlea) {
  const auto reader = open_events(made_by_h5py("lzf_shuffled"));
  EXPECT_TRUE(reader->sensor().audio);
  EXPECT_EQ(reader->sensor().width, 700);
  EXPECT_EQ(reader->sensor().height, 1);
  EXPECT_EQ(reader->sensor().label, 3);
  const auto events = test::all_events(*reader);
  ASSERT_EQ(events.size(), 300U);
  for (std::size_t k = 0; k < events.size(); ++k)
    EXPECT_EQ(events[k], (Event{static_cast<std::int64_t>(100 * k), static_cast<std::uint16_t>(k), 0, 1}));
}

// A dictionary of columns, then one of two arrays of records, then frames.
TEST(TonicHdf5, PartsWithEventsAreSamples) {
  const std::string path = made_by_h5py("parts");
  const auto part = [&](std::uint64_t sample) { return outcome_of(path, {.sample = sample}); };
  EXPECT_EQ(open_events(path)->sensor().samples, 3U);
  EXPECT_FALSE(open_events(path)->sensor().label) << "its target is a word";
  EXPECT_EQ(part(0).events, camera_events(0, 60));
  EXPECT_EQ(part(1).events, camera_events(0, 40));
  EXPECT_EQ(part(2).events, camera_events(40, 60));
  EXPECT_NE(part(3).error.find("holds 3 recordings"), std::string::npos);
}

TEST(TonicHdf5, WhatHoldsNoEventsIsToldSo) {
  const TemporaryFolder folder;
  const auto written = [&](const std::string& name, auto&& fill) {
    auto file = hdf5::File::create_at_once(folder.file(name));
    fill(file);
    file.close();
    return outcome_of(folder.file(name)).error;
  };
  const std::vector<float> frame(16);
  const std::vector<std::int64_t> three{1, 2, 3}, two{1, 2};
  EXPECT_NE(written("frames.hdf5",
                    [&](hdf5::File& file) { file.require_group("data").create_dataset<float>("0", frame); })
                .find("are these frames?"),
            std::string::npos);
  EXPECT_NE(written("lengths.hdf5",
                    [&](hdf5::File& file) {
                      auto group = file.require_group("data/0");
                      group.create_dataset<std::int64_t>("t", three);
                      group.create_dataset<std::int64_t>("x", two);
                    })
                .find("differ in length"),
            std::string::npos);
  EXPECT_NE(
      written("other.hdf5",
              [&](hdf5::File& file) { file.require_group("stuff").create_dataset<std::int64_t>("0", three); })
          .find("not a recording of events in a supported format"),
      std::string::npos);
}

TEST(TonicHdf5, ImpossibleEventsAreDamageInTheirPlace) {
  const TemporaryFolder folder;
  const std::vector<std::int64_t> t{10, 20, 30, 40}, x{5, 70000, 7, 8}, y{1, 1, 1, 1}, p{-1, 1, 2, 1};
  {
    auto file = hdf5::File::create_at_once(folder.file("a.hdf5"));
    auto group = file.require_group("data/0");
    group.create_dataset<std::int64_t>("timestamps", t);
    group.create_dataset<std::int64_t>("x", x);
    group.create_dataset<std::int64_t>("y", y);
    group.create_dataset<std::int64_t>("polarity", p);
    file.close();
  }
  const auto strict = outcome_of(folder.file("a.hdf5")),
             lenient = outcome_of(folder.file("a.hdf5"), {.lenient = true});
  EXPECT_EQ(strict.events, (std::vector<Event>{{10, 5, 1, 0}}));
  EXPECT_NE(strict.error.find("an event outside a 9 x 2 sensor"), std::string::npos) << strict.error;
  EXPECT_EQ(lenient.events, (std::vector<Event>{{10, 5, 1, 0}, {40, 8, 1, 1}}));
  EXPECT_EQ(lenient.lost, 2U);
}

// LZF: a first byte below 32 means so many bytes more; one above is a place to copy from.
TEST(TonicHdf5, DamageInsideAChunkCostsThatChunk) {
  const TemporaryFolder folder;
  const std::string bytes = test::content_of(made_by_h5py("lzf"));
  const auto reader = open_events(made_by_h5py("lzf"));
  std::vector<Event> first(128);
  ASSERT_EQ(reader->read(first), 128U);
  const std::uint64_t chunk = reader->offset();
  std::string damaged = bytes;
  damaged.at(chunk) = '\xff';  // copies from before the beginning
  const std::string path = folder.write("a.hdf5", damaged);
  const EventOptions sized{.sensor = "34x31"};
  const auto strict = outcome_of(path, sized);
  EXPECT_TRUE(strict.events.empty());
  EXPECT_NE(strict.error.find("damaged chunk"), std::string::npos) << strict.error;
  const auto lenient = outcome_of(path, {.sensor = "34x31", .lenient = true});
  EXPECT_EQ(lenient.events, camera_events(128, 300));
  EXPECT_EQ(lenient.lost, 128U);
  EXPECT_FALSE(lenient.warnings.empty());
}

TEST(TonicHdf5, DamagedFilesAreSafe) {
  const TemporaryFolder folder;
  for (const char* const name : {"lzf", "parts"}) {
    std::string bytes = test::content_of(made_by_h5py(name));
    for (std::size_t length = 0; length < bytes.size(); length += 2401)
      outcome_of(folder.write("cut", std::string_view(bytes).substr(0, length)), {.lenient = true});
    const std::size_t step = bytes.size() / 5 | 1;  // odd, so that all bits of a byte have their turn
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += step) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
      const auto strict = outcome_of(folder.write("flipped", bytes)),
                 lenient = outcome_of(folder.file("flipped"), {.lenient = true});
      EXPECT_TRUE(lenient.lost == 0 || !lenient.warnings.empty()) << bit;
      EXPECT_GE(lenient.events.size(), strict.events.size()) << bit;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    }
  }
}

}  // namespace
}  // namespace synfire
