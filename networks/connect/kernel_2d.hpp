#pragma once

#include <algorithm>

#include "networks/connect/grid_shape.hpp"

namespace synfire::connect {

/// Retinotopic patches: target (ty, tx) sees the sources of the rectangle height x width whose upper left
/// corner is (ty stride_y - pad_y, tx stride_x - pad_x), as far as they exist. Sources come row by row. With
/// `shared`, all targets of a channel have the same weights, as in a convolution: entry [dy][dx][source
/// channel][target channel] of a kernel (with same_channel [dy][dx][channel]), drawn once or listed in this
/// order.
class Kernel2d final : public Connector {
 public:
  struct Parameters {
    double height = required;
    double width = required;
    double stride_y = 1;
    double stride_x = 1;
    double pad_y = 0;
    double pad_x = 0;
    double same_channel = 0;
    double shared = 0;
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("kernel_2d", "each target sees a rectangular patch of the source",
                    "Fukushima 1980, Biol. Cybern. 36:193",
                    field(&P::height, "height", Unit::none, positive_count, "rows of the patch"),
                    field(&P::width, "width", Unit::none, positive_count, "columns of the patch"),
                    field(&P::stride_y, "stride_y", Unit::none, positive_count, "rows between patches"),
                    field(&P::stride_x, "stride_x", Unit::none, positive_count, "columns between patches"),
                    field(&P::pad_y, "pad_y", Unit::none, count_bounds, "empty rows before and after"),
                    field(&P::pad_x, "pad_x", Unit::none, count_bounds, "empty columns before and after"),
                    field(&P::same_channel, "same_channel", Unit::none, flag,
                          "channel c feeds channel c only, instead of all"),
                    field(&P::shared, "shared", Unit::none, flag,
                          "all patches have the weights of one kernel, drawn once or given as a list"));
  }

  Kernel2d(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect)
      : source_(grid_shape(context.source_shape, "source", connect)),
        target_(grid_shape(context.target_shape, "target", connect)),
        y_{source_.height, whole(p.height), whole(p.stride_y), whole(p.pad_y)},
        x_{source_.width, whole(p.width), whole(p.stride_x), whole(p.pad_x)},
        same_channel_(p.same_channel != 0),
        shared_(p.shared != 0) {
    check_shape(connect);
    const double per_pair = same_channel_ ? 1.0 : static_cast<double>(source_.channels);
    expected_ = total(y_, target_.height) * total(x_, target_.width) * per_pair *
                static_cast<double>(target_.channels);
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    const auto [top, bottom] = y_.seen_by(target_.row_of(target));
    const auto [left, right] = x_.seen_by(target_.column_of(target));
    const std::int64_t channel = target_.channel_of(target);
    const std::int64_t first = same_channel_ ? channel : 0,
                       last = same_channel_ ? channel + 1 : source_.channels;
    for (std::int64_t y = top; y < bottom; ++y)
      for (std::int64_t x = left; x < right; ++x)
        for (std::int64_t c = first; c < last; ++c) sources.push_back(source_.index(y, x, c));
  }
  double expected_synapses() const override { return expected_; }

  std::uint64_t kernel_size() const override {
    if (!shared_) return 0;
    const std::int64_t per_place = target_.channels * (same_channel_ ? 1 : source_.channels);
    return static_cast<std::uint64_t>(y_.size * x_.size * per_place);
  }
  std::uint64_t kernel_entry(std::uint32_t target, std::uint32_t k) const override {
    const std::int64_t row = target_.row_of(target), column = target_.column_of(target);
    const std::int64_t top = y_.seen_by(row).first;
    const auto [left, right] = x_.seen_by(column);
    const std::int64_t channels = same_channel_ ? 1 : source_.channels;
    const std::int64_t place = k / channels;
    const std::int64_t dy = top + place / (right - left) - (row * y_.stride - y_.pad);
    const std::int64_t dx = left + place % (right - left) - (column * x_.stride - x_.pad);
    const std::int64_t from = k % channels;
    return static_cast<std::uint64_t>(((dy * x_.size + dx) * channels + from) * target_.channels +
                                      target_.channel_of(target));
  }

 private:
  /// One direction of the patches.
  struct Axis {
    std::int64_t extent, size, stride, pad;

    /// The number of patches that fit.
    std::int64_t patches() const {
      return extent + 2 * pad < size ? 0 : (extent + 2 * pad - size) / stride + 1;
    }
    std::pair<std::int64_t, std::int64_t> seen_by(std::int64_t patch) const {
      const std::int64_t begin = patch * stride - pad;
      return {std::max<std::int64_t>(begin, 0), std::min(begin + size, extent)};
    }
  };

  static std::int64_t whole(double value) { return static_cast<std::int64_t>(value); }

  static double total(const Axis& axis, std::int64_t patches) {
    double sum = 0;
    for (std::int64_t patch = 0; patch < patches; ++patch) {
      const auto [begin, end] = axis.seen_by(patch);
      sum += static_cast<double>(std::max<std::int64_t>(end - begin, 0));
    }
    return sum;
  }

  void check_shape(const ConnectDescription& connect) const {
    const std::int64_t rows = y_.patches(), columns = x_.patches();
    if (rows == 0 || columns == 0)
      throw refusal(connect,
                    fmt::format("a patch of {} x {} is larger than the source of {} x {} with its padding",
                                y_.size, x_.size, y_.extent, x_.extent));
    if (rows != target_.height || columns != target_.width)
      throw refusal(connect,
                    fmt::format("{} x {} patches fit, so the target's shape must be [{}, {}{}], but it is "
                                "[{}, {}{}]",
                                rows, columns, rows, columns, channels_text(target_.channels), target_.height,
                                target_.width, channels_text(target_.channels)));
    if (same_channel_ && source_.channels != target_.channels)
      throw refusal(connect,
                    fmt::format("same_channel needs as many channels on both sides, but the source has "
                                "{} and the target {}",
                                source_.channels, target_.channels));
  }

  static std::string channels_text(std::int64_t channels) {
    return channels == 1 ? "" : fmt::format(", {}", channels);
  }

  GridShape source_, target_;
  Axis y_, x_;
  bool same_channel_, shared_;
  double expected_ = 0;
};

}  // namespace synfire::connect
