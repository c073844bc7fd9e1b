// A summary of a recording as text and as JSON, and what a conversion did.
#pragma once

#include <string>

#include "io/events/convert.hpp"
#include "io/events/summary.hpp"

namespace synfire::cli {

std::string summary_text(const std::string& path, const EventSummary& summary);
std::string summary_json(const EventSummary& summary);
std::string conversion_text(const std::string& output, const ConversionReport& report);

}  // namespace synfire::cli
