// How the HDF5 library reaches the disk: a driver of ours that makes every flush safe against a kill at any
// moment and against a write that fails. Only io/hdf5*.cpp include this.
#pragma once

#include <hdf5.h>

namespace synfire::hdf5::detail {

/// Files opened with these access properties go through the driver. Metadata is kept back until the library
/// ends a flush, then written in an order that keeps what was flushed before readable after each write.
/// After the first write that fails nothing more reaches the disk.
void use_safe_driver(hid_t access);

/// From now on what the library writes to `file` is forgotten; also when it closes the file.
void abandon_writes(hid_t file) noexcept;

}  // namespace synfire::hdf5::detail
