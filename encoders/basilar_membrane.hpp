// The mechanics of the cochlea: how a place of the basilar membrane answers to a frequency.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace synfire {

/// The velocity V(w, c) of the membrane at the place c (cm from the base, 0 to 3.5) to a tone of angular
/// frequency w > 0 (rad/s). Stiffness S, damping R, impedance and local wave number are
///
///   S = C0 e^(-alpha c) - a,  R = R0 e^(-alpha c / 2),  xi = S - m w^2 - i w R,  g = w sqrt(rho / (h xi))
///
/// and the wave is the WKB solution through G, the integral of g:
///
///   P(w, c) = sqrt(G / g) H0(G),   V = (2 w / xi) (P(w, c) / P(w, 0)) Z(w)
///
/// with H0 the Hankel function of the first kind and Z the impedance at the base. Constants in CGS units: C0
/// = 1e9, a = 3500, alpha = 3, rho = 1, h = 0.1, m = 0.05, R0 = 0.15 sqrt(C0 m). Source: Sieroka, Dosch &
/// Rupp 2006, JASA 120:297, with the constants of Cramer et al. 2020, arXiv 1910.07407. Relative error below
/// 1e-7 for 1 Hz to 24 kHz.
std::complex<double> membrane_response(double angular_frequency, double place_cm);

/// V of evenly spaced places in a table over the logarithm of the frequency, to be read between its entries:
/// nodes 0.008 apart in ln f about the resonance, 0.064 apart far below it, ln V by the polynomial through
/// six nodes. Error of V below 3e-6 of the greatest |V| of the place. Beyond the frequency at which |V| has
/// fallen to 3e-9 of that, V counts as 0.
class MembraneTable {
 public:
  static constexpr double length_cm = 3.5, lowest_hz = 1, highest_hz = 24000;

  /// `places` >= 2 of them, the first at the base, the last at 3.5 cm.
  explicit MembraneTable(std::size_t places);

  std::size_t places() const { return places_.size(); }
  static double place_cm(std::size_t place, std::size_t places) {
    return length_cm * static_cast<double>(place) / static_cast<double>(places - 1);
  }
  /// V is 0 above.
  double cutoff_hz(std::size_t place) const { return places_[place].cutoff_hz; }
  /// Frequency of the greatest |V| among the nodes.
  double best_hz(std::size_t place) const { return places_[place].best_hz; }
  /// V for ascending logarithms of frequencies between lowest_hz and cutoff_hz.
  void read(std::size_t place, std::span<const double> log_hz, std::span<double> real,
            std::span<double> imaginary) const;

  struct Node;  ///< what depends on the frequency only

 private:
  /// ln V at log_hz = first + step * k.
  struct Piece {
    double first = 0, step = 0;
    std::vector<double> log_size, phase;
  };
  struct Place {
    Piece below, about;
    double cutoff_hz = 0, best_hz = 0;
  };
  static Place tabulate(std::span<const Node> nodes, double place_cm);

  std::vector<Place> places_;
};

}  // namespace synfire
