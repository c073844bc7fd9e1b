// What lies around the weights of a trained network: its loss on a plane through them, and its curvature.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "learning/gradient/trainer.hpp"
#include "learning/landscape/spectrum.hpp"

namespace synfire::learning {

/// One number for each weight, array after array.
using Direction = std::vector<double>;

/// Normal deviates, scaled so that those of each filter have the norm of the filter's weights (Li et al.
/// 2018). A filter is what feeds one output of a layer: [kernel, kernel, in] of a convolution, a row of a
/// dense layer or of recurrent weights. Biases, norms and what else is no weight of such a layer stay where
/// they are. `which` tells several directions of one seed apart.
Direction filter_direction(std::span<Weights<float>* const> weights, std::uint64_t seed, std::uint32_t which);

struct LandscapeQuestion {
  bool surface = true, spectrum = true;  ///< what is asked for
  Share share = Share::train;
  std::size_t samples = 256;  ///< of the share, the first, as they are without augmentation
  std::size_t grid = 21;      ///< points along each direction
  double radius = 1;          ///< the farthest of them, in lengths of the direction
  SpectrumQuestion curvature;
  bool in_single = false;      ///< gradients in single precision; otherwise double
  std::optional<double> step;  ///< of HessianProduct; nothing: its default, told afterwards
  std::uint64_t seed = 1;      ///< of directions and signs
  unsigned threads = 0;        ///< 0: all of the machine
};

struct Surface {
  std::vector<double> along;           ///< coordinates, the same for both directions
  std::vector<double> loss, accuracy;  ///< [second direction, first direction]; accuracy NaN without classes
  double cosine = 0;                   ///< of the two directions
  std::size_t moved = 0;               ///< weights that move
};

struct Landscape {
  std::string network;  ///< its file
  LandscapeQuestion asked;
  std::size_t samples = 0;
  Score here;  ///< at the weights themselves
  std::optional<Surface> surface;
  std::optional<Spectrum> spectrum;
};

struct LandscapeProgress {
  std::string_view phase;  ///< "surface", "Hessian"
  std::size_t done, total;
};
using TellLandscape = std::function<void(const LandscapeProgress&)>;

std::string_view name_of(Share share);

/// The surface is the loss and accuracy as `trainer` judges them, with weights in single precision as they
/// were trained and norms with their running statistics; the weights are then what they were. The spectrum is
/// that of the Hessian of the mean loss by all weights, biases and norms included. `network` is the name of
/// the file that the weights are from. Throws Error(usage) where there are no samples. Nothing when `stop`,
/// which the trainer heeds as well, became true.
std::optional<Landscape> landscape_of(Trainer& trainer, const std::string& network,
                                      const LandscapeQuestion& question, const std::atomic<bool>* stop,
                                      const TellLandscape& tell);

std::string landscape_json(const Landscape& found);
/// A new HDF5 file with /synfire/landscape. Throws Error(resource).
void write_landscape(const std::string& path, const Landscape& found);
/// The surface, and the density of the spectrum. Throws as plot::Drawing.
void draw_landscape(const std::string& path, const Landscape& found, bool overwrite);

}  // namespace synfire::learning
