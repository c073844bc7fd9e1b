#include "io/events/shd.hpp"

#include <cmath>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "io/events/hdf5_rows.hpp"
#include "io/float16.hpp"

namespace synfire {

namespace {

constexpr std::uint16_t shd_channels = 700;
constexpr std::uint16_t most_channels = 32767;  // units are int16
constexpr double us_per_s = 1e6;

bool is_channel(double unit) { return unit >= 0 && unit < most_channels && unit == std::floor(unit); }

template <class T> std::vector<T> narrowed(const std::vector<std::int64_t>& values) {
  return std::vector<T>(values.begin(), values.end());
}

void write_speakers(hdf5::Group meta_info, const std::vector<ShdSpeaker>& speakers) {
  std::vector<std::string> names, genders;
  for (const ShdSpeaker& speaker : speakers) {
    names.push_back(speaker.name);
    genders.push_back(speaker.gender);
  }
  meta_info.create_words("name", names);
  meta_info.create_words("gender", genders);
}

}  // namespace

bool is_shd(const FileHead& head) {
  if (head.bytes.starts_with(hdf5_mark) && head.gzip) return true;
  return is_hdf5_with(head, [](const hdf5::File& file) {
    return file.has_dataset("spikes/times") && file.has_dataset("spikes/units");
  });
}

ShdReader::ShdReader(const std::string& path, const EventOptions& options) : DecodingReader(path, options) {
  if (ByteFile(path).gzip())
    throw Error(ErrorKind::input,
                fmt::format("{}: HDF5 cannot be read while it is packed; unpack it first: gunzip --keep '{}'",
                            path, path));
  const auto file = hdf5::File::open(path);
  const hdf5::Dataset times = file.dataset("spikes/times"), units = file.dataset("spikes/units");
  const auto sizes = times.dimensions();
  info_.format = "shd";
  info_.audio = true;
  info_.samples = sizes.empty() ? 0 : sizes[0];
  if (options.sample >= info_.samples)
    throw Error(ErrorKind::usage, fmt::format("{}: holds {} recordings, counted from 0; number {} is wanted",
                                              path, info_.samples, options.sample));
  times_ = times.read_list(options.sample);
  units_ = units.read_list(options.sample);
  if (file.has_dataset("labels"))
    info_.label = file.dataset("labels").read_rows<std::int64_t>(options.sample, 1).at(0);
  if (file.has_dataset("extra/keys")) info_.classes = file.dataset("extra/keys").read_words();
  count_ = std::min(times_.values.size(), units_.values.size());
  info_.width = shd_channels;
  info_.height = 1;
  if (options.sensor) {
    info_.name = *options.sensor;
    info_.width = sensor_size(path, *options.sensor).width;
    return;
  }
  for (const double unit : units_.values)
    if (is_channel(unit)) info_.width = std::max(info_.width, static_cast<std::uint16_t>(unit + 1));
}

std::size_t ShdReader::decode(std::span<Event> to) {
  constexpr double longest_s = 9e12;
  std::size_t filled = 0;
  for (; next_ < count_ && filled < to.size(); ++next_) {
    const double time = times_.values[next_], unit = units_.values[next_];
    if (std::abs(time) <= longest_s && is_channel(unit) && unit < info_.width) {
      to[filled++] = {static_cast<std::int64_t>(std::llround(time * us_per_s)),
                      static_cast<std::uint16_t>(unit), 0, 1};
      continue;
    }
    damage_.note(offset(),
                 fmt::format("a spike whose time is no number or whose channel is not below {}", info_.width),
                 1);
    if (damage_.stopped()) return filled;
  }
  if (filled == to.size()) return filled;
  const std::size_t longer = std::max(times_.values.size(), units_.values.size());
  if (longer > count_)
    damage_.note(offset(), "the recording has more times than channels, or fewer", longer - count_);
  ended_ = true;
  return filled;
}

// --- writing
// --------------------------------------------------------------------------------------------------------

ShdWriter::ShdWriter(const std::string& path, std::vector<std::string> keys, std::vector<ShdSpeaker> speakers)
    : path_(path),
      unfinished_(path + ".unfinished"),
      keys_(std::move(keys)),
      known_speakers_(std::move(speakers)) {
  file_ = hdf5::File::create_at_once(unfinished_);
  hdf5::Group spikes = file_->require_group("spikes");
  times_ = spikes.create_lists("times", hdf5::ListOf::float16);
  units_ = spikes.create_lists("units", hdf5::ListOf::int16);
}

ShdWriter::~ShdWriter() {
  if (!file_) return;
  times_.reset(), units_.reset(), file_.reset();
  std::remove(unfinished_.c_str());
}

void ShdWriter::add(std::span<const Event> events, std::optional<std::int64_t> label,
                    std::optional<std::uint16_t> speaker) {
  std::vector<double> times;
  std::vector<std::int16_t> units;
  times.reserve(events.size());
  units.reserve(events.size());
  std::int64_t last_us = 0;
  for (const Event& event : events) {
    const double seconds = static_cast<double>(event.t_us) / us_per_s;
    if (event.y != 0 || event.on != 1 || event.x >= most_channels)
      throw Error(
          ErrorKind::input,
          fmt::format(
              "{}: SHD holds spikes of channels (y = 0, on = 1, below {}), not an event at {}, {} ({})",
              path_, most_channels, event.x, event.y, event.on));
    if (event.t_us < last_us || seconds > largest_float16)
      throw Error(ErrorKind::input,
                  fmt::format("{}: time {} us cannot be stored in SHD: in order, from 0 to {} s", path_,
                              event.t_us, largest_float16));
    last_us = event.t_us;
    times.push_back(seconds);
    units.push_back(static_cast<std::int16_t>(event.x));
  }
  if (samples_ > 0 && (label.has_value() != !labels_.empty() || speaker.has_value() != !speakers_.empty()))
    throw Error(ErrorKind::input,
                fmt::format("{}: either all recordings of SHD have a label (a speaker) or none", path_));
  if (label && (*label < 0 || *label > std::numeric_limits<std::uint16_t>::max()))
    throw Error(ErrorKind::input, fmt::format("{}: label {} is not from 0 to 65535", path_, *label));
  if (label) labels_.push_back(*label);
  if (speaker) speakers_.push_back(*speaker);
  times_->append_list(times);
  units_->append_list(units);
  ++samples_;
}

void ShdWriter::finish() {
  if (!file_) return;
  const bool bytes = std::ranges::all_of(labels_, [](std::int64_t label) { return label <= 255; });
  if (!labels_.empty() && bytes)
    file_->create_dataset<std::uint8_t>("labels", narrowed<std::uint8_t>(labels_));
  if (!labels_.empty() && !bytes)
    file_->create_dataset<std::uint16_t>("labels", narrowed<std::uint16_t>(labels_));
  hdf5::Group extra = file_->require_group("extra");
  if (!speakers_.empty()) extra.create_dataset<std::uint16_t>("speaker", speakers_);
  if (!keys_.empty()) extra.create_words("keys", keys_);
  if (!known_speakers_.empty()) write_speakers(extra.require_group("meta_info"), known_speakers_);
  file_->close();
  std::error_code problem;
  std::filesystem::rename(unfinished_, path_, problem);
  if (problem)
    throw Error(ErrorKind::resource, fmt::format("{}: cannot write: {}", path_, problem.message()));
  times_.reset(), units_.reset(), file_.reset();
}

ShdEventWriter::ShdEventWriter(const std::string& path, const EventSink& sink)
    : path_(path), sink_(sink), file_(path) {
  if (!sink.audio && sink.height > 1)
    throw Error(ErrorKind::input,
                fmt::format("{}: SHD holds channels of a cochlea, not {} x {} pixels; write another format",
                            path, sink.width, sink.height));
}

void ShdEventWriter::write(std::span<const Event> events) {
  constexpr std::size_t most = 1 << 26;
  for (const Event& event : events) check_event(path_, event, sink_);
  if (events.size() > most - events_.size())
    throw Error(ErrorKind::input,
                fmt::format("{}: more than 2^26 spikes are too many for one recording of SHD", path_));
  events_.insert(events_.end(), events.begin(), events.end());
}

void ShdEventWriter::finish() {
  file_.add(events_, sink_.label);
  file_.finish();
}

}  // namespace synfire
