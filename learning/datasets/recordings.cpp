// Sets whose items are recordings in files of their own, or in parts of files.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/csv.hpp"
#include "io/events/formats.hpp"
#include "io/hdf5.hpp"
#include "learning/datasets/kinds.hpp"
#include "learning/recording.hpp"

namespace synfire::datasets {

namespace {

namespace fs = std::filesystem;

/// One item: a file, one of the recordings in it, a stretch of its time.
struct Recording {
  std::string path;
  std::uint32_t label = 0;
  Part part = Part::train;
  std::uint64_t sample = 0;
  std::string speaker = {};
  std::int64_t from_us = std::numeric_limits<std::int64_t>::min(),
               until_us = std::numeric_limits<std::int64_t>::max();
};

class RecordingSet final : public DataSet {
 public:
  /// The sensor is that of the first recording. `lists` are files that say the labels.
  RecordingSet(std::string_view kind, std::vector<std::string> classes, std::vector<Recording> recordings,
               std::vector<std::string> lists)
      : kind_(kind),
        classes_(std::move(classes)),
        recordings_(std::move(recordings)),
        lists_(std::move(lists)) {
    const Recording& first = recordings_.front();
    const SensorInfo sensor = recording_sensor(first.path, {.sample = first.sample});
    shape_ = {.audio = sensor.audio,
              .width = sensor.width,
              .height = sensor.height,
              .channels = sensor.audio ? 1U : 2U};
  }

  std::string_view kind() const override { return kind_; }
  const ItemShape& shape() const override { return shape_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::size_t size() const override { return recordings_.size(); }
  std::uint32_t label(std::size_t item) const override { return recordings_[item].label; }
  Part part(std::size_t item) const override { return recordings_[item].part; }
  std::string speaker(std::size_t item) const override { return recordings_[item].speaker; }
  std::string source(std::size_t item) const override { return recordings_[item].path; }
  std::vector<std::string> files() const override {
    std::vector<std::string> all = DataSet::files();
    all.insert(all.end(), lists_.begin(), lists_.end());
    return all;
  }

  DataItem item(std::size_t number) const override {
    constexpr std::size_t most_events = std::size_t(1) << 26;
    const Recording& recording = recordings_[number];
    const auto reader = open(recording);
    DataItem item{recording.label, {}, {}};
    std::vector<Event> block(std::size_t(1) << 13);
    for (std::size_t n = reader->read(block); n > 0; n = reader->read(block)) {
      for (const Event& event : std::span(block).first(n))
        if (event.t_us >= recording.from_us && event.t_us < recording.until_us) item.events.push_back(event);
      if (item.events.size() > most_events)
        throw Error(ErrorKind::input,
                    fmt::format("{}: more than {} events for one item", recording.path, most_events));
      if (block[n - 1].t_us >= recording.until_us && block[0].t_us >= recording.until_us) break;
    }
    begin_at_zero(item.events, reader->sensor().audio);
    return item;
  }

 private:
  static std::unique_ptr<EventReader> open(const Recording& recording) {
    return open_recording(recording.path, {.sample = recording.sample});
  }
  /// Words begin when their sound does, recordings of cameras with their first event.
  static void begin_at_zero(std::vector<Event>& events, bool audio) {
    if (audio || events.empty()) return;
    const std::int64_t first = events.front().t_us;
    for (Event& event : events)
      if (__builtin_sub_overflow(event.t_us, first, &event.t_us))
        event.t_us = std::numeric_limits<std::int64_t>::max();
  }

  std::string kind_;
  std::vector<std::string> classes_;
  std::vector<Recording> recordings_;
  std::vector<std::string> lists_;
  ItemShape shape_;
};

std::unique_ptr<DataSet> made(std::string_view kind, std::vector<std::string> classes,
                              std::vector<Recording> recordings, std::vector<std::string> lists = {}) {
  if (recordings.empty()) return nullptr;
  return std::make_unique<RecordingSet>(kind, std::move(classes), std::move(recordings), std::move(lists));
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (!entry.path().filename().string().starts_with(".")) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// "0", "1", ..., up to the largest label.
std::vector<std::string> numbered(const std::vector<Recording>& recordings) {
  std::uint32_t most = 0;
  for (const Recording& r : recordings) most = std::max(most, r.label);
  std::vector<std::string> names;
  for (std::uint32_t k = 0; k <= most; ++k) names.push_back(fmt::format("{}", k));
  return names;
}

constexpr std::uint64_t largest_label = 100000;

Part part_named(const std::string& name) {
  return name.find("test") != std::string::npos ? Part::test : Part::train;
}

// --- files with many recordings

void add_packed(const std::string& path, Part part, std::vector<Recording>& recordings) {
  const auto reader = open_recording(path);
  const auto samples = reader->sensor().samples;
  std::vector<std::int64_t> labels;
  const hdf5::File file = hdf5::File::open(path);
  if (file.has_dataset("labels")) labels = file.dataset("labels").read<std::int64_t>();
  if (labels.size() != samples)
    throw Error(ErrorKind::input,
                fmt::format("{}: {} recordings, but {} labels", path, samples, labels.size()));
  std::vector<std::uint64_t> speakers;
  if (file.has_dataset("extra/speaker")) speakers = file.dataset("extra/speaker").read<std::uint64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] > std::int64_t(largest_label))
      throw Error(ErrorKind::input,
                  fmt::format("{}: label {} of recording {} is out of range", path, labels[i], i));
    recordings.push_back({.path = path,
                          .label = static_cast<std::uint32_t>(labels[i]),
                          .part = part,
                          .sample = i,
                          .speaker = i < speakers.size() ? fmt::format("{}", speakers[i]) : ""});
  }
}

bool is_packed(const fs::path& path) {
  if (!is_file(path) || !hdf5::File::is_hdf5(path.string())) return false;
  const hdf5::File file = hdf5::File::open(path.string());
  return file.has_group("spikes") && file.has_dataset("labels");
}

// --- names and tables

/// The index of a class by its name, a new one for a new name.
class ClassNames {
 public:
  std::uint32_t operator()(const std::string& name) {
    const auto [at, is_new] = numbers_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
    if (is_new) names_.push_back(name);
    return at->second;
  }
  std::vector<std::string> names() const { return names_; }

