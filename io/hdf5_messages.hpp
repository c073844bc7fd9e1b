// How the parts of an object's header are told in its bytes, and whether they are told whole.
#pragma once

#include <cstdint>
#include <span>

namespace synfire::hdf5::detail {

/// Kinds of message in an object's header.
enum MessageKind : std::uint16_t {
  dataspace = 0x01,
  link_info = 0x02,
  datatype = 0x03,
  old_fill_value = 0x04,
  fill_value = 0x05,
  named_link = 0x06,
  other_files = 0x07,
  layout = 0x08,
  group_info = 0x0A,
  filters = 0x0B,
  attribute = 0x0C,
  old_time = 0x0E,
  continuation = 0x10,
  names = 0x11,
  tree_sizes = 0x13,
  changed = 0x12,
  attribute_info = 0x15,
  reference_count = 0x16,
};

/// Whether these bytes are a whole description of elements (HDF5 file format 3.0, IV.A.2.d): every name, size
/// and value of it lies within them, and what elements are made of fits into them. The library (1.10) copies
/// names and values without asking.
bool is_whole_type(std::span<const std::uint8_t> bytes);

/// Whether a message has all the numbers and texts that it announces, as far as its bytes alone can tell;
/// layouts, shapes, types and attributes need a closer look.
bool is_whole_message(std::uint16_t kind, std::span<const std::uint8_t> bytes);

}  // namespace synfire::hdf5::detail
