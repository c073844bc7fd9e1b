#include "cli/terminal.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace synfire::cli {

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

int terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string format_seconds(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.3g} s", seconds);
  const auto whole = static_cast<long>(std::lround(seconds));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

std::string format_count(double count) {
  constexpr const char* prefixes[] = {"", " k", " M", " G", " T"};
  std::size_t p = 0;
  while (count >= 1000 && p + 1 < std::size(prefixes)) {
    count /= 1000;
    ++p;
  }
  return fmt::format("{:.{}f}{}", count, p == 0 || count >= 100 ? 0 : (count >= 10 ? 1 : 2), prefixes[p]);
}

ProgressLine::ProgressLine(bool quiet)
    : quiet_(quiet), terminal_(is_terminal(STDERR_FILENO)), start_(Clock::now()), last_(start_) {}

void ProgressLine::restart() { start_ = last_ = Clock::now(); }

double ProgressLine::wall_s() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

bool ProgressLine::due() {
  if (quiet_) return false;
  const auto now = Clock::now();
  const auto between = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(5);
  if (now - last_ < between) return false;
  last_ = now;
  return true;
}

void ProgressLine::draw(double part, const std::string& numbers) {
  if (!terminal_) {
    fmt::print(stderr, "{:3.0f} %  {}\n", part * 100, numbers);
    return;
  }
  constexpr int cells = 24;
  std::string bar;
  for (int c = 0; c < cells; ++c) bar += c < part * cells ? "█" : "░";
  fmt::print(stderr, "\r\033[K{} {}", bar, numbers);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressLine::end() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

void ProgressBar::show(double done_s, double mean_rate_hz) {
  if (total_s_ <= 0) return;
  if (!begun_) line_.restart();
  begun_ = true;
  if (!line_.due()) return;
  const double wall = line_.wall_s(), part = std::clamp(done_s / total_s_, 0.0, 1.0);
  const std::string left = part > 0 ? format_seconds(wall * (1 - part) / part) : "?";
  line_.draw(part, fmt::format("{} of {}  wall {}  RTF {:.3g}  rate {:.3g} Hz  ETA {}",
                               format_seconds(done_s), format_seconds(total_s_), format_seconds(wall),
                               done_s > 0 ? wall / done_s : 0.0, mean_rate_hz, left));
}

void TaskBar::show(std::string_view phase, std::uint64_t done, std::uint64_t total,
                   std::optional<double> accuracy) {
  if (phase != phase_) line_.restart();
  phase_ = phase;
  if (!line_.due() || done == 0 || total == 0) return;
  const double wall = line_.wall_s(), part = double(done) / double(total), speed = double(done) / wall;
  const std::string right = accuracy ? fmt::format("accuracy {:.1f} %  ", *accuracy * 100) : "";
  line_.draw(part, fmt::format("{} {} of {}  {:.3g} samples/s  {}ETA {}", phase, done, total, speed, right,
                               format_seconds(double(total - done) / speed)));
}

}  // namespace synfire::cli
