#include "io/events/prophesee_hdf5.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/byte_file.hpp"
#include "io/events/ecf.hpp"

namespace synfire {

namespace {

constexpr std::string_view hdf5_mark = "\x89HDF\r\n\x1a\n";
constexpr int ecf_filter = 0x8ECF;
constexpr std::size_t record_bytes = 16;
constexpr std::uint64_t usual_rows = 1 << 14, most_rows = 1 << 22;

/// What zlib at its best packs of empty records; ECF packs less.
constexpr std::uint64_t most_rows_per_byte = 70;

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
  if (!head.bytes.starts_with(hdf5_mark) || head.gzip) return false;
  try {
    return hdf5::File::open(head.path).has_dataset("CD/events");
  } catch (const Error&) {
    return false;
  }
}

PropheseeHdf5Reader::PropheseeHdf5Reader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options), file_(hdf5::File::open(path)), records_(file_.dataset("CD/events")) {
  info_.format = "prophesee_hdf5";
  const auto geometry = options.sensor ? options.sensor : file_.text_attribute("geometry");
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
    throw Error(ErrorKind::input, fmt::format("{}: {}: {}", file_.file_path(), records_.path(), what));
  };
  const auto sizes = records_.dimensions();
  if (sizes.size() != 1) refuse("must have one dimension");
  const auto fields = records_.fields();
  for (const char* const field : {"x", "y", "p", "t"})
    if (std::find(fields.begin(), fields.end(), field) == fields.end())
      refuse(fmt::format("has no field '{}'", field));
  const auto filters = records_.filters();
  ecf_ = std::find(filters.begin(), filters.end(), ecf_filter) != filters.end();
  if (ecf_ && filters.size() > 1) refuse("is packed by ECF and something else");
  rows_ = sizes[0];
  if (rows_ > ByteFile(file_.file_path()).size() * most_rows_per_byte + most_rows)
    refuse(fmt::format("claims {} events, more than the file can hold", rows_));
  rows_at_once_ = std::max(records_.chunk_rows(), std::uint64_t{1});
  if (records_.chunk_rows() == 0) rows_at_once_ = usual_rows;
  if (rows_at_once_ > most_rows) refuse("has chunks of more than 4 million events");
}

std::size_t PropheseeHdf5Reader::decode(std::span<Event> to) {
  if (next_ == chunk_.size()) {
    ended_ = next_row_ >= rows_;
    if (!ended_) next_chunk();
  }
  const std::size_t count = std::min(to.size(), chunk_.size() - next_);
  std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(next_), count, to.begin());
  next_ += count;
  return count;
}

void PropheseeHdf5Reader::next_chunk() {
  const std::uint64_t rows = std::min(rows_at_once_, rows_ - next_row_);
  chunk_.clear();
  next_ = 0;
  try {
    if (ecf_) {
      read_ecf(rows);
    } else {
      read_records(rows);
    }
    leave_out_outside();
  } catch (const Error& error) {
    damage_.note(error);
    damage_.note(offset_, "a chunk of events cannot be read", rows);
  }
  next_row_ += rows;
}

void PropheseeHdf5Reader::read_records(std::uint64_t rows) {
  offset_ = next_row_;
  const auto x = records_.read_field<std::uint16_t>("x", next_row_, rows);
  const auto y = records_.read_field<std::uint16_t>("y", next_row_, rows);
  const auto p = records_.read_field<std::int16_t>("p", next_row_, rows);
  const auto t = records_.read_field<std::int64_t>("t", next_row_, rows);
  chunk_.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) chunk_[i] = {t[i], x[i], y[i], static_cast<std::uint8_t>(p[i] > 0)};
}

void PropheseeHdf5Reader::read_ecf(std::uint64_t rows) {
  const hdf5::RawChunk raw = records_.read_chunk(next_row_);
  offset_ = raw.offset;
  std::string_view wrong;
  if ((raw.filters_left_out & 1) != 0) {
    unpack_records(raw.bytes, chunk_);
  } else {
    wrong = decode_ecf(raw.bytes, chunk_);
  }
  if (wrong.empty() && chunk_.size() < rows) wrong = "a chunk has fewer events than it must have";
  chunk_.resize(wrong.empty() ? rows : 0);
  if (!wrong.empty()) damage_.note(offset_, wrong, rows);
}

void PropheseeHdf5Reader::leave_out_outside() {
  const auto first =
      std::find_if(chunk_.begin(), chunk_.end(), [this](const Event& event) { return !inside(event); });
  if (first == chunk_.end()) return;
  const auto good = damage_.lenient()
                        ? std::remove_if(first, chunk_.end(), [this](const Event& e) { return !inside(e); })
                        : first;
  const auto bad = static_cast<std::uint64_t>(chunk_.end() - good);
  damage_.note(offset_, fmt::format("an event outside a {} x {} sensor", info_.width, info_.height), bad);
  chunk_.erase(good, chunk_.end());
}

}  // namespace synfire
