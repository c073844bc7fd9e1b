// Discrete Fourier transforms of any length.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>

namespace synfire {

/// The smallest 2^a 3^b 5^c that is not below n (>= 1): lengths that transform fast.
std::size_t smooth_length(std::size_t n);

/// The unnormalised transform out[k] = sum_j in[j] exp(-+ 2 pi i j k / n), minus forward. Lengths whose prime
/// factors are 2, 3 and 5 are transformed directly, others as a convolution with a chirp (Bluestein 1970,
/// IEEE Trans. Audio Electroacoust. 18:451). Relative error about 1e-15 log2 n. May be used by many threads.
class Fourier {
 public:
  using Complex = std::complex<double>;
  enum class Direction { forward, inverse };

  /// n >= 1.
  Fourier(std::size_t n, Direction direction);
  ~Fourier();

  std::size_t size() const { return n_; }
  /// Both of size(), and not the same memory.
  void transform(std::span<const Complex> in, std::span<Complex> out) const;

 private:
  struct Plans;
  std::size_t n_;
  std::unique_ptr<Plans> plans_;
};

}  // namespace synfire
