#pragma once

#include <algorithm>

#include "networks/connect/grid_shape.hpp"

namespace synfire::connect {

/// Lateral connections in a sheet: each target hears all sources, of every channel, that are at most `radius`
/// away, without wrapping at the edges. Sources ascend.
class Neighbourhood2d final : public Connector {
 public:
  struct Parameters {
    double radius = required;
    double circle = 1;
    double allow_autapses = 1;
  };
  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds radii{.low = 0, .high = 4294967295.0};
    return about<P>(
        "neighbourhood_2d", "each target hears the sources around its own place in the sheet",
        "Amari 1977, Biol. Cybern. 27:77",
        field(&P::radius, "radius", Unit::none, radii, "largest distance, in places"),
        field(&P::circle, "circle", Unit::none, flag, "a disc; false: a square, radius to each side"),
        field(&P::allow_autapses, "allow_autapses", Unit::none, flag, "a neuron may feed itself"));
  }

  Neighbourhood2d(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect)
      : source_(grid_shape(context.source_shape, "source", connect)),
        target_(grid_shape(context.target_shape, "target", connect)),
        radius_(p.radius),
        circle_(p.circle != 0),
        skip_self_(excludes_self(context, p.allow_autapses)) {
    if (source_.height != target_.height || source_.width != target_.width)
      throw refusal(connect,
                    fmt::format("both sheets must have the same extent, but the source is {} x {} and "
                                "the target {} x {}",
                                source_.height, source_.width, target_.height, target_.width));
    expected_ = count() - (skip_self_ ? context.targets : 0.0);
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    const std::int64_t row = target_.row_of(target), column = target_.column_of(target);
    const std::int64_t reach = half_height();
    for (std::int64_t y = std::max<std::int64_t>(row - reach, 0);
         y <= std::min(row + reach, source_.height - 1); ++y) {
      const std::int64_t half = half_width(y - row);
      const std::uint32_t first = source_.index(y, std::max<std::int64_t>(column - half, 0), 0);
      const std::uint32_t last =
          source_.index(y, std::min(column + half, source_.width - 1), source_.channels - 1);
      for (std::uint32_t source = first; source <= last; ++source)
        if (!skip_self_ || source != target) sources.push_back(source);
    }
  }
  double expected_synapses() const override { return expected_; }

 private:
  std::int64_t half_height() const {
    return std::min(static_cast<std::int64_t>(radius_), source_.height - 1);
  }
  /// How far the neighbourhood reaches sideways in the row `dy` away.
  std::int64_t half_width(std::int64_t dy) const {
    const double away = static_cast<double>(dy);
    const double reach = circle_ ? std::sqrt(radius_ * radius_ - away * away) : radius_;
    return std::min(static_cast<std::int64_t>(reach), source_.width - 1);
  }

  /// Pairs of places in reach, each difference (dy, dx) fitting (height - |dy|) (width - |dx|) times.
  double count() const {
    const auto width = static_cast<double>(source_.width);
    double places = 0;
    for (std::int64_t dy = 0; dy <= half_height(); ++dy) {
      const auto half = static_cast<double>(half_width(dy));
      const double sideways = width * (2 * half + 1) - half * (half + 1);
      places += (dy == 0 ? 1 : 2) * static_cast<double>(source_.height - dy) * sideways;
    }
    return places * static_cast<double>(source_.channels) * static_cast<double>(target_.channels);
  }

  GridShape source_, target_;
  double radius_;
  bool circle_, skip_self_;
  double expected_ = 0;
};

}  // namespace synfire::connect
