#include "encoders/fourier.hpp"

#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include <kissfft/kissfft.hh>

namespace synfire {
namespace {

using Complex = Fourier::Complex;

// The library's product of complex numbers looks for infinities; these have none.
Complex times(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

bool is_smooth(std::size_t n) {
  for (const std::size_t prime : {2, 3, 5})
    while (n % prime == 0) n /= prime;
  return n == 1;
}

}  // namespace

std::size_t smooth_length(std::size_t n) {
  while (!is_smooth(n)) ++n;
  return n;
}

struct Fourier::Plans {
  kissfft<double> there;
  // For Bluestein's way only:
  std::optional<kissfft<double>> back;
  std::vector<Complex> chirp, kernel;  // exp(+- pi i k^2 / n); transform of its conjugate, by the length
  std::size_t length;

  Plans(std::size_t n, bool inverse)
      : there(is_smooth(n) ? n : smooth_length(2 * n - 1), is_smooth(n) && inverse),
        length(is_smooth(n) ? n : smooth_length(2 * n - 1)) {
    if (length == n) return;
    back.emplace(length, true);
    chirp.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
      const double turns = static_cast<double>(k * k % (2 * n)) / static_cast<double>(2 * n);
      chirp[k] = std::polar(1.0, (inverse ? 2 : -2) * std::numbers::pi * turns);
    }
    std::vector<Complex> wrapped(length);
    for (std::size_t k = 0; k < n; ++k) {
      wrapped[k] = std::conj(chirp[k]) / static_cast<double>(length);
      if (k > 0) wrapped[length - k] = wrapped[k];
    }
    kernel.resize(length);
    there.transform(wrapped.data(), kernel.data());
  }
};

Fourier::Fourier(std::size_t n, Direction direction)
    : n_(n), plans_(std::make_unique<Plans>(n, direction == Direction::inverse)) {}
Fourier::~Fourier() = default;

void Fourier::transform(std::span<const Complex> in, std::span<Complex> out) const {
  if (!plans_->back) {
    plans_->there.transform(in.data(), out.data());
    return;
  }
  std::vector<Complex> values(plans_->length), spectrum(plans_->length);
  for (std::size_t k = 0; k < n_; ++k) values[k] = times(in[k], plans_->chirp[k]);
  plans_->there.transform(values.data(), spectrum.data());
  for (std::size_t k = 0; k < spectrum.size(); ++k) spectrum[k] = times(spectrum[k], plans_->kernel[k]);
  plans_->back->transform(spectrum.data(), values.data());
  for (std::size_t k = 0; k < n_; ++k) out[k] = times(values[k], plans_->chirp[k]);
}

}  // namespace synfire
