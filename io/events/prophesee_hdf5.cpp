#include "io/events/prophesee_hdf5.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/byte_file.hpp"
#include "io/events/ecf.hpp"

namespace synfire {

namespace {

constexpr int ecf_filter = 0x8ECF;
constexpr std::size_t record_bytes = 16;

/// The layout that ECF packs, for a chunk that was stored without: x and y 16 bits, p 16, two of filling,
/// t 64.
void unpack_records(std::span<const std::uint8_t> bytes, std::vector<Event>& events) {
  events.resize(bytes.size() / record_bytes);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::uint8_t* const record = bytes.data() + i * record_bytes;
    events[i] = {little_endian<std::int64_t>(record + 8), little_endian<std::uint16_t>(record),
                 little_endian<std::uint16_t>(record + 2), static_cast<std::uint8_t>(record[4] & 1)};
  }
}

}  // namespace

bool is_prophesee_hdf5(const FileHead& head) {
  return is_hdf5_with(head, [](const hdf5::File& file) { return file.has_dataset("CD/events"); });
}

PropheseeHdf5Reader::PropheseeHdf5Reader(const std::string& path, const EventOptions& options)
    : Hdf5RowsReader(path, options), records_(file().dataset("CD/events")) {
  info_.format = "prophesee_hdf5";
  const auto geometry = options.sensor ? options.sensor : file().text_attribute("geometry");
  if (!geometry)
    throw Error(
        ErrorKind::input,
        fmt::format(
            "{}: has no attribute 'geometry': how large is the sensor? Give it as the sensor, e.g. 1280x720",
            path));
  const SensorSize size = sensor_size(path, *geometry);
  info_.width = size.width;
  info_.height = size.height;
  check_records();
}

void PropheseeHdf5Reader::check_records() {
  const auto refuse = [this](std::string_view what) {
    throw Error(ErrorKind::input, fmt::format("{}: {}: {}", file().file_path(), records_.path(), what));
  };
  const auto fields = records_.fields();
  for (const char* const field : {"x", "y", "p", "t"})
    if (std::find(fields.begin(), fields.end(), field) == fields.end())
      refuse(fmt::format("has no field '{}'", field));
  const auto filters = records_.filters();
  ecf_ = std::find(filters.begin(), filters.end(), ecf_filter) != filters.end();
  if (ecf_ && filters.size() > 1) refuse("is packed by ECF and something else");
  begin(records_);
}

std::vector<Event> PropheseeHdf5Reader::read_rows(std::uint64_t first, std::uint64_t count) {
  if (ecf_) return read_ecf(first, count);
  constexpr std::int64_t most = std::numeric_limits<std::uint16_t>::max();
  const std::vector<std::string> names{"x", "y", "p", "t"};
  const auto values = records_.read_fields(names, first, count);
  std::vector<Event> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t* const row = &values[i * names.size()];
    const bool fits = row[0] >= 0 && row[0] <= most && row[1] >= 0 && row[1] <= most;
    events[i] = fits ? Event{row[3], static_cast<std::uint16_t>(row[0]), static_cast<std::uint16_t>(row[1]),
                             static_cast<std::uint8_t>(row[2] > 0)}
                     : nowhere;
  }
  return events;
}

std::vector<Event> PropheseeHdf5Reader::read_ecf(std::uint64_t first, std::uint64_t count) const {
  const hdf5::RawChunk raw = records_.read_chunk(first);
  std::vector<Event> events;
  std::string_view wrong;
  if ((raw.filters_left_out & 1) != 0) {
    unpack_records(raw.bytes, events);
  } else {
    wrong = decode_ecf(raw.bytes, events);
  }
  if (wrong.empty() && events.size() < count) wrong = "a chunk has fewer events than it must have";
  if (!wrong.empty()) throw error_at_byte(file().file_path(), raw.offset, wrong);
  events.resize(count);
  return events;
}

}  // namespace synfire
