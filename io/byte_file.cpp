#include "io/byte_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/error.hpp"

namespace synfire {

ErrorKind kind_of_failed_open(int reason) {
  constexpr std::array of_the_machine = {EACCES, EPERM, EMFILE, ENFILE, ENOMEM, EIO};
  const bool lacking =
      std::find(of_the_machine.begin(), of_the_machine.end(), reason) != of_the_machine.end();
  return lacking ? ErrorKind::resource : ErrorKind::input;
}

/// Plain files are read with read(2): zlib's own buffer would be a second copy of every byte.
struct ByteFile::State {
  int descriptor = -1;
  gzFile packed = nullptr;
  bool ended = false;

  ~State() {
    if (packed != nullptr) {
      gzclose(packed);
    } else if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
};

ByteFile::ByteFile(const std::string& path, std::size_t window)
    : path_(path), window_(window), state_(std::make_unique<State>()) {
  const auto unreadable = [&path] {
    return Error(kind_of_failed_open(errno), fmt::format("{}: cannot read: {}", path, std::strerror(errno)));
  };
  state_->descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state_->descriptor < 0) throw unreadable();
  struct stat about {};
  if (::fstat(state_->descriptor, &about) != 0) throw unreadable();
  if (S_ISDIR(about.st_mode)) {
    errno = EISDIR;
    throw unreadable();
  }
  size_ = static_cast<std::uint64_t>(about.st_size);
  const auto head = peek(2);
  gzip_ = head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b;
  if (!gzip_) return;
  if (::lseek(state_->descriptor, 0, SEEK_SET) != 0) throw unreadable();
  state_->packed = gzdopen(state_->descriptor, "rb");
  if (state_->packed == nullptr)
    throw Error(ErrorKind::resource, fmt::format("{}: no memory for zlib", path));
  gzbuffer(state_->packed, 1 << 17);
  state_->ended = false;
  begin_ = end_ = 0;
}

ByteFile::ByteFile(ByteFile&&) noexcept = default;
ByteFile& ByteFile::operator=(ByteFile&&) noexcept = default;
ByteFile::~ByteFile() = default;

/// Small files need no large window: many of them are opened one after another.
std::size_t ByteFile::first_window() const {
  constexpr std::uint64_t least = 4096;
  return std::clamp<std::uint64_t>(gzip_ ? 8 * size_ : size_ + 1, least, window_);
}

std::size_t ByteFile::fetch(std::span<std::uint8_t> to) {
  if (state_->packed != nullptr) {
    const int got =
        gzread(state_->packed, to.data(), static_cast<unsigned>(std::min<std::size_t>(to.size(), 1 << 30)));
    int code = Z_OK;
    const char* const reason = gzerror(state_->packed, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
      refuse(offset_ + (end_ - begin_), fmt::format("damaged gzip data ({})", reason));
    return static_cast<std::size_t>(got);
  }
  while (true) {
    const auto got = ::read(state_->descriptor, to.data(), to.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR)
      throw Error(ErrorKind::input, fmt::format("{}: cannot read on: {}", path_, std::strerror(errno)));
  }
}

std::span<const std::uint8_t> ByteFile::peek(std::size_t least) {
  if (end_ - begin_ < least && !state_->ended && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < least && !state_->ended) {
    // Doubles, so that a length claimed by a damaged file takes no more memory than twice the bytes there
    // are.
    if (buffer_.size() == end_) buffer_.resize(std::max(first_window(), 2 * buffer_.size()));
    const std::size_t got = fetch(std::span(buffer_).subspan(end_));
    state_->ended = got == 0;
    end_ += got;
  }
  return std::span(buffer_).subspan(begin_, end_ - begin_);
}

void ByteFile::skip(std::size_t count) {
  begin_ += count;
  offset_ += count;
}

void ByteFile::seek(std::uint64_t offset) {
  if (offset >= offset_ && offset - offset_ <= end_ - begin_) return skip(offset - offset_);
  const auto failed = [this] {
    return Error(ErrorKind::input,
                 fmt::format("{}: cannot go to another place: {}", path_, std::strerror(errno)));
  };
  begin_ = end_ = 0;
  state_->ended = false;
  offset_ = offset;
  if (state_->packed != nullptr) {
    if (gzseek(state_->packed, static_cast<z_off_t>(offset), SEEK_SET) < 0) throw failed();
  } else if (::lseek(state_->descriptor, static_cast<off_t>(offset), SEEK_SET) < 0) {
    throw failed();
  }
}

bool ByteFile::line(std::string& text, std::string_view start, std::size_t longest) {
  std::size_t length = 0;
  for (std::size_t least = std::max<std::size_t>(256, start.size());; least *= 2) {
    const auto ahead = peek(least);
    const std::string_view bytes(reinterpret_cast<const char*>(ahead.data()), ahead.size());
    if (bytes.empty() || !bytes.starts_with(start)) return false;
    length = bytes.find('\n');
    const bool ends = length != std::string_view::npos || ahead.size() < least;
    if (!ends && ahead.size() <= longest) continue;
    if (!ends || std::min(length, bytes.size()) > longest) return false;
    text = bytes.substr(0, length);
    skip(std::min(text.size() + 1, bytes.size()));
    if (text.ends_with('\r')) text.pop_back();
    return true;
  }
}

void ByteFile::refuse(std::uint64_t offset, std::string_view what) const {
  throw error_at_byte(path_, offset, what);
}

NewFile::NewFile(const std::string& path) : path_(path), unfinished_(path + ".unfinished") {
  stream_ = std::fopen(unfinished_.c_str(), "wb");
  if (stream_ == nullptr)
    throw Error(ErrorKind::resource, fmt::format("{}: cannot create: {}", path, std::strerror(errno)));
  std::setvbuf(stream_, nullptr, _IOFBF, 1 << 18);
}

NewFile::~NewFile() {
  if (stream_ != nullptr) std::fclose(stream_);
  if (!finished_) std::remove(unfinished_.c_str());
}

void NewFile::fail() const {
  throw Error(ErrorKind::resource, fmt::format("{}: cannot write: {}", path_, std::strerror(errno)));
}

void NewFile::put(std::span<const std::uint8_t> bytes) {
  if (stream_ == nullptr) throw Error(ErrorKind::internal, fmt::format("{}: is finished already", path_));
  if (bytes.empty()) return;
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) != bytes.size()) fail();
  offset_ += bytes.size();
}

void NewFile::put(std::string_view text) {
  put(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void NewFile::replace(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  if (stream_ == nullptr || offset > offset_ || bytes.size() > offset_ - offset)
    throw Error(ErrorKind::internal, fmt::format("{}: has no such bytes to replace", path_));
  const bool done = ::fseeko(stream_, static_cast<off_t>(offset), SEEK_SET) == 0 &&
                    std::fwrite(bytes.data(), 1, bytes.size(), stream_) == bytes.size() &&
                    ::fseeko(stream_, 0, SEEK_END) == 0;
  if (!done) fail();
}

void NewFile::finish() {
  if (stream_ == nullptr) return;
  std::FILE* const stream = stream_;
  stream_ = nullptr;
  if (std::fclose(stream) != 0 || std::rename(unfinished_.c_str(), path_.c_str()) != 0) fail();
  finished_ = true;
}

}  // namespace synfire
