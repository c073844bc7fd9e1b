#include "io/events/formats.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/byte_file.hpp"
#include "io/events/aedat2.hpp"
#include "io/events/aedat31.hpp"
#include "io/events/aedat4.hpp"
#include "io/events/csv_events.hpp"
#include "io/events/dat.hpp"
#include "io/events/es.hpp"
#include "io/events/evt2.hpp"
#include "io/events/evt21.hpp"
#include "io/events/evt3.hpp"
#include "io/events/nmnist.hpp"
#include "io/events/prophesee_hdf5.hpp"
#include "io/events/shd.hpp"
#include "io/events/sonata_events.hpp"
#include "io/events/tonic.hpp"
#include "io/events/tonic_hdf5.hpp"

namespace synfire {

namespace {

template <class Reader>
std::unique_ptr<EventReader> open_as(const std::string& path, const EventOptions& options) {
  return std::make_unique<Reader>(path, options);
}

template <class Writer>
std::unique_ptr<EventWriter> create_as(const std::string& path, const EventSink& sink) {
  return std::make_unique<Writer>(path, sink);
}

constexpr std::array formats{
    EventFormat{"aedat2", "AEDAT 2.0 of DVS128 and DAVIS cameras (jAER)", "aedat aedat2", is_aedat2,
                open_as<Aedat2Reader>, create_as<Aedat2Writer>},
    EventFormat{"aedat31", "AEDAT 3.1 (cAER; DVS128 Gesture)", "aedat3 aedat31", is_aedat31,
                open_as<Aedat31Reader>, create_as<Aedat31Writer>},
    EventFormat{"aedat4", "AEDAT 4 (iniVation DV)", "aedat4", is_aedat4, open_as<Aedat4Reader>,
                create_as<Aedat4Writer>},
    EventFormat{"es", "Event Stream, types DVS and ATIS", "es", is_es, open_as<EsReader>,
                create_as<EsWriter>},
    EventFormat{"evt3", "Prophesee RAW, EVT 3.0", "raw evt3", is_evt3, open_as<Evt3Reader>,
                create_as<Evt3Writer>},
    EventFormat{"evt21", "Prophesee RAW, EVT 2.1", "", is_evt21, open_as<Evt21Reader>, nullptr},
    EventFormat{"evt2", "Prophesee RAW, EVT 2.0", "evt2", is_evt2, open_as<Evt2Reader>,
                create_as<Evt2Writer>},
    EventFormat{"dat", "Prophesee DAT, version 2", "dat", is_dat, open_as<DatReader>, create_as<DatWriter>},
    EventFormat{"prophesee_hdf5", "Prophesee HDF5, plain or ECF", "", is_prophesee_hdf5,
                open_as<PropheseeHdf5Reader>, nullptr},
    EventFormat{"shd", "SHD and SSC, spikes of a cochlea (HDF5)", "h5 shd", is_shd, open_as<ShdReader>,
                create_as<ShdEventWriter>},
    EventFormat{"tonic", "arrays of NumPy (Tonic, SpikingJelly)", "", is_tonic, open_as<TonicReader>,
                nullptr},
    EventFormat{"tonic_hdf5", "samples that Tonic cached on disk (HDF5)", "", is_tonic_hdf5,
                open_as<TonicHdf5Reader>, nullptr},
    EventFormat{"sonata", "spikes in SONATA (written only)", "sonata", [](const FileHead&) { return false; },
                nullptr, create_as<SonataEventWriter>},
    // From here on, formats without a mark of their own.
    EventFormat{"csv", "text in columns t, x, y, p", "csv txt", is_csv_events, open_as<CsvEventReader>,
                create_as<CsvEventWriter>},
    EventFormat{"nmnist", "N-MNIST and N-Caltech101", "bin bs2", is_nmnist, open_as<NmnistReader>,
                create_as<NmnistWriter>},
};

FileHead head_of(const std::string& path) {
  constexpr std::size_t enough = 4096;
  ByteFile file(path);
  const auto ahead = file.peek(enough);
  return {
      path,
      std::string(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(std::min(ahead.size(), enough))),
      file.size(), file.gzip()};
}

/// Whether `word` is one of the words of `list`.
bool has_word(std::string_view list, std::string_view word) {
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(' ', begin), list.size());
    if (list.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

std::span<const EventFormat> event_formats() { return formats; }

std::unique_ptr<EventReader> open_events(const std::string& path, const EventOptions& options) {
  const FileHead head = head_of(path);
  std::string supported;
  for (const EventFormat& format : formats) {
    if (format.recognises(head)) return format.open(path, options);
    supported += fmt::format("{}{} - {}", supported.empty() ? "" : "; ", format.name, format.description);
  }
  throw Error(ErrorKind::input,
              fmt::format("{}: not a recording of events in a supported format ({})", path, supported));
}

const EventFormat& format_to_write(const std::string& path, std::string_view name) {
  std::string extension = std::filesystem::path(path).extension().string();
  if (!extension.empty()) extension.erase(0, 1);
  std::string known;
  for (const EventFormat& format : formats) {
    if (format.create == nullptr) continue;
    if (name.empty() ? has_word(format.extensions, extension) : format.name == name) return format;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", format.name);
  }
  throw Error(
      ErrorKind::usage,
      name.empty()
          ? fmt::format("{}: its ending does not say in which format to write; give one of {}", path, known)
          : fmt::format("'{}' is not a format that can be written; these are: {}", name, known));
}

}  // namespace synfire
