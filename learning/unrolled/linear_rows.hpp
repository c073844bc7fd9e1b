// The linear layers of a trained network, element by element.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "learning/gradient/delays.hpp"
#include "learning/gradient/flex_rows.hpp"
#include "learning/gradient/network.hpp"

namespace synfire::learning {

/// What an element of a layer's output is made of. Biases are left out: they are what a layer gives where all
/// that it reads is 0. A pool of the largest counts as a sum, which is as good where inputs are spikes and
/// the question is whether there is any.
class LinearRows {
 public:
  enum class Kind : std::uint8_t {
    none,  ///< not linear
    dense,
    conv,
    transposed,
    pool,         ///< windows of places, channel by channel: a mean, or the largest
    whole,        ///< the same of all places
    channelwise,  ///< a factor for each channel
    same,         ///< as it is
    sum,          ///< of several layers
    flex          ///< at each element a convolution or a pool, by a mask that is frozen
  };

  /// Of the weights as they are; the network must outlive this.
  explicit LinearRows(Network<float>& network);

  Kind kind(std::size_t layer) const { return rows_[layer].kind; }
  /// The layer takes the largest instead of a mean.
  bool takes_largest(std::size_t layer) const {
    return rows_[layer].largest && rows_[layer].kind != Kind::flex;
  }
  /// Not the same in each step.
  bool changes(std::size_t layer) const { return rows_[layer].changes; }
  /// The layer routes by a frozen mask, and somewhere to the largest under a square: see `visit`.
  bool pools_apart(std::size_t layer) const {
    return rows_[layer].kind == Kind::flex && rows_[layer].largest;
  }
  /// The map of that pool.
  FeatureShape pool_shape(std::size_t layer) const {
    return {rows_[layer].out.height, rows_[layer].out.width, rows_[layer].in.channels};
  }
  /// Calls visit(element of the layer that it reads) for what an element of that pool is the largest of.
  template <class Visit> void visit_pool(std::size_t layer, std::size_t element, const Visit& visit) const {
    const Row& row = rows_[layer];
    visit_window(row, element / row.in.channels, [&](std::size_t place, std::size_t) {
      visit(place * row.in.channels + element % row.in.channels);
    });
  }
  /// Whole steps after which an element hears one of what the layer reads, and the longest of the layer.
  std::size_t delay(std::size_t layer, std::size_t element, std::size_t from) const {
    const Row& row = rows_[layer];
    return row.delays.empty() ? 0 : whole_delay(row.delays[element * row.in.size() + from]);
  }
  std::size_t longest_delay(std::size_t layer) const { return rows_[layer].longest_delay; }
  /// Multiply-accumulates of one step when nothing is left out.
  double dense_operations(std::size_t layer) const;

  /// Calls visit(which of the layers that it reads, element of that, weight) for each term of an element. Of
  /// a layer that pools apart, its pool counts as a second layer that it reads.
  template <class Visit> void visit(std::size_t layer, std::size_t element, const Visit& visit) const;

 private:
  struct Row {
    Kind kind = Kind::none;
    bool largest = false, changes = false;
    FeatureShape in, out;
    std::size_t inputs = 1;  // layers that are read
    std::size_t kernel = 1, stride = 1, padding = 0;
    double share = 1;                // of a pool
    double operations = 0;           // of a layer that may be linear or not
    std::span<const float> weights;  // of dense and convolutions
    std::span<const float> delays;   // of dense; empty: none
    std::size_t longest_delay = 0;
    std::vector<double> factors;  // of channels
    std::vector<bool> convolves;  // each element of flex; the others pool
    std::optional<ChannelAlignment<float>> align = {};
  };
  void make_flex(Network<float>& network, const LayerDescription& layer, Row& row) const;
  Row row_of(Network<float>& network, std::size_t layer) const;

  template <class Visit> static void visit_window(const Row& row, std::size_t place, const Visit& visit);
  template <class Visit> static void visit_conv(const Row& row, std::size_t element, const Visit& visit);
  template <class Visit> static void visit_flex(const Row& row, std::size_t element, const Visit& visit);
  template <class Visit>
  static void visit_transposed(const Row& row, std::size_t element, const Visit& visit);

