// Runs the built programs on files of the repository.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/wait.h>

#include "tests/source_dir.hpp"

namespace synfire::test {

inline std::filesystem::path synfire_program() {
  const char* const set = std::getenv("SYNFIRE_PROGRAM");
  if (set && *set) return set;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "synfire";
}

struct ProgramResult {
  int exit_code = -1;  ///< -1: ended by a signal, or not started
  std::string output;  ///< standard output and error
};

/// For the shell, as one word.
inline std::string shell_word(std::string_view word) {
  std::string text = "'";
  for (const char c : word) c == '\'' ? text += "'\\''" : text += c;
  return text + "'";
}

inline ProgramResult run_program(const std::filesystem::path& program,
                                 const std::vector<std::string>& arguments) {
  std::string command = shell_word(program.string());
  for (const std::string& argument : arguments) command += " " + shell_word(argument);
  ProgramResult result;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  char part[4096];
  while (const std::size_t got = std::fread(part, 1, sizeof part, pipe)) result.output.append(part, got);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

}  // namespace synfire::test
