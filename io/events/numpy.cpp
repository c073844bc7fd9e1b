#include "io/events/numpy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <zip.h>

#include "core/error.hpp"
#include "io/byte_file.hpp"
#include "io/float16.hpp"

namespace synfire {

namespace {

constexpr std::string_view mark = "\x93NUMPY";
constexpr std::size_t window_bytes = 1 << 18;

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(const std::string& path) : file_(path) {}
  std::size_t read(std::span<std::uint8_t> to) override {
    const auto ahead = file_.peek(1);
    const std::size_t count = std::min(ahead.size(), to.size());
    std::copy_n(ahead.begin(), count, to.begin());
    file_.skip(count);
    return count;
  }

 private:
  ByteFile file_;
};

/// Reads a Python literal, as far as headers of .npy need it.
class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}
  /// Goes behind the key; false if there is none.
  bool find(std::string_view key) {
    const auto at = text_.find(fmt::format("'{}'", key));
    if (at == std::string_view::npos) return false;
    text_.remove_prefix(at + key.size() + 2);
    return take(':');
  }
  bool take(char wanted) {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool word(std::string& to) {
    const char quote = take('\'') ? '\'' : take('"') ? '"' : '\0';
    const auto end = text_.find(quote);
    if (quote == '\0' || end == std::string_view::npos) return false;
    to = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return true;
  }
  bool number(std::uint64_t& to) {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
    const auto [end, problem] = std::from_chars(text_.data(), text_.data() + text_.size(), to);
    if (problem != std::errc{}) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }
  bool starts_with(std::string_view start) const { return text_.starts_with(start); }

 private:
  std::string_view text_;
};

/// "<i8", "|b1", "?" -> a field; nothing for what is no number. Padding ("|V3") has kind 'V'.
std::optional<NpyField> field_of(const std::string& name, std::string type) {
  if (type == "?") type = "|b1";
  if (type.size() < 3) return std::nullopt;
  NpyField field{name, type[1], 0, 0, type[0] == '>'};
  const auto [end, problem] = std::from_chars(type.data() + 2, type.data() + type.size(), field.bytes);
  if (problem != std::errc{} || end != type.data() + type.size()) return std::nullopt;
  const bool power = field.bytes == 1 || field.bytes == 2 || field.bytes == 4 || field.bytes == 8;
  const bool number = std::string_view("iu").find(field.kind) != std::string_view::npos && power;
  const bool fraction = field.kind == 'f' && power && field.bytes > 1;
  const bool padding = field.kind == 'V' && field.bytes < 4096;
  if (!number && !fraction && !padding && !(field.kind == 'b' && field.bytes == 1)) return std::nullopt;
  return field;
}

}  // namespace

std::unique_ptr<ByteSource> open_plain(const std::string& path) {
  return std::make_unique<PlainSource>(path);
}

// --- .npz
// --------------------------------------------------------------------------------------------------------

struct NpzFile::Archive {
  zip_t* zip = nullptr;
  explicit Archive(zip_t* opened) : zip(opened) {}
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive() { zip_discard(zip); }

  /// Keeps the archive open as long as it is read.
  class Source final : public ByteSource {
   public:
    Source(std::shared_ptr<Archive> archive, zip_file_t* file, std::string name)
        : archive_(std::move(archive)), file_(file), name_(std::move(name)) {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() override { zip_fclose(file_); }
    std::size_t read(std::span<std::uint8_t> to) override {
      const auto got = zip_fread(file_, to.data(), to.size());
      if (got < 0)
        throw Error(ErrorKind::input,
                    fmt::format("{}: damaged: {}", name_, zip_error_strerror(zip_file_get_error(file_))));
      return static_cast<std::size_t>(got);
    }

   private:
    std::shared_ptr<Archive> archive_;
    zip_file_t* file_;
    std::string name_;
  };
};

NpzFile::NpzFile(const std::string& path) : path_(path) {
  int code = 0;
  zip_t* const zip = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (zip == nullptr) {
    zip_error_t error{};
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error(ErrorKind::input, fmt::format("{}: cannot be read as .npz (ZIP): {}", path, reason));
  }
  archive_ = std::make_shared<Archive>(zip);
  for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); ++i) {
    const char* const name = zip_get_name(zip, static_cast<zip_uint64_t>(i), 0);
    std::string_view text(name == nullptr ? "" : name);
    if (text.ends_with(".npy")) names_.emplace_back(text.substr(0, text.size() - 4));
  }
}

