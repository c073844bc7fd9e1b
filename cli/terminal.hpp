// Where the program prints: progress on a terminal is redrawn, in a log it is a line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace synfire::cli {

bool is_terminal(int descriptor);

/// Columns of the terminal, 80 when there is none.
int terminal_width();

/// "1.5 s", "250 ms", "3 min 20 s".
std::string format_seconds(double seconds);

/// "12.5 k", "3.2 M": three digits and a prefix.
std::string format_count(double count);

/// One line on stderr with a bar, drawn anew on a terminal and printed now and then in a log.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  ~ProgressLine() { end(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Wall time counts from here.
  void restart();
  /// True when it is time for another line.
  bool due();
  double wall_s() const;
  void draw(double part, const std::string& numbers);
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_, drawn_ = false;
  Clock::time_point start_, last_;
};

/// Progress of a run: biological time, wall time, real-time factor, mean rate, ETA. Silent when `quiet`.
class ProgressBar {
 public:
  /// Wall time counts from the first show().
  ProgressBar(double total_s, bool quiet) : total_s_(total_s), line_(quiet) {}
  void show(double done_s, double mean_rate_hz);
  void end() { line_.end(); }

 private:
  double total_s_;
  bool begun_ = false;
  ProgressLine line_;
};

/// The same for a task: samples, samples per second, accuracy, ETA. Begins anew with every phase.
class TaskBar {
 public:
  explicit TaskBar(bool quiet) : line_(quiet) {}
  void show(std::string_view phase, std::uint64_t done, std::uint64_t total, std::optional<double> accuracy);
  void end() { line_.end(); }

 private:
  std::string phase_;
  ProgressLine line_;
};

}  // namespace synfire::cli
