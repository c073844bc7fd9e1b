#include "io/speech.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "io/text.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

/// What the child has for its standard streams: nothing to read, and a file for what it complains of.
class Streams {
 public:
  explicit Streams(const fs::path& complaints) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, complaints.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams() { posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return printable(line);
}

[[noreturn]] void cannot_start(const std::string& program, int reason) {
  throw Error(ErrorKind::resource,
              reason == ENOENT
                  ? fmt::format("{} is not installed; install it (Debian: apt-get install espeak-ng) or do "
                                "without its voices",
                                program)
                  : fmt::format("{} cannot be started: {}", program, std::strerror(reason)));
}

/// Runs a program to its end. Throws Error(resource) when it cannot be started or says that it failed.
void run_program(std::vector<std::string> words, const fs::path& complaints) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const Streams streams(complaints);
  pid_t child = 0;
  if (const int reason =
          posix_spawnp(&child, arguments[0], streams.get(), nullptr, arguments.data(), environ))
    cannot_start(words[0], reason);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) cannot_start(words[0], errno);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) cannot_start(words[0], ENOENT);
  throw Error(ErrorKind::resource, fmt::format("{} failed: {}", words[0], first_line(complaints)));
}

fs::path new_folder() {
  std::string pattern = (fs::temp_directory_path() / "synfire-speech-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw Error(ErrorKind::resource,
                fmt::format("{}: cannot make a folder for sounds: {}", pattern, std::strerror(errno)));
  return pattern;
}

}  // namespace

SpeechSynthesiser::SpeechSynthesiser(std::string program)
    : program_(std::move(program)), folder_(new_folder()) {
  try {
    run_program({program_, "--version"}, folder_ / "version");
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

SpeechSynthesiser::~SpeechSynthesiser() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Sound SpeechSynthesiser::say(const std::string& word, const SpeechManner& manner) const {
  const std::string number = fmt::format("{}", words_++);
  const fs::path file = folder_ / (number + ".wav"), complaints = folder_ / number;
  run_program({program_, "-b", "1", "-v", manner.voice, "-p", fmt::format("{}", manner.pitch), "-s",
               fmt::format("{}", manner.words_per_minute), "-w", file.string(), word},
              complaints);
  std::error_code ignored;
  if (!fs::exists(file, ignored))
    throw Error(ErrorKind::resource,
                fmt::format("{} said nothing as '{}': {}", program_, manner.voice, first_line(complaints)));
  Sound sound = read_sound(file.string());
  fs::remove(file, ignored);
  fs::remove(complaints, ignored);
  return sound;
}

}  // namespace synfire