std::unique_ptr<ByteSource> NpzFile::open(const std::string& name) const {
  zip_file_t* const file = zip_fopen(archive_->zip, (name + ".npy").c_str(), 0);
  if (file == nullptr)
    throw Error(ErrorKind::input,
                fmt::format("{}: cannot read array '{}': {}", path_, name, zip_strerror(archive_->zip)));
  return std::make_unique<Archive::Source>(archive_, file, fmt::format("{}: {}", path_, name));
}

// --- .npy
// --------------------------------------------------------------------------------------------------------

NpyStream::NpyStream(std::unique_ptr<ByteSource> source, std::string name, Rows rows)
    : source_(std::move(source)), name_(std::move(name)) {
  constexpr std::size_t longest = 1 << 20;
  const auto start = peek_bytes(12);
  if (start.size() < 12 || std::memcmp(start.data(), mark.data(), mark.size()) != 0)
    refuse("is not an array of NumPy");
  const bool first_version = start[6] == 1;
  const std::size_t begin = first_version ? 10 : 12;
  const std::size_t size = first_version ? little_endian<std::uint16_t>(start.data() + 8)
                                         : little_endian<std::uint32_t>(start.data() + 8);
  if (size > longest) refuse("has a header over 1 MiB");
  const auto whole = peek_bytes(begin + size);
  if (whole.size() < begin + size) refuse("ends inside its header");
  parse(std::string(whole.begin() + static_cast<std::ptrdiff_t>(begin),
                    whole.begin() + static_cast<std::ptrdiff_t>(begin + size)),
        rows);
  begin_ += begin + size;
  offset_ = begin + size;
}

void NpyStream::refuse(std::string_view what) const {
  throw Error(ErrorKind::input, fmt::format("{}: {}", name_, what));
}

void NpyStream::parse_shape(const std::string& header, Rows rows) {
  Literal shape(header), order(header);
  if (!shape.find("shape") || !order.find("fortran_order")) refuse("has a damaged header");
  bool understood = shape.take('(') && shape.number(rows_) && shape.take(',');
  if (rows == Rows::of_table && understood) {
    const bool two = shape.number(columns_);
    if (two) shape.take(',');
    if (!two) columns_ = std::exchange(rows_, 1);
    order.take(' ');
    if (two && !order.starts_with("False"))
      refuse("is in the order of Fortran; save it by numpy.ascontiguousarray");
    if (!shape.take(')')) refuse("has more than two dimensions");
  } else if (!understood || !shape.take(')')) {
    refuse("has not one dimension; are these frames? Events are expected");
  }
}

void NpyStream::parse(const std::string& header, Rows rows) {
  Literal descr(header);
  if (!descr.find("descr")) refuse("has a damaged header");
  parse_shape(header, rows);
  std::vector<std::pair<std::string, std::string>> types;
  std::string name, type;
  if (descr.take('[')) {
    while (descr.take('(')) {
      if (!descr.word(name) || !descr.take(',') || !descr.word(type) || !descr.take(')'))
        refuse("has fields that are not single numbers");
      types.emplace_back(name, type);
      descr.take(',');
    }
    if (!descr.take(']')) refuse("has fields that are not single numbers");
  } else if (descr.word(type)) {
    types.emplace_back("", type);
  }
  for (const auto& [field_name, field_type] : types) {
    auto field = field_of(field_name, field_type);
    if (!field) refuse(fmt::format("holds '{}', which is no number", field_type.substr(0, 20)));
    field->offset = row_bytes_;
    row_bytes_ += field->bytes;
    if (field->kind != 'V') fields_.push_back(*field);
  }
  constexpr std::size_t widest_row = 1 << 16, most_columns = 1 << 24;
  if (fields_.empty() || row_bytes_ > widest_row) refuse("has a damaged header, or rows over 64 KiB");
  if (rows == Rows::entries) return;
  if (types.size() != 1 || columns_ < 1 || columns_ > most_columns)
    refuse("is no table of numbers, or has rows that are empty or longer than 2^24");
  row_bytes_ *= columns_;
}

