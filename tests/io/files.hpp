// Files for tests: genuine recordings that stand beside the project, and a folder of one's own that vanishes.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "core/error.hpp"
#include "tests/source_dir.hpp"

namespace synfire::test {

inline std::filesystem::path data_root() {
  const char* const set = std::getenv("SYNFIRE_DATA");
  if (set && *set) return set;
  return source_dir() / ".." / "shared" / "data";
}

/// Path of a genuine file; tests that need one skip where it is missing.
inline std::string data_file(std::string_view name) { return (data_root() / name).string(); }
inline bool have(std::string_view name) { return std::filesystem::exists(data_root() / name); }

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "synfire-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(std::string_view name) const { return (path_ / name).string(); }
  std::string write(std::string_view name, std::string_view content) const {
    std::filesystem::remove(path_ / name);  // truncating a file makes some file systems wait for the disk
    std::ofstream(path_ / name, std::ios::binary) << content;
    return file(name);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The message of the synfire::Error that `act` throws; "" if it throws none. Anything else is passed on.
template <class Act> std::string error_of(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace synfire::test
