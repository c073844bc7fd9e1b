// The report of a run as JSON, for scripts and benches (`synfire run --report`).
#pragma once

#include <string>

#include "sim/run.hpp"

namespace synfire {

std::string report_json(const RunResult& result);

/// Writes it whole or not at all. Throws Error(resource).
void write_report(const std::string& path, const RunResult& result);

}  // namespace synfire
