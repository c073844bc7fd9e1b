// What is looked at before the HDF5 library is let loose on a file that nobody vouches for.
//
// The library (1.10) divides by the sizes of chunks and fills arrays by the ranks that a file claims,
// converts numbers whose bits it claims to lie outside of them, and copies texts as long as the file says
// into room as large as it says elsewhere: such files end the program, or worse. No handler of signals makes
// that safe, as memory may be written over before one is raised. So the bytes of an object's header are read
// here first, and what the library has not checked by itself is checked. Only io/hdf5*.cpp include this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hdf5.h>

namespace synfire::hdf5::detail {

/// A file of which objects are looked at: its handle of the library, and its path.
struct CheckedFile {
  hid_t id;
  const std::string& path;
};

/// The description of a dataset: the layout of its storage fits its size and its elements. `address`: of its
/// header, as the library tells it. Errors (input): it does not; it is not stored in this file; it shares its
/// description with others.
void check_dataset(const CheckedFile& file, haddr_t address, const std::string& object);

/// The names of a group: where they are kept lies in the file, and so does each part of it that is free.
/// Errors (input): it does not.
void check_group(const CheckedFile& file, haddr_t address, const std::string& object);

/// Numbers are whole bytes as processors know them (IEEE 754 for fractions), also those of which records,
/// lists, arrays and enumerations are made. Errors (input): they are not; too deep.
void check_type(hid_t type, const std::string& file, const std::string& object);

/// A text of free length that an attribute holds. Errors (input): it is not where the file says, or is kept
/// outside the object's header.
std::string read_free_text(const CheckedFile& file, haddr_t address, const std::string& attribute,
                           const std::string& object);

struct HeapBytes {
  std::string bytes;
  std::uint64_t offset;  ///< byte of the file where they begin
};
/// What a reference of 16 bytes (number of elements, address of a heap, number in it) names. Errors (input):
/// it is not there.
HeapBytes read_from_heap(const std::string& path, std::string_view reference, std::size_t bytes_each,
                         const std::string& object);

}  // namespace synfire::hdf5::detail
