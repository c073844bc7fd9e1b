#include "io/events/shd.hpp"

#include <chrono>
#include <thread>

#include "io/events/sonata_events.hpp"
#include "io/float16.hpp"
#include "tests/io/event_files.hpp"

namespace synfire {
namespace {

using test::all_events;
using test::error_of;
using test::outcome_of;
using test::TemporaryFolder;

const char* const derived = "shd_format/shd_format_derived.h5";

TEST(Float16, EveryNumberComesBackAndTheNearestIsTaken) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const double value = from_float16(static_cast<std::uint16_t>(bits));
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(to_float16(value), bits);
    const bool has_next = std::isfinite(from_float16(static_cast<std::uint16_t>(bits + 1)));
    if (bits == 0x7fff || bits == 0xffff || !has_next) continue;
    const double next = from_float16(static_cast<std::uint16_t>(bits + 1));
    ASSERT_EQ(to_float16(value + 0.499 * (next - value)), bits);
    ASSERT_EQ(to_float16(value + 0.501 * (next - value)), bits + 1);
    ASSERT_EQ(to_float16((value + next) / 2), bits + (bits & 1));
  }
  EXPECT_EQ(from_float16(0x3555), 0.333251953125);
  EXPECT_EQ(to_float16(largest_float16), 0x7bff);
}

TEST(Shd, ARecordingHasTheKnownSpikes) {
  if (!test::have(derived)) GTEST_SKIP() << "no recording: " << derived;
  const std::string path = test::data_file(derived);
  constexpr std::array<std::size_t, 11> spikes{6097, 4436, 5669, 5322, 4384, 3549,
                                               2355, 3989, 5027, 2476, 5527};
  constexpr std::array<double, 11> last_s{0.56884765625,  0.642578125,    0.5029296875,   0.467529296875,
                                          0.40625,        0.262939453125, 0.352783203125, 0.865234375,
                                          0.460205078125, 0.388427734375, 0.428466796875};
  for (std::uint64_t k = 0; k < spikes.size(); ++k) {
    const auto reader = open_events(path, {.sample = k});
    EXPECT_EQ(reader->sensor().format, "shd");
    EXPECT_TRUE(reader->sensor().audio);
    EXPECT_EQ(reader->sensor().width, 700);
    EXPECT_EQ(reader->sensor().height, 1);
    EXPECT_EQ(reader->sensor().samples, 11U);
    EXPECT_EQ(reader->sensor().label, k == 0 ? 2 : static_cast<std::int64_t>(k) - 1);
    const auto events = all_events(*reader);
    ASSERT_EQ(events.size(), spikes[k]) << k;
    EXPECT_EQ(events.back().t_us, std::llround(last_s[k] * 1e6)) << k;
    EXPECT_TRUE(std::ranges::is_sorted(events, {}, &Event::t_us));
    EXPECT_TRUE(reader->warnings().empty());
  }
  EXPECT_NE(outcome_of(path, {.sample = 11}).error.find("holds 11 recordings"), std::string::npos);
}

// The library keeps the time at which a dataset was made, unless it is told not to.
TEST(Shd, TheSameRecordingsMakeTheSameBytes) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name) {
    ShdWriter file(folder.file(name), {"zero", "one"}, {{"ann", "female"}, {"bob", "unknown"}});
    for (int k = 0; k < 3; ++k)
      file.add(std::vector<Event>{{1000 + k, 7, 0, 1}, {2000, 699, 0, 1}}, k % 2, k % 2);
    file.finish();
  };
  write("a.h5");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // the time is one of whole seconds
  write("b.h5");
  EXPECT_EQ(test::content_of(folder.file("a.h5")), test::content_of(folder.file("b.h5")));
  const auto file = hdf5::File::open(folder.file("a.h5"));
  EXPECT_EQ(file.dataset("extra/meta_info/name").read_words(), (std::vector<std::string>{"ann", "bob"}));
  EXPECT_EQ(file.dataset("extra/meta_info/gender").read_words(),
            (std::vector<std::string>{"female", "unknown"}));
  EXPECT_EQ(file.dataset("extra/speaker").read<std::uint64_t>(), (std::vector<std::uint64_t>{0, 1, 0}));
}

