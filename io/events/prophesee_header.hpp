// The text at the head of Prophesee's files: lines "% key value" up to "% end", or up to the first line that
// is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/byte_file.hpp"
#include "io/events/formats.hpp"

namespace synfire {

struct PropheseeHeader {
  bool found = false;          ///< there is at least the beginning of a line
  std::string encoding;        ///< "EVT2", "EVT21", "EVT3", "EVT4", ...; "" if the header does not say
  std::string name;            ///< of the sensor, "" if the header does not say
  bool legacy_order = false;   ///< EVT 2.1: the upper half of a word comes first
  std::uint32_t width = 0;     ///< 0: the header does not say
  std::uint32_t height = 0;    ///< 0: the header does not say
  std::string system_id;       ///< as written
  std::optional<int> version;  ///< of DAT

  /// Takes what one line says, given without "% ". Errors: none, what is not understood stays unsaid.
  void take(std::string_view line);
  /// Fills gaps from the number of the camera system.
  void complete();
};

/// The header at the beginning of `bytes`; a line that is cut off says nothing.
PropheseeHeader parse_prophesee_header(std::string_view bytes);

/// Reads the header and leaves the file at the first byte of data. Errors: the header is cut off or a line
/// longer than 64 KiB (both also when lenient: nothing is known of what would follow).
PropheseeHeader read_prophesee_header(ByteFile& file);

/// The sensor that a header tells, or the user: `options.sensor`, e.g. "640x480", wins over the header. Width
/// and height are 0 where neither tells. Errors: no such sensor; a side of more than `most` pixels.
SensorInfo prophesee_sensor(const ByteFile& file, const PropheseeHeader& header, const EventOptions& options,
                            std::string_view format, std::uint32_t most);

/// Errors: the sensor is not known.
void require_size(const ByteFile& file, const SensorInfo& sensor);

/// The header of a new RAW file.
std::string raw_header(std::string_view encoding, std::string_view version, const EventSink& sink);

/// A name as one line of a header: what is no printable character of ASCII becomes '_'.
std::string one_line(std::string_view name);

/// True for a RAW file of this encoding.
bool is_raw(const FileHead& head, std::string_view encoding);

}  // namespace synfire
