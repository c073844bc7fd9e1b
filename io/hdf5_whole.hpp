// HDF5 files that are there as a whole or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "io/hdf5.hpp"

namespace synfire::hdf5 {

/// `fill(file)` writes a new file, which takes the name `path` once it is complete, in place of any file of
/// that name. Throws Error(resource), and whatever `fill` does; then the file that was there still is.
template <class Fill> void write_whole(const std::string& path, const Fill& fill) {
  const std::string unfinished = path + ".new";
  try {
    File file = File::create_at_once(unfinished);
    fill(file);
    file.close();
    std::filesystem::rename(unfinished, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    throw;
  }
}

}  // namespace synfire::hdf5
