#include "io/events/sonata_events.hpp"

#include <cstdio>
#include <limits>

#include <fmt/format.h>

#include "io/events/decoding.hpp"

namespace synfire {

namespace {

constexpr const char* population = "events";

}  // namespace

SonataEventWriter::SonataEventWriter(const std::string& path, const EventSink& sink)
    : path_(path),
      unfinished_(path + ".unfinished"),
      sink_(sink),
      last_us_(std::numeric_limits<std::int64_t>::min()) {
  file_ = hdf5::File::create(unfinished_, true);
  write_sonata_root(*file_);
  spikes_.emplace(*file_, population);
  hdf5::Group group = file_->group(std::string("spikes/") + population);
  group.set_attribute("width", std::uint32_t{sink.width});
  group.set_attribute("height", std::uint32_t{sink.height});
}

SonataEventWriter::~SonataEventWriter() {
  if (!file_) return;
  spikes_.reset(), file_.reset();
  std::remove(unfinished_.c_str());
}

void SonataEventWriter::write(std::span<const Event> events) {
  constexpr double us_per_ms = 1000;
  std::vector<double> times;
  std::vector<std::uint64_t> ids;
  for (const Event& event : events) {
    check_event(path_, event, sink_);
    if (sink_.audio && event.on != 1)
      throw Error(ErrorKind::input, fmt::format("{}: a spike of channel {} is not on", path_, event.x));
    if (event.t_us < last_us_)
      throw Error(
          ErrorKind::input,
          fmt::format("{}: time {} us steps back; SONATA spikes are written in order", path_, event.t_us));
    last_us_ = event.t_us;
    times.push_back(static_cast<double>(event.t_us) / us_per_ms);
    const std::uint64_t pixel = std::uint64_t{event.y} * sink_.width + event.x;
    ids.push_back(sink_.audio ? pixel : 2 * pixel + event.on);
  }
  spikes_->append(times, ids);
}

void SonataEventWriter::finish() {
  if (!file_) return;
  file_->flush();
  file_->rename(path_);
  file_->close();
  spikes_.reset(), file_.reset();
}

}  // namespace synfire
