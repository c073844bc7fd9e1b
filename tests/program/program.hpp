// Runs the program as a user does: a child process with its own folder, its output caught, under a time
// limit.
#pragma once

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace synfire::test {

using Words = std::vector<std::string>;

/// What a child process left.
struct Outcome {
  int exit_code = -1;  ///< 128 + signal when a signal ended it, as a shell says
  int signal = 0;
  bool timed_out = false;
  std::string out, err;
  double wall_s = 0;
  long peak_rss_kb = 0;
};

/// How a child process is started.
struct Launch {
  std::filesystem::path folder;  ///< its current folder
  double limit_s = 120;          ///< then it is killed and counted as timed out
  bool unprivileged = false;     ///< as a user other than root, whom permissions hold back
  bool terminal = false;         ///< stderr is a terminal, not a file
  std::optional<std::string> stdout_to = {};
  std::optional<unsigned long> largest_file = {};  ///< bytes (RLIMIT_FSIZE)
};

/// A child process; killed if it still runs when this goes out of scope.
class Process {
 public:
  Process(const Words& command, Launch launch);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  void signal(int number) const;
  /// True while it runs; takes in what it wrote to its terminal meanwhile.
  bool running();
  Outcome wait();
  const std::string& terminal_text() const { return terminal_text_; }
  double seconds() const;

 private:
  [[noreturn]] void become(const Words& command) const;
  void read_terminal();

  Launch launch_;
  pid_t child_ = -1;
  int out_ = -1, err_ = -1, terminal_ = -1;
  bool ended_ = false;
  Outcome outcome_;
  std::string terminal_text_;
  std::chrono::steady_clock::time_point start_;
};

/// The program under test (environment variable SYNFIRE_PROGRAM) and its arguments.
Words synfire_command(const Words& arguments);

/// Runs the program with these arguments to its end.
Outcome synfire(const Words& arguments, Launch launch);

/// True where a program of that name is installed.
bool is_installed(const std::string& name);

/// A Python that can import `modules`; nothing where there is none.
std::optional<std::string> python_with(const std::string& modules);

/// A new empty folder that vanishes with its content.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& content) const;
  std::string content(const std::string& name) const;
  /// Names of all that lies in it, in alphabetical order.
  Words list() const;

 private:
  std::filesystem::path path_;
};

}  // namespace synfire::test
