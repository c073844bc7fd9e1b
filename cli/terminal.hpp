// Where the program prints: progress on a terminal is redrawn, in a log it is a line now and then.
#pragma once

#include <chrono>
#include <string>

namespace synfire::cli {

bool is_terminal(int descriptor);

/// Columns of the terminal, 80 when there is none.
int terminal_width();

/// "1.5 s", "250 ms", "3 min 20 s".
std::string format_seconds(double seconds);

/// "12.5 k", "3.2 M": three digits and a prefix.
std::string format_count(double count);

/// A progress bar on stderr: biological time, wall time, real-time factor, mean rate, ETA. Silent when
/// `quiet`.
class ProgressBar {
 public:
  /// Wall time counts from the first show().
  ProgressBar(double total_s, bool quiet);
  ~ProgressBar();
  void show(double done_s, double mean_rate_hz);
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  double total_s_;
  bool quiet_, terminal_, begun_ = false, drawn_ = false;
  Clock::time_point start_, last_;
};

}  // namespace synfire::cli
