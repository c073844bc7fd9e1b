// The picture of a run: rasters of its populations above their rates, and traces below.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/plot.hpp"
#include "sim/inspection/raster.hpp"

namespace synfire {

/// What the picture is to hold, before any spike is read.
struct RasterPlan {
  struct Population {
    std::string name;
    std::uint64_t neurons = 0;
  };
  struct Trace {
    std::string population, variable, units;
  };
  TimeWindow window;
  double dt_ms = 0;  ///< 0 where unknown
  std::vector<Population> populations;
  std::vector<Trace> traces;
};

/// Draws one population after the other, so that the spikes of one only need to be in memory. Few spikes are
/// drawn as strokes or dots, many as an image of their density.
class RasterFigure {
 public:
  /// Throws as plot::Drawing; Error(usage) for more than 64 panels.
  RasterFigure(const std::string& path, RasterPlan plan, bool overwrite);

  /// Points of a picture's width: what traces may be brought down to.
  std::size_t columns() const;
  void draw_population(std::size_t index, const SpikeView& spikes);
  void draw_traces(std::size_t index, const std::vector<TraceLine>& lines);
  /// Draws the rates and axes and writes the file.
  void save();

 private:
  struct Layout {
    double height = 0;
    std::vector<plot::Box> rasters, traces;
    plot::Box rates;
  };
  static Layout arrange(const RasterPlan& plan);

  plot::Colour colour(std::size_t index) const;
  plot::Range time_range() const;
  double time_of(double time_ms) const;  ///< in the unit of the axis
  void draw_spikes(const plot::Box& box, const SpikeView& spikes, plot::Colour colour);
  void draw_density(const plot::Box& box, const SpikeView& spikes, plot::Colour colour);
  void draw_name(const plot::Box& box, const std::string& name, const std::string& below,
                 plot::Colour colour);
  void draw_rates();
  void draw_time_axis(const plot::Box& box, bool last);

  RasterPlan plan_;
  bool in_seconds_;
  Layout layout_;
  plot::Drawing drawing_;
  double bin_ms_;
  std::vector<std::vector<double>> rates_;
};

}  // namespace synfire
