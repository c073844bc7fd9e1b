#include "io/images.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <fmt/format.h>

#include "core/error.hpp"
#include "learning/datasets/kinds.hpp"

namespace synfire::datasets {

namespace {

namespace fs = std::filesystem;

/// Images of one file, one after another.
struct ImageFile {
  std::string path;
  Part part = Part::train;
  std::size_t first = 0;  ///< number of its first item
  std::vector<std::uint8_t> labels;
};

class ImageSet : public DataSet {
 public:
  const ItemShape& shape() const override { return shape_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::size_t size() const override {
    return files_.empty() ? 0 : files_.back().first + files_.back().labels.size();
  }
  std::uint32_t label(std::size_t item) const override {
    const ImageFile& file = files_[file_of(item)];
    return file.labels[item - file.first];
  }
  Part part(std::size_t item) const override { return files_[file_of(item)].part; }
  std::string source(std::size_t item) const override { return files_[file_of(item)].path; }

 protected:
  std::size_t file_of(std::size_t item) const {
    const auto after = std::upper_bound(files_.begin(), files_.end(), item,
                                        [](std::size_t i, const ImageFile& file) { return i < file.first; });
    return static_cast<std::size_t>(after - files_.begin()) - 1;
  }
  void add(ImageFile file) {
    file.first = size();
    for (const std::uint8_t label : file.labels)
      while (classes_.size() <= label) classes_.push_back(fmt::format("{}", classes_.size()));
    files_.push_back(std::move(file));
  }

  ItemShape shape_{.images = true};
  std::vector<std::string> classes_;
  std::vector<ImageFile> files_;
};

// --- MNIST and its relatives

struct IdxNames {
  std::string images, labels;
  Part part;
};

/// train-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz and the like, where both files are there.
std::vector<IdxNames> idx_files(const fs::path& folder) {
  std::vector<IdxNames> found;
  for (const auto& [set, part] : {std::pair{"train", Part::train}, std::pair{"t10k", Part::test}}) {
    const auto find = [&folder, set = std::string(set)](std::string_view what, std::string_view form) {
      for (const char* const joint : {"-", "."})
        for (const char* const ending : {"", ".gz"}) {
          const fs::path path = folder / fmt::format("{}-{}{}{}-ubyte{}", set, what, joint, form, ending);
          std::error_code ignored;
          if (fs::is_regular_file(path, ignored)) return path.string();
        }
      return std::string();
    };
    IdxNames names{find("images", "idx3"), find("labels", "idx1"), part};
    if (!names.images.empty() && !names.labels.empty()) found.push_back(std::move(names));
  }
  return found;
}

class IdxSet final : public ImageSet {
 public:
  explicit IdxSet(const std::vector<IdxNames>& names) {
    for (const IdxNames& each : names) {
      auto& reader = readers_.emplace_back(std::make_unique<Reader>(each.images));
      const auto& extents = reader->file.extents();
      if (extents.size() != 3)
        throw Error(ErrorKind::input, fmt::format("{}: holds no images (count, height, width)", each.images));
      ImageFile file{each.images, each.part, 0, read_labels(each.labels)};
      if (file.labels.size() != extents[0])
        throw Error(ErrorKind::input, fmt::format("{}: holds {} labels for {} images", each.labels,
                                                  file.labels.size(), extents[0]));
      const ItemShape shape{.images = true, .width = extents[2], .height = extents[1]};
      if (!files_.empty() && shape.neurons() != shape_.neurons())
        throw Error(ErrorKind::input, fmt::format("{}: its images are of another size than those of {}",
                                                  each.images, files_[0].path));
      shape_ = shape;
      label_files_.push_back(each.labels);
      add(std::move(file));
    }
  }
  std::string_view kind() const override { return "idx"; }
  std::vector<std::string> files() const override {
    std::vector<std::string> all = ImageSet::files();
    all.insert(all.end(), label_files_.begin(), label_files_.end());
    return all;
  }
  DataItem item(std::size_t number) const override {
    const std::size_t file = file_of(number), within = number - files_[file].first;
    return {label(number), readers_[file]->image(within), {}};
  }

