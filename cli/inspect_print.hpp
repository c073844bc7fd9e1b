// What inspect found, as text for people and for programs.
#pragma once

#include <string>

#include "sim/inspection/inspection.hpp"

namespace synfire::cli {

/// Columns of a text raster's dots for a line of `width` characters.
std::size_t raster_columns(std::size_t width);

/// Provenance, a table of populations, reports, and the raster where one was asked for.
std::string inspection_text(const Inspection& inspection, bool colours);

std::string inspection_json(const Inspection& inspection);

/// A header and one row a population; empty where a value is not defined.
std::string inspection_csv(const Inspection& inspection);

}  // namespace synfire::cli