std::span<const std::uint8_t> NpyStream::peek_bytes(std::size_t least) {
  if (end_ - begin_ < least && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  buffer_.resize(std::max({buffer_.size(), window_bytes, least}));
  while (end_ - begin_ < least) {
    const std::size_t got = source_->read(std::span(buffer_).subspan(end_));
    if (got == 0) break;
    end_ += got;
  }
  return std::span(buffer_).subspan(begin_, end_ - begin_);
}

std::span<const std::uint8_t> NpyStream::peek() {
  const auto bytes = peek_bytes(row_bytes_);
  return bytes.first(bytes.size() / row_bytes_ * row_bytes_);
}

void NpyStream::skip_rows(std::size_t rows) {
  begin_ += rows * row_bytes_;
  offset_ += rows * row_bytes_;
}

namespace {

std::uint64_t bits_of(const NpyField& field, const std::uint8_t* bytes) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < field.bytes; ++i)
    bits |= std::uint64_t{bytes[i]} << 8 * (field.big_endian ? field.bytes - 1 - i : i);
  return bits;
}

double float_of(const NpyField& field, std::uint64_t bits) {
  if (field.bytes == 2) return from_float16(static_cast<std::uint16_t>(bits));
  if (field.bytes == 8) return std::bit_cast<double>(bits);
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
}

}  // namespace

std::optional<std::int64_t> npy_integer(const NpyField& field, const std::uint8_t* row) {
  const std::uint64_t bits = bits_of(field, row + field.offset);
  if (field.kind == 'f') {
    constexpr double limit = 9e18;
    const double value = float_of(field, bits);
    if (!(std::abs(value) < limit)) return std::nullopt;
    return std::llround(value);
  }
  if (field.kind == 'i') {
    const std::size_t unused = 64 - 8 * field.bytes;
    return static_cast<std::int64_t>(bits << unused) >> unused;
  }
  if (bits >> 63 != 0) return std::nullopt;
  return static_cast<std::int64_t>(bits);
}

double npy_number(const NpyField& field, const std::uint8_t* row) {
  const std::uint64_t bits = bits_of(field, row + field.offset);
  if (field.kind == 'f') return float_of(field, bits);
  if (field.kind != 'i') return static_cast<double>(bits);
  const std::size_t unused = 64 - 8 * field.bytes;
  return static_cast<double>(static_cast<std::int64_t>(bits << unused) >> unused);
}

bool is_npy(const std::string& path) {
  const auto start = open_plain(path);
  std::array<std::uint8_t, mark.size()> bytes{};
  return start->read(bytes) == bytes.size() && std::memcmp(bytes.data(), mark.data(), mark.size()) == 0;
}

NumberTable read_npy_table(const std::string& path, std::uint64_t most) {
  const auto refuse = [&](std::string_view what) {
    throw Error(ErrorKind::input, fmt::format("{}: {}", path, what));
  };
  NpyStream stream(open_plain(path), path, NpyStream::Rows::of_table);
  NumberTable table{stream.rows(), stream.columns(), {}};
  if (table.rows > most / table.columns) refuse(fmt::format("holds more than {} numbers", most));
  const NpyField& field = stream.fields().front();
  for (std::uint64_t left = table.rows; left > 0;) {
    const auto bytes = stream.peek();
    const std::uint64_t rows = std::min<std::uint64_t>(left, bytes.size() / stream.row_bytes());
    if (rows == 0) refuse(fmt::format("ends {} rows early", left));
    for (std::uint64_t i = 0; i < rows * table.columns; ++i) {
      table.values.push_back(npy_number(field, bytes.data() + i * field.bytes));
      if (!std::isfinite(table.values.back()))
        refuse(fmt::format("value {} is not a finite number", table.values.size() - 1));
    }
    stream.skip_rows(static_cast<std::size_t>(rows));
    left -= rows;
  }
  return table;
}

}  // namespace synfire