TEST(Shd, ACopyOfAllRecordingsIsTheSame) {
  if (!test::have(derived)) GTEST_SKIP() << "no recording: " << derived;
  const TemporaryFolder folder;
  ShdWriter copy(folder.file("a.h5"), {"zero", "one", "two"});
  for (std::uint64_t k = 0; k < 11; ++k) {
    const auto reader = open_events(test::data_file(derived), {.sample = k});
    copy.add(all_events(*reader), reader->sensor().label, static_cast<std::uint16_t>(k % 6));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("a.h5")));
  copy.finish();
  const auto original = hdf5::File::open(test::data_file(derived)),
             ours = hdf5::File::open(folder.file("a.h5"));
  for (std::uint64_t k = 0; k < 11; ++k) {
    for (const char* const name : {"spikes/times", "spikes/units"}) {
      const auto one = original.dataset(name).read_list(k), other = ours.dataset(name).read_list(k);
      EXPECT_EQ(one.values, other.values) << name << k;
      EXPECT_EQ(one.bytes_each, other.bytes_each);
    }
  }
  EXPECT_EQ(ours.dataset("labels").read<std::int64_t>(), original.dataset("labels").read<std::int64_t>());
  EXPECT_EQ(ours.dataset("labels").type(), hdf5::Type::uint8);
  EXPECT_EQ(ours.dataset("extra/speaker").type(), hdf5::Type::uint16);
  EXPECT_EQ(ours.dataset("extra/keys").read_words(), (std::vector<std::string>{"zero", "one", "two"}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

std::vector<Event> some_spikes(std::size_t count, std::uint32_t seed = 1) {
  auto events = test::random_events(count, 700, 1, 0, 100, seed);
  for (Event& event : events) {
    event.on = 1;
    event.t_us = std::llround(from_float16(to_float16(static_cast<double>(event.t_us) * 1e-5)) * 1e6);
  }
  return events;
}

TEST(Shd, EveryRecordingComesBack) {
  const TemporaryFolder folder;
  ShdWriter file(folder.file("a.h5"));
  for (std::uint32_t k = 0; k < 300; ++k) file.add(some_spikes(k == 7 ? 70'000 : k % 50, k + 1), k);
  file.finish();
  for (const std::uint32_t k : {0U, 1U, 7U, 49U, 50U, 255U, 256U, 299U}) {
    const auto reader = open_events(folder.file("a.h5"), {.sample = k});
    EXPECT_EQ(reader->sensor().label, k);
    EXPECT_EQ(all_events(*reader), some_spikes(k == 7 ? 70'000 : k % 50, k + 1)) << k;
  }
}

TEST(Shd, NamesOfClassesComeBack) {
  const TemporaryFolder folder;
  const std::vector<std::string> names{"zero", "one", "zweiundzwanzig", ""};
  ShdWriter file(folder.file("a.h5"), names);
  file.add(some_spikes(5), 2);
  file.finish();
  EXPECT_EQ(open_events(folder.file("a.h5"))->sensor().classes, names);
  ShdWriter nameless(folder.file("b.h5"));
  nameless.add(some_spikes(5), 2);
  nameless.finish();
  EXPECT_TRUE(open_events(folder.file("b.h5"))->sensor().classes.empty());
}

// What the library has not checked is checked before it: each of these ended the program in it, or let it
// read what is not there. The file is one that this project writes, with chunks of 256 rows.
TEST(Shd, BytesThatTheLibraryTrustsAreLookedAtFirst) {
  const TemporaryFolder folder;
  ShdWriter file(folder.file("a.h5"));
  for (std::uint32_t k = 0; k < 2; ++k) file.add(some_spikes(20, k + 1), k);
  file.finish();
  const std::string whole = test::content_of(folder.file("a.h5"));
  const auto refused = [&](std::string_view before, std::size_t at, int byte) {
    const std::size_t found = whole.find(before);
    EXPECT_NE(found, std::string::npos);
    std::string bytes = whole;
    bytes.at(found + at) = static_cast<char>(byte);
    return error_of([&] {
      const auto reader = open_events(folder.write("b.h5", bytes));
      all_events(*reader);
    });
  };
  using namespace std::literals;
  // The type of a channel, 16 bits from bit 0 on; with it behind, the size of an element.
  const auto whole_number = "\x10\x08\0\0\x02\0\0\0\0\0\x10\0"sv;
  for (const int precision : {0, 1, 32, 255})
    EXPECT_NE(refused(whole_number, 10, precision).find("form that is not supported"), std::string::npos);
  EXPECT_NE(refused(whole_number, 9, 2).find("form that is not supported"), std::string::npos);
  const auto fraction = "\x11\x20\x0f\0\x02\0\0\0\0\0\x10\0\x0a\x05\0\x0a"sv;
  EXPECT_NE(refused(fraction, 12, 255).find("form that is not supported"), std::string::npos);
  EXPECT_NE(refused(fraction, 14, 255).find("form that is not supported"), std::string::npos);
  // Stored in chunks: version, kind, dimensions, the address of their index, sizes.
  const std::size_t chunks = whole.find("\0\x01\0\0\x10\0\0\0"sv);
  ASSERT_NE(chunks, std::string::npos);
  const std::string_view layout = std::string_view(whole).substr(chunks - 11, 19);
  ASSERT_EQ(layout.substr(0, 3), "\x03\x02\x02"sv);
  for (const int version : {0, 1, 2, 4, 5}) EXPECT_NE(refused(layout, 0, version), "") << version;
  for (const int dimensions : {0, 1, 3, 255})
    EXPECT_NE(refused(layout, 2, dimensions).find("another shape"), std::string::npos) << dimensions;
  EXPECT_NE(refused(layout, 12, 0).find("chunks that are empty"), std::string::npos);
  EXPECT_NE(refused(layout, 15, 0).find("chunks that are empty"), std::string::npos);
  EXPECT_NE(refused(layout, 15, 17).find("elements of another size"), std::string::npos);
}

TEST(Shd, OneRecordingByTheList) {
  const TemporaryFolder folder;
  const auto events = some_spikes(2000);
  test::write_events(folder.file("a.h5"), "", {.width = 700, .height = 1, .audio = true, .label = 3}, events);
  const auto reader = open_events(folder.file("a.h5"));
  EXPECT_EQ(reader->sensor().label, 3);
  EXPECT_EQ(all_events(*reader), events);
}

TEST(Shd, RefusesWhatCannotBeStored) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::vector<Event>& events) {
    return error_of([&] {
      test::write_events(folder.file("a"), "shd", {.width = 700, .height = 1, .audio = true}, events);
    });
  };
  EXPECT_NE(refused({{0, 1, 0, 0}}).find("on = 1"), std::string::npos);
  EXPECT_NE(refused({{5, 1, 0, 1}, {4, 1, 0, 1}}).find("in order"), std::string::npos);
  EXPECT_NE(refused({{-1, 1, 0, 1}}).find("from 0"), std::string::npos);
  EXPECT_NE(refused({{65505000000, 1, 0, 1}}).find("65504 s"), std::string::npos);
  EXPECT_NE(refused({{0, 700, 0, 1}}).find("outside"), std::string::npos);
  EXPECT_NE(error_of([&] {
              test::write_events(folder.file("a"), "shd", {.width = 10, .height = 10}, {});
            }).find("channels"),
            std::string::npos);
  ShdWriter file(folder.file("b"));
  file.add({}, 1);
  EXPECT_NE(error_of([&] { file.add({}); }).find("all recordings"), std::string::npos);
  EXPECT_NE(error_of([&] { file.add({}, 70000); }).find("65535"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.file("a")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("a.unfinished")));
}

TEST(Shd, APackedFileIsToldToBeUnpacked) {
  if (!test::have(derived)) GTEST_SKIP() << "no recording: " << derived;
  const TemporaryFolder folder;
  const std::string path = folder.file("a.h5.gz");
  ASSERT_EQ(std::system(("gzip -c '" + test::data_file(derived) + "' > '" + path + "'").c_str()), 0);
  EXPECT_NE(outcome_of(path).error.find("gunzip"), std::string::npos);
}

/// A small file whose lists lie at known places.
std::string small_file() {
  const TemporaryFolder folder;
  ShdWriter file(folder.file("a.h5"));
  file.add(some_spikes(5), 1);
  file.add(some_spikes(9), 2);
  file.finish();
  return test::content_of(folder.file("a.h5"));
}

// The bytes that say where lists lie and how long they are: these the HDF5 library would believe.
TEST(Shd, DamagedListsAreErrors) {
  const TemporaryFolder folder;
  std::string bytes = small_file();
  const std::size_t heap = bytes.find("GCOL");
  ASSERT_NE(heap, std::string::npos);
  std::string row;  // 9 values, in the heap
  for (const std::uint64_t part : {std::uint64_t{9}, std::uint64_t{heap}})
    for (int i = 0; i < (part == 9 ? 4 : 8); ++i) row += static_cast<char>(part >> 8 * i & 0xff);
  std::size_t errors = 0, tried = 0;
  for (std::size_t at = bytes.find(row); at != std::string::npos; at = bytes.find(row, at + 1)) {
    for (std::size_t bit = 0; bit < 128; ++bit, ++tried) {
      const auto flip = [&] { bytes[at + bit / 8] = static_cast<char>(bytes[at + bit / 8] ^ 1 << bit % 8); };
      flip();
      const auto found = outcome_of(folder.write("b.h5", bytes), {.sample = 1});
      errors += found.error.empty() ? 0 : 1;
      EXPECT_LE(found.events.size(), 9U);
      flip();
    }
  }
  EXPECT_EQ(tried, 256U);
  EXPECT_GT(errors, 200U);
  for (std::size_t bit = 0; bit < 200 * 8; bit += 3) {
    bytes[heap + bit / 8] = static_cast<char>(bytes[heap + bit / 8] ^ 1 << bit % 8);
    outcome_of(folder.write("b.h5", bytes), {.sample = 1, .lenient = true});
    bytes[heap + bit / 8] = static_cast<char>(bytes[heap + bit / 8] ^ 1 << bit % 8);
  }
  for (std::size_t length = heap; length < bytes.size(); length += 29)
    outcome_of(folder.write("b.h5", bytes.substr(0, length)), {.sample = 1});
}

TEST(Shd, ImpossibleSpikesAreDamage) {
  const TemporaryFolder folder;
  {
    auto file = hdf5::File::create_at_once(folder.file("a.h5"));
    auto spikes = file.require_group("spikes");
    auto times = spikes.create_lists("times", hdf5::ListOf::float16),
         units = spikes.create_lists("units", hdf5::ListOf::int16);
    times.append_list(std::vector<double>{0.25, 0.5, 0.75, 1});
    units.append_list(std::vector<std::int16_t>{699, -1, 5});
    times.append_list(std::vector<double>{0.25});
    units.append_list(std::vector<std::int16_t>{999});
    file.close();
  }
  const auto strict = outcome_of(folder.file("a.h5")),
             lenient = outcome_of(folder.file("a.h5"), {.lenient = true});
  EXPECT_EQ(strict.events, (std::vector<Event>{{250000, 699, 0, 1}}));
  EXPECT_NE(strict.error.find("channel is not below 700"), std::string::npos) << strict.error;
  EXPECT_EQ(lenient.events, (std::vector<Event>{{250000, 699, 0, 1}, {750000, 5, 0, 1}}));
  EXPECT_EQ(lenient.lost, 2U);
  EXPECT_EQ(open_events(folder.file("a.h5"), {.sample = 1})->sensor().width, 1000);
}

TEST(SonataEvents, EventsBecomeSpikes) {
  const TemporaryFolder folder;
  const auto events = test::random_events(3000, 40, 30, 5, 10000);
  test::write_events(folder.file("a.sonata"), "", {.width = 40, .height = 30}, events);
  const auto file = hdf5::File::open(folder.file("a.sonata"));
  const SpikeTrain spikes = read_spikes(file);
  EXPECT_EQ(spike_sorting(file, "events"), SpikeSorting::by_time);
  EXPECT_EQ(file.group("spikes/events").unsigned_attribute("width"), 40U);
  ASSERT_EQ(spikes.ids.size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::uint64_t pixel = spikes.ids[i] / 2;
    const Event back{std::llround(spikes.times_ms[i] * 1000), static_cast<std::uint16_t>(pixel % 40),
                     static_cast<std::uint16_t>(pixel / 40), static_cast<std::uint8_t>(spikes.ids[i] % 2)};
    ASSERT_EQ(back, events[i]);
  }
}

TEST(SonataEvents, ChannelsAreIdsAndOrderIsNeeded) {
  const TemporaryFolder folder;
  const EventSink cochlea{.width = 700, .height = 1, .audio = true};
  test::write_events(folder.file("a"), "sonata", cochlea, {{1500, 3, 0, 1}, {1500, 699, 0, 1}});
  EXPECT_EQ(read_spikes(hdf5::File::open(folder.file("a"))), (SpikeTrain{{1.5, 1.5}, {3, 699}}));
  EXPECT_NE(error_of([&] {
              test::write_events(folder.file("b"), "sonata", cochlea, {{2, 0, 0, 1}, {1, 0, 0, 1}});
            }).find("steps back"),
            std::string::npos);
  EXPECT_NE(error_of([&] { test::write_events(folder.file("b"), "sonata", cochlea, {{2, 0, 0, 0}}); }), "");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace synfire
