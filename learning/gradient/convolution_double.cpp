// In double precision: products of the patches under the kernel.
#include <vector>

#include "learning/gradient/convolution.hpp"

namespace synfire::learning {

template <> struct Convolution<double>::Kernels { std::vector<double> weights; };

template <>
Convolution<double>::Convolution(const ConvolutionShape& shape, Precision)
    : shape_(shape), kernels_(std::make_unique<Kernels>()) {}
template <> Convolution<double>::~Convolution() = default;

template <> void Convolution<double>::prepare_forward(const double* weights, std::span<const std::size_t>) {
  kernels_->weights.assign(weights, weights + shape_.weights());
}
template <>
void Convolution<double>::prepare_by_input(const double* weights, std::span<const std::size_t> maps) {
  prepare_forward(weights, maps);
}
template <> void Convolution<double>::release() { kernels_->weights = {}; }

template <>
void Convolution<double>::forward(std::size_t maps, const double* in, const double* bias, double* out) const {
  std::vector<double> matrix(shape_.out.places() * shape_.patch());
  for (std::size_t m = 0; m < maps; ++m) {
    double* to = out + m * shape_.out.size();
    unfold(shape_, 1, in + m * shape_.in.size(), matrix.data());
    multiply(Transposed::no, Transposed::yes, shape_.out.places(), shape_.out.channels, shape_.patch(),
             matrix.data(), kernels_->weights.data(), 0.0, to);
    if (bias == nullptr) continue;
    for (std::size_t i = 0; i < shape_.out.size(); ++i) to[i] += bias[i % shape_.out.channels];
  }
}

template <> void Convolution<double>::by_input(std::size_t maps, const double* d_out, double* d_in) const {
  std::fill_n(d_in, maps * shape_.in.size(), 0.0);
  std::vector<double> matrix(shape_.out.places() * shape_.patch());
  for (std::size_t m = 0; m < maps; ++m) {
    multiply(Transposed::no, Transposed::no, shape_.out.places(), shape_.patch(), shape_.out.channels,
             d_out + m * shape_.out.size(), kernels_->weights.data(), 0.0, matrix.data());
    for_each_patch(shape_, [&](std::size_t from, std::size_t to) {
      for (std::size_t c = 0; c < shape_.in.channels; ++c)
        d_in[m * shape_.in.size() + to + c] += matrix[from + c];
    });
  }
}

template <>
void Convolution<double>::by_weights(std::size_t maps, const double* in, const double* d_out,
                                     double* d_weights) const {
  std::fill_n(d_weights, shape_.weights(), 0.0);
  std::vector<double> matrix(shape_.out.places() * shape_.patch());
  for (std::size_t m = 0; m < maps; ++m) {
    unfold(shape_, 1, in + m * shape_.in.size(), matrix.data());
    multiply(Transposed::yes, Transposed::no, shape_.out.channels, shape_.patch(), shape_.out.places(),
             d_out + m * shape_.out.size(), matrix.data(), 1.0, d_weights);
  }
}

}  // namespace synfire::learning
