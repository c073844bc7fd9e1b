#include "tests/fuzz/read_bytes.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.hpp"
#include "io/audio.hpp"
#include "io/csv.hpp"
#include "io/edge_file.hpp"
#include "io/events/formats.hpp"
#include "io/hdf5.hpp"
#include "io/images.hpp"
#include "io/spike_file.hpp"

namespace synfire::test {

namespace {

/// A file in memory that has a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::uint8_t> bytes)
      : descriptor_(::memfd_create("bytes", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error("no file in memory can be made");
    while (!bytes.empty()) {
      const auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) throw std::runtime_error("cannot write to memory");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

void require(bool good, const char* what) {
  if (!good) throw std::logic_error(what);
}

/// Whether `read` came to its end; an Error must say something.
template <class Read> bool comes_to_its_end(Read&& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    require(*error.what() != '\0', "an error that says nothing");
    return false;
  }
}

// --- events

using OpenEvents = std::function<std::unique_ptr<EventReader>(const std::string&, const EventOptions&)>;

struct Reading {
  bool whole = false;  ///< to the end, without an error
  std::vector<Event> events;
};

Reading read_all(const OpenEvents& open, const std::string& path, const EventOptions& options,
                 std::size_t at_once) {
  constexpr std::size_t enough = 1 << 18;  // a packed file may give events for minutes
  Reading reading;
  std::vector<Event> part(at_once);
  std::size_t got = 1;
  const bool to_the_end = comes_to_its_end([&] {
    const auto reader = open(path, options);
    const SensorInfo sensor = reader->sensor();
    while (reading.events.size() < enough && (got = reader->read(part)) > 0) {
      require(got <= part.size(), "more events than there was room for");
      for (std::size_t i = 0; i < got; ++i)
        require(part[i].x < sensor.width && part[i].y < sensor.height && part[i].on <= 1,
                "an event outside the sensor");
      reading.events.insert(reading.events.end(), part.begin(),
                            part.begin() + static_cast<std::ptrdiff_t>(got));
    }
    require(options.lenient || reader->lost() == 0, "a strict reader that loses events");
    require(reader->lost() == 0 || !reader->warnings().empty(), "a loss that nothing explains");
  });
  reading.whole = to_the_end && got == 0;
  return reading;
}

void read_events(const OpenEvents& open, const std::string& path) {
  const Reading strict = read_all(open, path, {}, 61),
                lenient = read_all(open, path, {.lenient = true}, 1024);
  if (strict.whole && lenient.whole)
    require(strict.events == lenient.events, "lenient reading differs from strict");
}

// --- everything else

void read_pictures(const std::string& path) {
  constexpr std::uint32_t some = 4;
  comes_to_its_end([&] {
    const Images images = read_images(path);
    require(images.count() * images.pixels_each() == images.pixels.size(), "a part of an image");
  });
  comes_to_its_end([&] { read_images(path, 1, some); });
  comes_to_its_end([&] { read_labels(path); });
  comes_to_its_end([&] { read_labels(path, 1, some); });
}

void read_idx(const std::string& path) {
  comes_to_its_end([&] {
    IdxReader reader(path);
    require(!reader.extents().empty(), "an array without a dimension");
    for (std::uint32_t first = 0; first < std::min(reader.count(), 64U); ++first)
      require(reader.read(first, 1).size() == reader.item_bytes(), "an item of another size");
  });
  read_pictures(path);
}

void read_sound_file(const std::string& path) {
  comes_to_its_end([&] {
    const Sound sound = read_sound(path);
    require(sound.rate > 0 && !sound.samples.empty(), "a sound that cannot be played");
  });
}

void read_table(const std::string& path) {
  comes_to_its_end([&] {
    CsvReader reader(path);
    while (reader.next())
      for (std::size_t column = 0; column < reader.columns(); ++column)
        comes_to_its_end([&] { reader.number(column); }), comes_to_its_end([&] { reader.whole(column); });
  });
}

void read_dataset(const hdf5::Dataset& dataset) {
  constexpr std::uint64_t few = 1000;
  const auto sizes = dataset.dimensions();
  comes_to_its_end([&] { dataset.read<double>(); });
  comes_to_its_end([&] { dataset.read<std::int32_t>(); });
  comes_to_its_end([&] { dataset.read_text(); });
  comes_to_its_end([&] { dataset.read_list(0); });
  comes_to_its_end([&] { dataset.read_chunk(0); });
  comes_to_its_end([&] { dataset.filters(); });
  const std::uint64_t rows = sizes.empty() ? 0 : std::min(sizes.front(), few);
  for (const std::string& field : dataset.fields())
    comes_to_its_end([&] { dataset.read_fields(std::span(&field, 1), 0, rows); });
}

void read_attributes(const hdf5::Object& object) {
  for (const char* const name : {"magic", "version", "sorting", "units", "geometry", "offset"}) {
    comes_to_its_end([&] { object.text_attribute(name); });
    comes_to_its_end([&] { object.number_attribute(name); });
    comes_to_its_end([&] { object.list_attribute(name); });
  }
}

/// Everything below a group. A damaged file may be a maze, so there is an end to looking.
void read_group(const hdf5::Group& group, int& looks, int depth) {
  read_attributes(group);
  for (const std::string& name : group.children()) {
    if (--looks < 0 || depth > 8) return;
    comes_to_its_end([&] {
      if (group.has_dataset(name)) {
        const hdf5::Dataset dataset = group.dataset(name);
        read_attributes(dataset);
        read_dataset(dataset);
      }
      if (group.has_group(name)) read_group(group.group(name), looks, depth + 1);
    });
  }
}

void read_hdf5(const std::string& path) {
  comes_to_its_end([&] {
    int looks = 64;
    read_group(hdf5::File::open(path), looks, 0);
  });
}

void read_spikes_of(const std::string& path) {
  comes_to_its_end([&] {
    const SpikeTrain train = read_spike_file(path);
    require(train.times_ms.size() == train.ids.size(), "times without neurons");
  });
}

void read_edges_of(const std::string& path) {
  comes_to_its_end([&] {
    const EdgeList edges = read_edge_file(path);
    require(edges.source.size() == edges.target.size(), "connections without an end");
  });
}

struct Other {
  std::string_view name;
  void (*read)(const std::string& path);
};
constexpr std::array others{Other{"cifar", read_pictures},   Other{"edges", read_edges_of},
                            Other{"hdf5", read_hdf5},        Other{"idx", read_idx},
                            Other{"sound", read_sound_file}, Other{"spikes", read_spikes_of},
                            Other{"table", read_table}};

}  // namespace

std::vector<std::string> byte_readers() {
  std::vector<std::string> names;
  for (const EventFormat& format : event_formats())
    if (format.open != nullptr) names.emplace_back(format.name);
  for (const Other& other : others) names.emplace_back(other.name);
  return names;
}

void read_bytes(std::span<const std::uint8_t> bytes, std::string_view reader) {
  const MemoryFile file(bytes);
  if (reader == "events")
    return read_events([](const auto& path, const auto& options) { return open_events(path, options); },
                       file.path());
  for (const EventFormat& format : event_formats())
    if (format.name == reader && format.open != nullptr) return read_events(format.open, file.path());
  for (const Other& other : others)
    if (other.name == reader) return other.read(file.path());
  throw std::invalid_argument(fmt::format("there is no reader '{}'", reader));
}

}  // namespace synfire::test
