// Images and their labels: IDX files, the form that MNIST and its relatives come in, and the binary files of
// CIFAR-10 and CIFAR-100; gzip or plain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace synfire {

/// Images of one size, plane after plane (red, green, blue where there are three), row after row from the
/// top, 0 (black) to 255.
struct Images {
  std::uint32_t height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  ///< image after image
  std::uint32_t channels = 1;

  std::size_t pixels_each() const { return std::size_t(channels) * height * width; }
  std::size_t count() const { return pixels_each() == 0 ? 0 : pixels.size() / pixels_each(); }
  std::span<const std::uint8_t> operator[](std::size_t i) const {
    return std::span(pixels).subspan(i * pixels_each(), pixels_each());
  }
};

/// An open IDX file of bytes: items of equal size, one after another. Every failure is an Error(input) that
/// names the file and, once it is open, the byte of the unpacked data.
class IdxReader {
 public:
  explicit IdxReader(const std::string& path);
  IdxReader(IdxReader&&) noexcept;
  IdxReader& operator=(IdxReader&&) noexcept;
  ~IdxReader();

  const std::string& path() const { return path_; }
  /// As the header says, slowest first: [count], or [count, height, width].
  const std::vector<std::uint32_t>& extents() const { return extents_; }
  std::uint32_t count() const { return extents_.front(); }
  std::size_t item_bytes() const { return item_bytes_; }

  /// Items [first, first + count). Memory is taken as bytes really come, whatever the header claims. Reading
  /// the last item also checks that the file ends there, and what gzip keeps to verify its contents.
  std::vector<std::uint8_t> read(std::uint32_t first, std::uint32_t count);

 private:
  std::uint32_t read_word();
  void read_header();
  void seek(std::uint64_t offset);
  void append(std::vector<std::uint8_t>& bytes, std::uint64_t count);
  std::size_t read_some(std::span<std::uint8_t> to);
  void check_end();
  [[noreturn]] void refuse(std::uint64_t offset, const std::string& what) const;

  std::string path_;
  struct State;
  std::unique_ptr<State> state_;
  std::vector<std::uint32_t> extents_;
  std::size_t item_bytes_ = 1, header_bytes_ = 4;
  std::uint64_t offset_ = 0;
};

inline constexpr std::uint32_t all_items = std::numeric_limits<std::uint32_t>::max();

/// True for a file that is no IDX file and as long as whole records of CIFAR-10 (3073 bytes: label, 32 x 32
/// red, green, blue) or CIFAR-100 (3074 bytes, two labels).
bool is_cifar(const std::string& path);

/// Images [first, first + count) of an IDX file with three extents, or of a CIFAR file; fewer when the file
/// ends before and `count` is all_items. Errors: damaged; neither of them; for CIFAR also a remainder behind
/// the last record.
Images read_images(const std::string& path, std::uint32_t first = 0, std::uint32_t count = all_items);

/// Labels of an IDX file with one extent, or of a CIFAR file; of CIFAR-100 the fine ones. Errors: as
/// read_images; labels that the set has not got.
std::vector<std::uint8_t> read_labels(const std::string& path, std::uint32_t first = 0,
                                      std::uint32_t count = all_items);

}  // namespace synfire
