// Where the sources of these tests lie.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace synfire::test {

/// SYNFIRE_SOURCE_DIR, or what the build folder of this program lies in. Not from __FILE__: what one clone
/// compiled may serve another.
inline std::filesystem::path source_dir() {
  if (const char* said = std::getenv("SYNFIRE_SOURCE_DIR")) return said;
  auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  while (folder.has_relative_path() && !exists(folder / "CMakePresets.json")) folder = folder.parent_path();
  return folder;
}

}  // namespace synfire::test
