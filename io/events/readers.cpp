#include "io/events/readers.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "core/error.hpp"

namespace synfire {

namespace {

Extent extent_of(const SensorInfo& sensor) { return {sensor.width, sensor.height}; }

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

bool earlier(const Event& a, const Event& b) { return a.t_us < b.t_us; }

}  // namespace

// --- in order

OrderedReader::OrderedReader(const std::string& path, OpenRecording open, bool lenient)
    : DerivedReader(open()), path_(path), open_(std::move(open)), lenient_(lenient) {}

std::size_t OrderedReader::read(std::span<Event> events) {
  if (refused_) refuse(*refused_);
  while (true) {
    const std::size_t count = source().read(events);
    std::size_t kept = 0;
    for (const Event event : events.first(count)) {
      const bool late = begun_ && event.t_us < latest_;
      if (late && !lenient_) {
        refused_ = event;
        if (kept == 0) refuse(event);
        return kept;
      }
      late_ += late ? 1 : 0;
      if (late) continue;
      begun_ = true;
      latest_ = event.t_us;
      ++passed_;
      events[kept++] = event;
    }
    if (kept > 0 || count == 0) return kept;
  }
}

/// Where in the file an event lies is known to a reader that has read just up to it.
void OrderedReader::refuse(const Event& late) {
  const auto again = open_();
  std::vector<Event> block(std::size_t(1) << 12);
  for (std::uint64_t left = passed_; left > 0;) {
    const std::size_t got = again->read(std::span(block).first(std::min<std::uint64_t>(left, block.size())));
    if (got == 0) break;
    left -= got;
  }
  throw error_at_byte(
      path_, again->offset(),
      fmt::format(
          "event {} comes at {} µs, before the one before it at {} µs; --sort brings events in order, "
          "--lenient leaves late ones out",
          passed_, late.t_us, latest_));
}

std::vector<std::string> OrderedReader::warnings() const {
  auto all = DerivedReader::warnings();
  if (late_ > 0) all.push_back(fmt::format("{}: {} events that came too late are left out", path_, late_));
  return all;
}

// --- sorted

/// A part of the recording, sorted: in memory, or in a file and read piece by piece.
struct SortedReader::Run {
  std::size_t number = 0;
  std::vector<Event> events;
  std::size_t next = 0;
  std::unique_ptr<std::FILE, FileCloser> file;

  const Event& front() const { return events[next]; }
  /// False at the end.
  bool advance() {
    if (++next < events.size()) return true;
    next = 0;
    events.resize(file == nullptr ? 0 : piece);
    if (file == nullptr) return false;
    events.resize(std::fread(events.data(), sizeof(Event), events.size(), file.get()));
    if (std::ferror(file.get()) != 0)
      throw Error(ErrorKind::resource,
                  fmt::format("a temporary file cannot be read: {}", std::strerror(errno)));
    return !events.empty();
  }
  static constexpr std::size_t piece = 4096;
};

SortedReader::SortedReader(std::unique_ptr<EventReader> source, std::size_t events_in_memory)
    : DerivedReader(std::move(source)), events_in_memory_(std::max<std::size_t>(events_in_memory, 1)) {}

SortedReader::~SortedReader() = default;

void SortedReader::spill(std::span<const Event> sorted) {
  auto run = std::make_unique<Run>();
  run->number = runs_.size();
  run->file.reset(std::tmpfile());
  const bool written =
      run->file != nullptr &&
      std::fwrite(sorted.data(), sizeof(Event), sorted.size(), run->file.get()) == sorted.size() &&
      std::fflush(run->file.get()) == 0;
  if (!written)
    throw Error(ErrorKind::resource,
                fmt::format("a temporary file for sorting cannot be written: {}; is there room?",
                            std::strerror(errno)));
  std::rewind(run->file.get());
  runs_.push_back(std::move(run));
}

void SortedReader::sort_runs() {
  sorted_ = true;
  std::vector<Event> events;
  for (bool ended = false; !ended;) {
    constexpr std::size_t block = std::size_t(1) << 14;
    const std::size_t begin = events.size(), room = std::min(block, events_in_memory_ - begin);
    events.resize(begin + room);
    const std::size_t got = source().read(std::span(events).subspan(begin));
    events.resize(begin + got);
    ended = got == 0;
    if (!ended && events.size() < events_in_memory_) continue;
    std::stable_sort(events.begin(), events.end(), earlier);
    if (ended) break;
    spill(events);
    events.clear();
  }
  for (auto& run : runs_)
    if (run->advance()) heap_.push_back(run.get());  // the first piece
  if (!events.empty()) {
    runs_.push_back(std::make_unique<Run>());
    runs_.back()->number = runs_.size() - 1;
    runs_.back()->events = std::move(events);
    heap_.push_back(runs_.back().get());
  }
}

std::size_t SortedReader::read(std::span<Event> events) {
  if (!sorted_) sort_runs();
  const auto later = [](const Run* a, const Run* b) {
    return a->front().t_us != b->front().t_us ? a->front().t_us > b->front().t_us : a->number > b->number;
  };
  std::make_heap(heap_.begin(), heap_.end(), later);
  std::size_t filled = 0;
  while (filled < events.size() && !heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Run* const run = heap_.back();
    events[filled++] = run->front();
    if (run->advance()) {
      std::push_heap(heap_.begin(), heap_.end(), later);
    } else {
      heap_.pop_back();
    }
  }
  return filled;
}

// --- filtered

FilteredReader::FilteredReader(std::unique_ptr<EventReader> from, std::vector<EventFilter> filters)
    : DerivedReader(std::move(from)),
      chain_(std::move(filters), extent_of(source().sensor())),
      info_(source().sensor()) {
  const Extent extent = chain_.extent();
  if (extent != extent_of(info_)) info_.name.clear();  // it is not that camera's picture any more
  info_.width = static_cast<std::uint16_t>(extent.width);
  info_.height = static_cast<std::uint16_t>(extent.height);
}

std::size_t FilteredReader::read(std::span<Event> events) {
  while (true) {
    const std::size_t count = source().read(events);
    const std::size_t kept = chain_.apply(events.first(count));
    dropped_ += count - kept;
    if (kept > 0 || count == 0) return kept;
  }
}

}  // namespace synfire
