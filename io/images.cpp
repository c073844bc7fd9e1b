#include "io/images.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include "core/error.hpp"
#include "io/cifar.hpp"

namespace synfire {
namespace {

constexpr std::uint32_t unsigned_bytes = 0x08;  // the type of element, in the third byte of a file
constexpr std::uint64_t most_bytes = std::uint64_t(1) << 40;

std::uint32_t clipped(const IdxReader& file, std::uint32_t first, std::uint32_t count) {
  return count == all_items && first <= file.count() ? file.count() - first : count;
}

void check_extents(const IdxReader& file, std::size_t wanted, const char* what) {
  if (file.extents().size() == wanted) return;
  throw Error(ErrorKind::input, {file.path()},
              fmt::format("holds an array of {} extents [{}], not {}", file.extents().size(),
                          fmt::join(file.extents(), ", "), what));
}

}  // namespace

struct IdxReader::State {
  gzFile file = nullptr;

  ~State() {
    if (file != nullptr) gzclose(file);
  }
};

IdxReader::IdxReader(IdxReader&&) noexcept = default;
IdxReader& IdxReader::operator=(IdxReader&&) noexcept = default;
IdxReader::~IdxReader() = default;

IdxReader::IdxReader(const std::string& path) : path_(path), state_(std::make_unique<State>()) {
  state_->file = gzopen(path.c_str(), "rb");
  if (state_->file == nullptr)
    throw Error(ErrorKind::input, {path}, fmt::format("cannot be opened: {}", std::strerror(errno)));
  gzbuffer(state_->file, 1u << 17);
  read_header();
}

void IdxReader::refuse(std::uint64_t offset, const std::string& what) const {
  throw error_at_byte(path_, offset, what);
}

void IdxReader::read_header() {
  const std::uint32_t magic = read_word();
  const std::uint32_t type = magic >> 8, extents = magic & 0xFF;
  if (type != unsigned_bytes || extents < 1 || extents > 4)
    refuse(0, fmt::format("begins with {:#010x}, not as an IDX file of bytes (0x00000801 for labels, "
                          "0x00000803 for images)",
                          magic));
  std::uint64_t bytes = 1;
  for (std::uint32_t d = 0; d < extents; ++d) {
    extents_.push_back(read_word());
    if (d > 0 && extents_.back() == 0) refuse(offset_ - 4, "an extent of 0");
    bytes *= std::max(extents_.back(), 1u);
    if (bytes > most_bytes) refuse(offset_ - 4, fmt::format("sizes beyond {} bytes", most_bytes));
    if (d > 0) item_bytes_ *= extents_.back();
  }
  header_bytes_ = offset_;
}

std::uint32_t IdxReader::read_word() {
  std::vector<std::uint8_t> b;
  append(b, 4);
  return std::uint32_t(b[0]) << 24 | std::uint32_t(b[1]) << 16 | std::uint32_t(b[2]) << 8 | b[3];
}

std::size_t IdxReader::read_some(std::span<std::uint8_t> to) {
  const int read = gzread(state_->file, to.data(), static_cast<unsigned>(to.size()));
  int code = Z_OK;
  const char* const why = gzerror(state_->file, &code);
  if (read < 0 || (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR))
    refuse(offset_,
           fmt::format("cannot be unpacked or read: {}", code == Z_ERRNO ? std::strerror(errno) : why));
  offset_ += static_cast<std::uint64_t>(read);
  return static_cast<std::size_t>(read);
}

void IdxReader::append(std::vector<std::uint8_t>& bytes, std::uint64_t count) {
  constexpr std::uint64_t block = std::uint64_t(1) << 20;
  while (count > 0) {
    const std::size_t had = bytes.size(), step = static_cast<std::size_t>(std::min(count, block));
    bytes.resize(had + step);
    const std::size_t read = read_some(std::span(bytes).subspan(had));
    if (read < step)
      refuse(offset_, fmt::format("the file ends here, {} bytes before what its header promises; is it "
                                  "only a part?",
                                  count - read));
    count -= step;
  }
}

void IdxReader::seek(std::uint64_t offset) {
  if (offset == offset_) return;
  const bool there = gzseek(state_->file, static_cast<z_off_t>(offset), SEEK_SET) >= 0;
  if (!there) refuse(offset, "cannot be reached: the file ends before or is damaged");
  offset_ = offset;
}

void IdxReader::check_end() {
  std::array<std::uint8_t, 1> more{};
  const std::uint64_t end = offset_;
  if (read_some(more) > 0) refuse(end, "the file goes on after the last item that its header promises");
  int code = Z_OK;
  gzerror(state_->file, &code);
  if (code == Z_BUF_ERROR) refuse(end, "the packed file ends before its checksum; is it only a part?");
}

std::vector<std::uint8_t> IdxReader::read(std::uint32_t first, std::uint32_t count) {
  if (first > this->count() || count > this->count() - first)
    throw Error(ErrorKind::input, {path_},
                fmt::format("holds {} items; {} from number {} on are wanted", this->count(), count, first));
  seek(header_bytes_ + std::uint64_t(first) * item_bytes_);
  std::vector<std::uint8_t> bytes;
  append(bytes, std::uint64_t(count) * item_bytes_);
  if (first + count == this->count()) check_end();
  return bytes;
}

Images read_images(const std::string& path, std::uint32_t first, std::uint32_t count) {
  if (looks_like_cifar(path)) return read_cifar_images(path, first, count);
  IdxReader file(path);
  check_extents(file, 3, "images (count, height, width)");
  Images images{file.extents()[1], file.extents()[2], {}, 1};
  images.pixels = file.read(first, clipped(file, first, count));
  return images;
}

std::vector<std::uint8_t> read_labels(const std::string& path, std::uint32_t first, std::uint32_t count) {
  if (looks_like_cifar(path)) return read_cifar_labels(path, first, count);
  IdxReader file(path);
  check_extents(file, 1, "labels (count)");
  return file.read(first, clipped(file, first, count));
}

}  // namespace synfire