 private:
  /// A packed file is unpacked once, as there is no way to go to a place in it.
  struct Reader {
    explicit Reader(const std::string& path) : file(path), packed(path.ends_with(".gz")) {}

    std::vector<std::uint8_t> image(std::size_t number) {
      const std::lock_guard lock(mutex);
      if (!packed) return file.read(static_cast<std::uint32_t>(number), 1);
      if (unpacked.empty()) unpacked = file.read(0, file.count());
      const auto begin = unpacked.begin() + static_cast<std::ptrdiff_t>(number * file.item_bytes());
      return {begin, begin + static_cast<std::ptrdiff_t>(file.item_bytes())};
    }

    std::mutex mutex;
    IdxReader file;
    bool packed;
    std::vector<std::uint8_t> unpacked;
  };
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::string> label_files_;
};

// --- CIFAR

class CifarSet final : public ImageSet {
 public:
  explicit CifarSet(std::vector<std::pair<std::string, Part>> paths) {
    std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) {
      return std::pair(a.second, a.first) < std::pair(b.second, b.first);
    });
    for (auto& [path, part] : paths) add({path, part, 0, read_labels(path)});
    const Images first = read_images(files_.front().path, 0, 1);
    shape_ = {.images = true, .width = first.width, .height = first.height, .channels = first.channels};
    const fs::path folder = fs::path(files_.front().path).parent_path();
    const bool ten = classes_.size() <= 10;
    kind_ = ten ? "cifar10" : "cifar100";
    name_classes(folder / (ten ? "batches.meta.txt" : "fine_label_names.txt"), ten ? 10 : 100);
  }
  std::string_view kind() const override { return kind_; }
  DataItem item(std::size_t number) const override {
    const ImageFile& file = files_[file_of(number)];
    const Images image = read_images(file.path, static_cast<std::uint32_t>(number - file.first), 1);
    const std::size_t plane = std::size_t(image.width) * image.height;
    DataItem item{label(number), std::vector<std::uint8_t>(image.pixels.size()), {}};
    for (std::size_t c = 0; c < image.channels; ++c)
      for (std::size_t i = 0; i < plane; ++i)
        item.pixels[i * image.channels + c] = image.pixels[c * plane + i];
    return item;
  }

 private:
  void name_classes(const fs::path& list, std::size_t count) {
    for (std::size_t k = classes_.size(); k < count; ++k) classes_.push_back(fmt::format("{}", k));
    std::ifstream stream(list);
    std::size_t k = 0;
    for (std::string name; k < count && std::getline(stream, name); ++k) {
      if (name.ends_with('\r')) name.pop_back();
      if (!name.empty()) classes_[k] = name;
    }
  }

  std::string_view kind_;
};

}  // namespace

std::unique_ptr<DataSet> open_idx(const std::string& path) {
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  auto names = idx_files(folder ? fs::path(path) : fs::path(path).parent_path());
  if (!folder)
    std::erase_if(names, [&path](const IdxNames& each) {
      std::error_code none;
      return !fs::equivalent(each.images, path, none);
    });
  return names.empty() ? nullptr : std::make_unique<IdxSet>(names);
}

std::unique_ptr<DataSet> open_cifar(const std::string& path) {
  const auto part_of = [](const fs::path& file) {
    return file.filename().string().starts_with("test") ? Part::test : Part::train;
  };
  const auto named = [](const fs::path& file) {
    const std::string name = file.filename().string();
    return name == "train.bin" || name == "test.bin" ||
           (name.ends_with(".bin") && (name.starts_with("data_batch") || name.starts_with("test_batch")));
  };
  std::error_code ignored;
  std::vector<std::pair<std::string, Part>> files;
  if (!fs::is_directory(path, ignored)) {
    if (named(path) && is_cifar(path)) files.emplace_back(path, part_of(path));
  } else {
    for (const auto& entry : fs::directory_iterator(path))
      if (named(entry.path())) files.emplace_back(entry.path().string(), part_of(entry.path()));
  }
  return files.empty() ? nullptr : std::make_unique<CifarSet>(std::move(files));
}

}  // namespace synfire::datasets
