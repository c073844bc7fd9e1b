// Convolutions of maps: oneDNN in single precision, plain code in double precision, which checks use.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "learning/gradient/layer.hpp"
#include "learning/gradient/products.hpp"

namespace synfire::learning {

struct ConvolutionShape {
  FeatureShape in, out;
  std::size_t kernel = 3, stride = 1, padding = 0;

  std::size_t weights() const { return out.channels * patch(); }
  std::size_t patch() const { return kernel * kernel * in.channels; }  ///< what a place of the output sees
};

/// How many maps the parts of a batch have, `samples` in each of so many steps: each number once.
inline std::vector<std::size_t> map_counts(std::span<const std::size_t> samples, std::size_t steps) {
  std::vector<std::size_t> all;
  for (const std::size_t count : samples)
    if (count > 0) all.push_back(steps * count);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// Cross-correlations of maps with weights [out channels, height, width, in channels].
template <class Real> class Convolution {
 public:
  explicit Convolution(const ConvolutionShape& shape, Precision precision = Precision::single);
  ~Convolution();

  const ConvolutionShape& shape() const { return shape_; }

  // Before `forward` or `by_input` of so many maps at once, one for each size of the parts of a batch: brings
  // the weights into the order that they want. Not while another thread uses this.
  void prepare_forward(const Real* weights, std::span<const std::size_t> maps);
  void prepare_by_input(const Real* weights, std::span<const std::size_t> maps);
  /// Frees what these two made.
  void release();

  /// bias may be null.
  void forward(std::size_t maps, const Real* in, const Real* bias, Real* out) const;
  void by_input(std::size_t maps, const Real* d_out, Real* d_in) const;
  /// Overwrites d_weights. Needs no preparation.
  void by_weights(std::size_t maps, const Real* in, const Real* d_out, Real* d_weights) const;

 private:
  struct Kernels;
  ConvolutionShape shape_;
  std::unique_ptr<Kernels> kernels_;
};

/// Maps as matrices of the patches under the kernel, [places of the output, height, width, in channels], zero
/// where a patch reaches over the border. Calls visit(where in the matrix, where in the map) for each group
/// of channels that is not.
template <class Visit> void for_each_patch(const ConvolutionShape& s, const Visit& visit) {
  for (std::size_t y = 0; y < s.out.height; ++y)
    for (std::size_t x = 0; x < s.out.width; ++x)
      for (std::size_t ky = 0; ky < s.kernel; ++ky)
        for (std::size_t kx = 0; kx < s.kernel; ++kx) {
          const auto iy = std::ptrdiff_t(y * s.stride + ky) - std::ptrdiff_t(s.padding);
          const auto ix = std::ptrdiff_t(x * s.stride + kx) - std::ptrdiff_t(s.padding);
          if (iy < 0 || ix < 0 || iy >= std::ptrdiff_t(s.in.height) || ix >= std::ptrdiff_t(s.in.width))
            continue;
          const std::size_t row = y * s.out.width + x, column = (ky * s.kernel + kx) * s.in.channels;
          visit(row * s.patch() + column, (std::size_t(iy) * s.in.width + std::size_t(ix)) * s.in.channels);
        }
}

/// `matrix` is [maps, places of the output, patch].
template <class Number>
void unfold(const ConvolutionShape& s, std::size_t maps, const Number* in, Number* matrix) {
  const std::size_t size = s.out.places() * s.patch();
  std::fill_n(matrix, maps * size, Number(0));
  for (std::size_t m = 0; m < maps; ++m)
    for_each_patch(s, [&](std::size_t to, std::size_t from) {
      std::copy_n(in + m * s.in.size() + from, s.in.channels, matrix + m * size + to);
    });
}

}  // namespace synfire::learning
