#include "io/cifar.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/byte_file.hpp"

namespace synfire {

namespace {

constexpr std::uint32_t side = 32, planes = 3;
constexpr std::size_t image_bytes = std::size_t{planes} * side * side;

/// A file of records, each of one or two labels and an image.
class CifarFile {
 public:
  explicit CifarFile(const std::string& path) : file_(path), bytes_(length_of(file_)) {
    if (bytes_ % (image_bytes + 1) == 0) {
      label_bytes_ = 1;
    } else if (bytes_ % (image_bytes + 2) == 0) {
      label_bytes_ = 2;
    } else {
      file_.refuse(
          bytes_,
          fmt::format("the file ends here, inside a record: its length is no multiple of {} (CIFAR-10) or "
                      "{} bytes (CIFAR-100), and it does not begin as IDX files do",
                      image_bytes + 1, image_bytes + 2));
    }
  }

  std::uint64_t count() const { return bytes_ / record_bytes(); }

  /// Calls `take(label, image)` for records [first, first + count).
  template <class Take> void read(std::uint32_t first, std::uint32_t count, Take&& take) {
    const std::uint64_t all = this->count();
    if (count == all_items && first <= all) count = static_cast<std::uint32_t>(all - first);
    if (first > all || count > all - first)
      throw Error(ErrorKind::input, {file_.path()},
                  fmt::format("holds {} items; {} from number {} on are wanted", all, count, first));
    file_.seek(std::uint64_t{first} * record_bytes());
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto record = file_.peek(record_bytes());
      if (record.size() < record_bytes())
        file_.refuse(file_.offset() + record.size(), "the file ends inside a record");
      check_labels(record);
      take(record[label_bytes_ - 1], record.subspan(label_bytes_, image_bytes));
      file_.skip(record_bytes());
    }
  }

 private:
  std::size_t record_bytes() const { return label_bytes_ + image_bytes; }

  static std::uint64_t length_of(ByteFile& file) {
    if (!file.gzip()) return file.size();
    for (auto ahead = file.peek(); !ahead.empty(); ahead = file.peek()) file.skip(ahead.size());
    return file.offset();
  }

  void check_labels(std::span<const std::uint8_t> record) const {
    const bool small = label_bytes_ == 1;
    const std::uint8_t last = record[label_bytes_ - 1], classes = small ? 10 : 100;
    if (last >= classes || (!small && record[0] >= 20))
      file_.refuse(file_.offset(), fmt::format("a label {} that CIFAR-{} has not got", last, classes));
  }

  ByteFile file_;
  std::uint64_t bytes_ = 0;
  std::size_t label_bytes_ = 1;
};

}  // namespace

bool looks_like_cifar(const std::string& path) {
  try {
    ByteFile file(path);
    const auto start = file.peek(image_bytes);
    const bool idx = start.size() >= 4 && start[0] == 0 && start[1] == 0 && start[2] == 8 && start[3] <= 4;
    return start.size() >= image_bytes && !idx;
  } catch (const Error&) {
    return false;  // the reader of IDX tells what is wrong
  }
}

bool is_cifar(const std::string& path) {
  if (!looks_like_cifar(path)) return false;
  try {
    CifarFile file(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Images read_cifar_images(const std::string& path, std::uint32_t first, std::uint32_t count) {
  Images images{side, side, {}, planes};
  CifarFile(path).read(first, count, [&images](std::uint8_t, std::span<const std::uint8_t> image) {
    images.pixels.insert(images.pixels.end(), image.begin(), image.end());
  });
  return images;
}

std::vector<std::uint8_t> read_cifar_labels(const std::string& path, std::uint32_t first,
                                            std::uint32_t count) {
  std::vector<std::uint8_t> labels;
  CifarFile(path).read(first, count, [&labels](std::uint8_t label, std::span<const std::uint8_t>) {
    labels.push_back(label);
  });
  return labels;
}

}  // namespace synfire
