// The index of a dataset's chunks, as it lies in the file.
#pragma once

#include <cstdint>

#include "io/byte_file.hpp"

namespace synfire::hdf5::detail {

/// Whether every chunk in a tree of version 1 (HDF5 file format 3.0, III.A.1) has so many bytes, as chunks
/// that pass no filter must: the library (1.10) reads as many as the tree says into room for a chunk, or
/// takes as many out of it as the chunk should have. `dimensions` counts the element, too. False where a node
/// is none.
bool has_chunks_of(ByteFile& file, std::uint64_t root, std::size_t dimensions, std::uint64_t bytes);

}  // namespace synfire::hdf5::detail
