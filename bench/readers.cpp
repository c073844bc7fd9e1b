// Question: how many events a second does each reader decode on one core, from the page cache? For each
// format that can be written a recording of made-up events is written to a temporary folder and read again;
// where SYNFIRE_DATA names a folder of genuine recordings, those too.
//   bench_readers [--benchmark_filter=evt3]
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>

#include "core/error.hpp"
#include "io/events/formats.hpp"

namespace {

using namespace synfire;

constexpr std::size_t block_events = 1 << 14;
constexpr std::size_t made_events = 4 << 20;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "synfire-bench-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// As a sensor is read out: row by row, 3 or 4 events of a row at a time on average, most of them alone and
/// some side by side, 25 events in a microsecond (the figures of a genuine recording of 1280 x 720 pixels).
class MadeUp {
 public:
  MadeUp(std::uint16_t width, std::uint16_t height) : width_(width), height_(height) {}

  void fill(std::vector<Event>& events) {
    for (Event& event : events) {
      if (left_ == 0) next_row();
      --left_;
      event = next_;
      next_.x = static_cast<std::uint16_t>(next_.x + step());
      if (next_.x >= width_) next_.x = static_cast<std::uint16_t>(next_.x % width_), left_ = 0;
      if (random_() % 4 == 0) next_.on ^= 1;
    }
  }

 private:
  unsigned step() { return side_by_side_ ? 1 + random_() % 3 : 1 + random_() % width_ / 4; }
  void next_row() {
    side_by_side_ = random_() % 4 == 0;
    left_ = 1 + random_() % 6;
    next_.y = static_cast<std::uint16_t>(random_() % height_);
    next_.x = static_cast<std::uint16_t>(random_() % width_);
    next_.t_us += random_() % 7 == 0 ? 1 : 0;
  }

  std::mt19937 random_{1};
  std::uint16_t width_, height_;
  Event next_;
  std::size_t left_ = 0;
  bool side_by_side_ = false;
};

/// Writes a recording of the largest of some usual sensors that the format can hold; false if it takes none.
bool make_recording(const EventFormat& format, const std::string& path) {
  constexpr std::array<std::array<std::uint16_t, 2>, 3> sizes{{{1280, 720}, {640, 480}, {34, 34}}};
  for (const auto& [width, height] : sizes) {
    try {
      const auto writer = format.create(path, {.width = width, .height = height});
      MadeUp source(width, height);
      std::vector<Event> block(block_events);
      for (std::size_t done = 0; done < made_events; done += block_events) {
        source.fill(block);
        writer->write(block);
      }
      writer->finish();
      return true;
    } catch (const Error&) {
      continue;  // too large for this format, or not for pictures
    }
  }
  return false;
}

void read_all(benchmark::State& state, const std::string& path) {
  std::vector<Event> block(block_events);
  std::int64_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const auto reader = open_events(path);
    state.ResumeTiming();
    for (std::size_t got = reader->read(block); got > 0; got = reader->read(block)) {
      benchmark::DoNotOptimize(block.data());
      events += static_cast<std::int64_t>(got);
    }
  }
  state.SetItemsProcessed(events);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(std::filesystem::file_size(path)));
}

void add(const std::string& name, const std::string& path) {
  benchmark::RegisterBenchmark(name.c_str(), [path](benchmark::State& state) {
    read_all(state, path);
  })->Unit(benchmark::kMillisecond);
}

/// Every file below the folder that is a recording.
void add_genuine(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.file_size() > (1 << 18)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    try {
      const std::string format = open_events(path)->sensor().format;
      add(fmt::format("{}/{}", format, std::filesystem::path(path).filename().string()), path);
    } catch (const Error&) {
      continue;  // not a recording
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const TemporaryFolder folder;
  for (const EventFormat& format : event_formats()) {
    const std::string path = folder.file(format.name);
    if (format.open != nullptr && format.create != nullptr && make_recording(format, path))
      add(fmt::format("{}/made_up", format.name), path);
  }
  if (const char* const data = std::getenv("SYNFIRE_DATA")) add_genuine(data + std::string("/dvs"));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
