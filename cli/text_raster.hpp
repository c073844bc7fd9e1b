// A raster for terminals: braille dots for spikes, blocks for the rate.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/inspection/raster.hpp"

namespace synfire::cli {

/// Two columns and four rows of the density in every character; one string a line. A dense raster is shaded
/// by the number of its dots.
std::vector<std::string> braille_lines(const Density&);

/// One block a value, the highest for `top`.
std::string bar_line(std::span<const double> values, double top);

}  // namespace synfire::cli