 private:
  std::map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> names_;
};

/// What stands under a folder for each class.
void add_classes(const fs::path& folder, Part part, ClassNames& classes, std::vector<Recording>& recordings) {
  for (const fs::path& of_class : sorted_entries(folder)) {
    if (!is_folder(of_class)) continue;
    for (const fs::path& file : sorted_entries(of_class))
      if (is_file(file))
        recordings.push_back(
            {.path = file.string(), .label = classes(of_class.filename().string()), .part = part});
  }
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::unique_ptr<DataSet> open_packed(const std::string& path) {
  std::vector<Recording> recordings;
  if (!is_folder(path)) {
    if (!is_packed(path)) return nullptr;
    add_packed(path, part_named(fs::path(path).filename().string()), recordings);
  } else {
    for (const fs::path& file : sorted_entries(path)) {
      const std::string name = file.filename().string();
      if ((name.ends_with(".h5") || name.ends_with(".hdf5")) && is_packed(file))
        add_packed(file.string(), part_named(name), recordings);
    }
  }
  auto classes = numbered(recordings);
  return made("shd", std::move(classes), std::move(recordings));
}

std::unique_ptr<DataSet> open_listed(const std::string& path) {
  const fs::path list = fs::path(path) / "labels.csv";
  if (!is_file(list)) return nullptr;
  CsvReader table(list.string());
  const auto file = table.find({"file"}), label = table.find({"label"});
  if (!file || !label) throw table.error("has no columns called file and label");
  std::vector<Recording> recordings;
  while (table.next()) {
    const fs::path name = std::string(table.text(*file));
    const std::uint64_t number = table.whole(*label);
    if (number > largest_label) throw table.error(*label, "is too large for a label");
    if (!is_file(fs::path(path) / name)) throw table.error(*file, "there is no such file");
    recordings.push_back({.path = (fs::path(path) / name).string(),
                          .label = static_cast<std::uint32_t>(number),
                          .part = part_named(name.parent_path().string())});
  }
  auto classes = numbered(recordings);
  return made("listed", std::move(classes), std::move(recordings), {list.string()});
}

std::unique_ptr<DataSet> open_folders(const std::string& path) {
  if (!is_folder(path)) return nullptr;
  ClassNames classes;
  std::vector<Recording> recordings;
  bool parted = false;
  for (const fs::path& entry : sorted_entries(path)) {
    std::string name = entry.filename().string();
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (!is_folder(entry) || (name != "train" && name != "test")) continue;
    parted = true;
    add_classes(entry, part_named(name), classes, recordings);
  }
  if (!parted) add_classes(path, Part::train, classes, recordings);
  return made("folders", classes.names(), std::move(recordings));
}

std::unique_ptr<DataSet> open_spoken_digits(const std::string& path) {
  if (!is_folder(path)) return nullptr;
  const fs::path below = fs::path(path) / "recordings";
  std::vector<Recording> recordings;
  for (const fs::path& file : sorted_entries(is_folder(below) ? below : fs::path(path))) {
    if (file.extension() != ".wav") continue;
    const auto name = spoken_digit_name(file.string());
    if (!name) return nullptr;
    constexpr int test_indices = 5;  // as its makers say: 0 to 4 of each speaker and digit
    recordings.push_back({.path = file.string(),
                          .label = static_cast<std::uint32_t>(name->digit),
                          .part = name->index < test_indices ? Part::test : Part::train,
                          .speaker = name->speaker});
  }
  auto classes = numbered(recordings);
  return made("spoken_digits", std::move(classes), std::move(recordings));
}

std::unique_ptr<DataSet> open_gestures(const std::string& path) {
  if (!is_file(fs::path(path) / "trials_to_train.txt")) return nullptr;
  std::vector<Recording> recordings;
  std::vector<std::string> lists;
  for (const auto& [list, part] :
       {std::pair{"trials_to_train.txt", Part::train}, std::pair{"trials_to_test.txt", Part::test}}) {
    lists.push_back((fs::path(path) / list).string());
    for (const std::string& name : lines_of(fs::path(path) / list)) {
      const fs::path file = fs::path(path) / name;
      if (!is_file(file))
        throw Error(ErrorKind::input,
                    fmt::format("{}: {} is not there", (fs::path(path) / list).string(), name));
      lists.push_back((fs::path(path) / (file.stem().string() + "_labels.csv")).string());
      CsvReader table(lists.back());
      const auto label = table.find({"class"}), from = table.find({"starttime_usec"}),
                 until = table.find({"endtime_usec"});
      if (!label || !from || !until) throw table.error("has no columns class, startTime_usec, endTime_usec");
      while (table.next()) {
        const std::uint64_t number = table.whole(*label), begin = table.whole(*from),
                            end = table.whole(*until);
        if (number < 1 || number > largest_label) throw table.error(*label, "classes are counted from 1");
        if (end > std::uint64_t(std::numeric_limits<std::int64_t>::max()) || begin > end)
          throw table.error(*until, "does not come after the start");
        recordings.push_back({.path = file.string(),
                              .label = static_cast<std::uint32_t>(number - 1),
                              .part = part,
                              .from_us = static_cast<std::int64_t>(begin),
                              .until_us = static_cast<std::int64_t>(end)});
      }
    }
  }
  std::vector<std::string> classes = numbered(recordings);
  for (std::size_t k = 0; k < classes.size(); ++k) classes[k] = fmt::format("{}", k + 1);
  return made("dvs_gesture", std::move(classes), std::move(recordings), std::move(lists));
}

}  // namespace synfire::datasets
