// Options that the commands for recordings share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/events/convert.hpp"

namespace CLI {
class App;
}

namespace synfire::cli {

/// --lenient, --sample, --sensor, --raw. `options` outlives the parsing.
void add_reading_options(CLI::App& command, EventOptions& options);

/// --crop, --window, ...: each adds a step when it is met, so that steps are in the order of the command
/// line. `steps` outlives the parsing.
void add_filter_options(CLI::App& command, std::vector<ConversionStep>& steps);

/// "10 ms" as µs. Errors (usage): no time, or not a whole number of µs, outside 64 bits.
std::int64_t parse_time_us(const std::string& text, const std::string& option);

/// A line on stderr for each.
void print_warnings(const std::vector<std::string>& warnings);

}  // namespace synfire::cli
