#include "tests/program/program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace synfire::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int could_not_start = 126;
constexpr unsigned nobody = 65534;

int unnamed_file() {
  std::string pattern = (fs::temp_directory_path() / "synfire-caught-XXXXXX").string();
  const int file = ::mkstemp(pattern.data());
  if (file < 0) throw std::runtime_error("cannot make a temporary file");
  ::unlink(pattern.c_str());
  return file;
}

std::string take_text(int file) {
  std::string text;
  std::array<char, 4096> block{};
  ::lseek(file, 0, SEEK_SET);
  for (ssize_t n = ::read(file, block.data(), block.size()); n > 0;
       n = ::read(file, block.data(), block.size()))
    text.append(block.data(), static_cast<std::size_t>(n));
  ::close(file);
  return text;
}

}  // namespace

Process::Process(const Words& command, Launch launch) : launch_(std::move(launch)), start_(Clock::now()) {
  out_ = unnamed_file();
  err_ = unnamed_file();
  int terminal_of_child = -1;
  if (launch_.terminal) {
    if (::openpty(&terminal_, &terminal_of_child, nullptr, nullptr, nullptr) != 0)
      throw std::runtime_error("no pseudo-terminal");
    ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
    ::fcntl(terminal_, F_SETFD, FD_CLOEXEC);
    ::dup2(terminal_of_child, err_);
    ::close(terminal_of_child);
  }
  child_ = ::fork();
  if (child_ == 0) become(command);
  if (child_ < 0) throw std::runtime_error("cannot fork");
  if (launch_.terminal) {
    ::close(err_);
    err_ = -1;
  }
}

// In the child: only calls that are safe after fork, then exec.
void Process::become(const Words& command) const {
  const auto give_up = [] { ::_exit(could_not_start); };
  if (::chdir(launch_.folder.c_str()) != 0) give_up();
  const int out = launch_.stdout_to ? ::open(launch_.stdout_to->c_str(), O_WRONLY) : out_;
  if (out < 0 || ::dup2(out, STDOUT_FILENO) < 0 || ::dup2(err_, STDERR_FILENO) < 0) give_up();
  if (launch_.largest_file) {
    const rlimit limit{*launch_.largest_file, *launch_.largest_file};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) give_up();
  }
  if (launch_.unprivileged && ::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) give_up();
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(could_not_start);
}

Process::~Process() {
  if (!ended_) {
    signal(SIGKILL);
    wait();
  }
  if (terminal_ >= 0) ::close(terminal_);
}

void Process::signal(int number) const {
  if (!ended_) ::kill(child_, number);
}

double Process::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Process::read_terminal() {
  if (terminal_ < 0) return;
  std::array<char, 4096> block{};
  for (ssize_t n = ::read(terminal_, block.data(), block.size()); n > 0;
       n = ::read(terminal_, block.data(), block.size()))
    terminal_text_.append(block.data(), static_cast<std::size_t>(n));
}

bool Process::running() {
  read_terminal();
  if (ended_) return false;
  int status = 0;
  rusage usage{};
  if (::wait4(child_, &status, WNOHANG, &usage) != child_) return true;
  ended_ = true;
  outcome_.wall_s = seconds();
  outcome_.peak_rss_kb = usage.ru_maxrss;
  outcome_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  outcome_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + outcome_.signal;
  outcome_.out = take_text(out_);
  read_terminal();
  outcome_.err = launch_.terminal ? terminal_text_ : take_text(err_);
  return false;
}

Outcome Process::wait() {
  while (running()) {
    if (!outcome_.timed_out && seconds() > launch_.limit_s) {
      outcome_.timed_out = true;
      signal(SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  return outcome_;
}

Words synfire_command(const Words& arguments) {
  const char* const program = std::getenv("SYNFIRE_PROGRAM");
  if (program == nullptr) throw std::runtime_error("set SYNFIRE_PROGRAM to the program under test");
  Words command = {program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Outcome synfire(const Words& arguments, Launch launch) {
  return Process(synfire_command(arguments), std::move(launch)).wait();
}

bool is_installed(const std::string& name) {
  Process look({"sh", "-c", "command -v " + name}, {.folder = "/"});
  return look.wait().exit_code == 0;
}

std::optional<std::string> python_with(const std::string& modules) {
  for (const char* const python : {"python3", "/usr/bin/python3"})
    if (Process({python, "-c", "import " + modules}, {.folder = "/"}).wait().exit_code == 0) return python;
  return std::nullopt;
}

Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "synfire-program-XXXXXX").string();
  const char* const made = ::mkdtemp(pattern.data());
  if (made == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = made;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, const std::string& content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
}

std::string Folder::content(const std::string& name) const {
  std::ifstream stream(path_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Words Folder::list() const {
  Words names;
  for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace synfire::test
