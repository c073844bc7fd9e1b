#include "io/events/hdf5_rows.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace synfire {

bool is_hdf5_with(const FileHead& head, bool (*test)(const hdf5::File& file)) {
  if (!head.bytes.starts_with(hdf5_mark) || head.gzip) return false;
  try {
    return test(hdf5::File::open(head.path));
  } catch (const Error&) {
    return false;
  }
}

Hdf5RowsReader::Hdf5RowsReader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options), file_(hdf5::File::open(path)) {}

void Hdf5RowsReader::begin(const hdf5::Dataset& rows) {
  constexpr std::uint64_t usual_rows = 1 << 14, most_rows = 1 << 22;
  constexpr std::uint64_t best_ratio = 1100;  // deflate's is 1032, all others pack less
  const auto refuse = [&](std::string_view what) {
    throw Error(ErrorKind::input, fmt::format("{}: {}: {}", file_.file_path(), rows.path(), what));
  };
  const auto sizes = rows.dimensions();
  if (sizes.size() != 1) refuse("must have one dimension");
  const std::uint64_t bytes_each = std::max<std::size_t>(rows.element_bytes(), 1);
  if (sizes[0] > ByteFile(file_.file_path()).size() * best_ratio / bytes_each + most_rows)
    refuse(fmt::format("claims {} events, more than the file can hold", sizes[0]));
  rows_ = sizes[0];
  rows_at_once_ = rows.chunk_rows() > 0 ? rows.chunk_rows() : usual_rows;
  if (rows_at_once_ > most_rows) refuse("has chunks of more than 4 million events");
  like_ = rows;
}

std::size_t Hdf5RowsReader::decode(std::span<Event> to) {
  if (next_ == chunk_.size()) {
    ended_ = next_row_ >= rows_;
    if (!ended_) next_chunk();
  }
  std::size_t filled = 0;
  for (; next_ < chunk_.size() && filled < to.size(); ++next_) {
    if (inside(chunk_[next_])) {
      to[filled++] = chunk_[next_];
      continue;
    }
    damage_.note(offset_, fmt::format("an event outside a {} x {} sensor", info_.width, info_.height), 1);
    if (damage_.stopped()) break;
  }
  return filled;
}

void Hdf5RowsReader::next_chunk() {
  const std::uint64_t rows = std::min(rows_at_once_, rows_ - next_row_);
  chunk_.clear();
  next_ = 0;
  offset_ = like_.offset_of(next_row_);
  try {
    chunk_ = read_rows(next_row_, rows);
  } catch (const Error& error) {
    if (!std::exchange(told_, true)) damage_.note(error);  // of many, one is told
    damage_.note(offset_, "a chunk of events cannot be read", rows);
  }
  next_row_ += rows;
}

}  // namespace synfire