  std::vector<Row> rows_;
};

/// Calls visit(place of the input, which of the kernel's places).
template <class Visit> void LinearRows::visit_window(const Row& row, std::size_t place, const Visit& visit) {
  const std::size_t y = place / row.out.width, x = place % row.out.width;
  for (std::size_t k = 0; k < row.kernel * row.kernel; ++k) {
    // Numbers that went below 0 are beyond the map, too.
    const std::size_t in_y = y * row.stride + k / row.kernel - row.padding;
    const std::size_t in_x = x * row.stride + k % row.kernel - row.padding;
    if (in_y < row.in.height && in_x < row.in.width) visit(in_y * row.in.width + in_x, k);
  }
}

template <class Visit> void LinearRows::visit_conv(const Row& row, std::size_t element, const Visit& visit) {
  const std::size_t in = row.in.channels, channel = element % row.out.channels;
  visit_window(row, element / row.out.channels, [&](std::size_t place, std::size_t k) {
    const float* const weights = row.weights.data() + (channel * row.kernel * row.kernel + k) * in;
    for (std::size_t c = 0; c < in; ++c) visit(0, place * in + c, double(weights[c]));
  });
}

template <class Visit>
void LinearRows::visit_transposed(const Row& row, std::size_t element, const Visit& visit) {
  const std::size_t place = element / row.out.channels, channel = element % row.out.channels;
  const std::size_t y = place / row.out.width + row.padding, x = place % row.out.width + row.padding;
  for (std::size_t k = 0; k < row.kernel * row.kernel; ++k) {
    const std::size_t from_y = y - k / row.kernel, from_x = x - k % row.kernel;
    if (from_y % row.stride != 0 || from_x % row.stride != 0) continue;
    const std::size_t in_y = from_y / row.stride, in_x = from_x / row.stride;
    if (in_y >= row.in.height || in_x >= row.in.width) continue;
    for (std::size_t c = 0; c < row.in.channels; ++c)
      visit(0, (in_y * row.in.width + in_x) * row.in.channels + c,
            double(row.weights[(c * row.kernel * row.kernel + k) * row.out.channels + channel]));
  }
}

template <class Visit> void LinearRows::visit_flex(const Row& row, std::size_t element, const Visit& visit) {
  if (row.convolves[element]) return visit_conv(row, element, visit);
  const std::size_t in = row.in.channels, place = element / row.out.channels;
  const auto [low, high, weight] = row.align->source(element % row.out.channels);
  const auto take = [&](std::size_t channel, double share) {
    if (share == 0) return;
    if (row.largest) return visit(1, place * in + channel, share);
    visit_window(row, place,
                 [&](std::size_t from, std::size_t) { visit(0, from * in + channel, share * row.share); });
  };
  take(low, 1 - double(weight)), take(high, double(weight));
}

template <class Visit>
void LinearRows::visit(std::size_t layer, std::size_t element, const Visit& visit) const {
  const Row& row = rows_[layer];
  const std::size_t channels = row.out.channels;
  switch (row.kind) {
    case Kind::dense:
      for (std::size_t i = 0; i < row.in.size(); ++i)
        visit(0, i, double(row.weights[element * row.in.size() + i]));
      return;
    case Kind::conv:
      return visit_conv(row, element, visit);
    case Kind::transposed:
      return visit_transposed(row, element, visit);
    case Kind::flex:
      return visit_flex(row, element, visit);
    case Kind::pool:
      return visit_window(row, element / channels, [&](std::size_t place, std::size_t) {
        visit(0, place * channels + element % channels, row.share);
      });
    case Kind::whole:
      for (std::size_t place = 0; place < row.in.places(); ++place)
        visit(0, place * channels + element, row.share);
      return;
    case Kind::channelwise:
      return visit(0, element, row.factors[element % row.factors.size()]);
    case Kind::same:
      return visit(0, element, 1.0);
    case Kind::sum:
      for (std::size_t k = 0; k < row.inputs; ++k) visit(k, element, 1.0);
      return;
    case Kind::none:
      return;
  }
}

}  // namespace synfire::learning
