#include "cli/compress.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/event_options.hpp"
#include "cli/files.hpp"
#include "core/error.hpp"
#include "io/events/convert.hpp"
#include "io/text.hpp"
#include "learning/datasets/dataset.hpp"
#include "learning/event_sampler.hpp"
#include "learning/recording.hpp"

namespace synfire::cli {
namespace {

namespace fs = std::filesystem;

struct Saved {
  std::uint64_t recordings = 0, events = 0, kept = 0, bytes_before = 0, bytes_after = 0;

  void add(const Saved& other) {
    recordings += other.recordings, events += other.events, kept += other.kept;
    bytes_before += other.bytes_before, bytes_after += other.bytes_after;
  }
  static double part(std::uint64_t of, std::uint64_t all) { return all > 0 ? double(of) / double(all) : 0; }
};

Saved compress_file(const CompressArguments& arguments, const learning::TrainedFile& trained,
                    const std::string& input, const std::string& output) {
  const auto sensor = recording_sensor(input, arguments.options);
  if (sensor.samples > 1)
    throw Error(ErrorKind::input,
                fmt::format("{}: it holds {} recordings; `synfire convert {} ONE --sample N` takes one out",
                            input, sensor.samples, input));
  const OpenRecording open = [&] {
    return std::make_unique<OrderedReader>(
        input, [&] { return open_recording(input, arguments.options); }, arguments.options.lenient);
  };
  Conversion conversion{.input = input, .output = output, .format = sensor.format};
  conversion.overwrite = arguments.overwrite;
  conversion.open = [&] {
    return std::make_unique<learning::SampledReader>(
        std::make_unique<learning::EventSampler>(trained, sensor), open);
  };
  const ConversionReport report = convert_events(conversion);
  print_warnings(report.warnings);
  Saved saved{1, 0, report.written, fs::file_size(input), fs::file_size(output)};
  std::vector<Event> block(std::size_t(1) << 14);
  const auto all = open();
  for (std::size_t n = all->read(block); n > 0; n = all->read(block)) saved.events += n;
  return saved;
}

// Recordings keep their places below the folder; what says their labels is copied.
Saved compress_set(const CompressArguments& arguments, const learning::TrainedFile& trained) {
  const auto set = open_dataset(arguments.input);
  if (set->shape().images)
    throw Error(ErrorKind::usage, fmt::format("{}: a set of images has no events to keep", arguments.input));
  std::set<std::string> recordings;
  for (std::size_t k = 0; k < set->size(); ++k) recordings.insert(set->source(k));
  std::error_code ignored;
  if (fs::exists(arguments.output, ignored) && !arguments.overwrite)
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: exists; name another folder, or write into it with --force", arguments.output));
  Saved saved;
  for (const std::string& file : set->files()) {
    const fs::path to = fs::path(arguments.output) / fs::relative(file, arguments.input);
    fs::create_directories(to.parent_path());
    if (recordings.contains(file)) {
      saved.add(compress_file(arguments, trained, file, to.string()));
    } else {
      fs::copy_file(file, to, fs::copy_options::overwrite_existing);
    }
  }
  return saved;
}

}  // namespace

void compress_events(const CompressArguments& arguments) {
  keep_files(arguments.output, {arguments.input, arguments.trained});
  const learning::TrainedFile trained = learning::read_trained(arguments.trained);
  std::error_code ignored;
  const Saved saved = fs::is_directory(arguments.input, ignored)
                          ? compress_set(arguments, trained)
                          : compress_file(arguments, trained, arguments.input, arguments.output);
  if (arguments.json) {
    const nlohmann::ordered_json report = {{"recordings", saved.recordings},
                                           {"events", saved.events},
                                           {"kept", saved.kept},
                                           {"bytes_before", saved.bytes_before},
                                           {"bytes_after", saved.bytes_after}};
    fmt::print("{}\n", report.dump(2));
    return;
  }
  fmt::print("{}: {} of {} events kept ({:.2f} %), {} of {} bytes ({:.2f} % saved)\n",
             printable(arguments.output), saved.kept, saved.events,
             100 * Saved::part(saved.kept, saved.events), saved.bytes_after, saved.bytes_before,
             100 - 100 * Saved::part(saved.bytes_after, saved.bytes_before));
}

}  // namespace synfire::cli
