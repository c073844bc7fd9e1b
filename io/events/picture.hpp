// Pictures of recordings: where events were, when they came, and rasters of cochleas.
#pragma once

#include <string>

#include "io/events/summary.hpp"
#include "io/plot.hpp"

namespace synfire {

/// Events at each place on white paper, the darker the more, from orange (all off) over grey to blue (all
/// on); joined to at most `most_pixels` on a side.
plot::Image event_image(const PixelCounts& pixels, std::size_t most_pixels = 4096);

/// Time from left to right, the first row (channel 0) at the bottom.
plot::Image raster_image(const TimeHistogram& raster);

/// Draws the sensor with its accumulated events beside the rate over time; of a cochlea, the raster above the
/// rate. Errors: as plot::Drawing.
void draw_summary(const std::string& path, const EventSummary& summary, const std::string& title,
                  bool overwrite);

}  // namespace synfire
