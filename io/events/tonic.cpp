#include "io/events/tonic.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/events/tonic_columns.hpp"

namespace synfire {

namespace {

constexpr std::string_view npy_mark = "\x93NUMPY";
constexpr std::string_view zip_mark = "PK\x03\x04";
constexpr std::string_view empty_zip_mark = "PK\x05\x06";

}  // namespace

bool is_tonic(const FileHead& head) {
  return head.bytes.starts_with(npy_mark) || head.bytes.starts_with(zip_mark) ||
         head.bytes.starts_with(empty_zip_mark);
}

TonicReader::TonicReader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options) {
  info_.format = "tonic";
  open(path);
  t_ = find(tonic_columns[0]);
  x_ = find(tonic_columns[1]);
  y_ = find(tonic_columns[2]);
  p_ = find(tonic_columns[3]);
  if (!t_ || !x_)
    throw Error(ErrorKind::input, fmt::format("{}: has no fields t and x, so holds no events", path));
  left_ = streams_[t_->stream].rows();
  for (const NpyStream& stream : streams_)
    if (stream.rows() != left_)
      throw Error(ErrorKind::input, fmt::format("{}: its arrays differ in length", path));
  info_.audio = !y_;
  find_tonic_sensor<TonicReader>(path, options, info_);
}

void TonicReader::open(const std::string& path) {
  ByteFile file(path);
  const auto start = file.peek(npy_mark.size());
  if (start.empty() || start[0] != static_cast<std::uint8_t>(npy_mark[0])) {
    if (file.gzip())
      throw Error(ErrorKind::input,
                  fmt::format("{}: .npz cannot be read while it is packed by gzip; unpack it first", path));
    return open_packed(path);
  }
  streams_.emplace_back(open_plain(path), path);
  names_.emplace_back();
}

void TonicReader::open_packed(const std::string& path) {
  const NpzFile file(path);
  const auto& all = file.names();
  const auto has = [&all](std::string_view name) { return std::ranges::count(all, name) > 0; };
  std::vector<std::string> wanted;
  if (has("t") && has("x")) {
    for (const char* const name : {"t", "x", "y", "p"})
      if (has(name)) wanted.emplace_back(name);
  } else if (all.size() == 1 && !has("frames")) {
    wanted = all;
  } else {
    throw Error(ErrorKind::input,
                fmt::format("{}: holds the arrays {}; events are t, x, y and p, or one array with fields",
                            path, all.empty() ? "(none)" : fmt::format("{}", fmt::join(all, ", "))));
  }
  for (const std::string& name : wanted) {
    streams_.emplace_back(file.open(name), fmt::format("{}: {}", path, name));
    names_.push_back(name);
  }
}

std::optional<TonicReader::Column> TonicReader::find(std::span<const std::string_view> names) const {
  for (const std::string_view name : names) {
    if (name.empty()) continue;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      for (const NpyField& field : streams_[i].fields())
        if ((field.name.empty() ? names_[i] : field.name) == name) return Column{i, field};
    }
  }
  return std::nullopt;
}

/// Rows that all arrays have ready; fills ahead_.
std::size_t TonicReader::rows_ahead() {
  std::uint64_t rows = left_;
  ahead_.clear();
  for (NpyStream& stream : streams_) {
    try {
      const auto bytes = stream.peek();
      ahead_.push_back(bytes.data());
      rows = std::min<std::uint64_t>(rows, bytes.size() / stream.row_bytes());
    } catch (const Error& error) {
      damage_.note(error);
      return 0;
    }
  }
  return static_cast<std::size_t>(rows);
}

std::optional<Event> TonicReader::event_at(std::size_t row) const {
  const auto value = [&](const Column& column) {
    return npy_integer(column.field, ahead_[column.stream] + row * streams_[column.stream].row_bytes());
  };
  const auto t = value(*t_), x = value(*x_);
  const auto y = y_ ? value(*y_) : std::optional<std::int64_t>(0);
  const auto p = p_ ? value(*p_) : std::optional<std::int64_t>(1);
  if (!t || !x || !y || !p) return std::nullopt;
  return tonic_event({*t, *x, *y, *p}, info_);
}

std::size_t TonicReader::decode(std::span<Event> to) {
  if (left_ == 0) {
    ended_ = true;
    return 0;
  }
  const std::size_t rows = std::min(rows_ahead(), to.size());
  if (rows == 0) {
    damage_.note(offset(), "the file ends inside its arrays", left_);
    ended_ = true;
    return 0;
  }
  std::size_t filled = 0, row = 0;
  for (; row < rows; ++row) {
    if (const auto event = event_at(row)) {
      to[filled++] = *event;
      continue;
    }
    const NpyStream& times = streams_[t_->stream];
    damage_.note(times.offset() + row * times.row_bytes(),
                 fmt::format("an event outside a {} x {} sensor, or no number", info_.width, info_.height),
                 1);
    if (damage_.stopped()) break;
  }
  for (NpyStream& stream : streams_) stream.skip_rows(row);
  left_ -= row;
  return filled;
}

}  // namespace synfire
