// How many decisions of a trained network no change within a radius can turn.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "learning/bounds/bounded_network.hpp"
#include "learning/gradient/trainer.hpp"

namespace synfire::learning {

struct CertifyQuestion {
  std::vector<double> eps;             ///< in pixels of 0 to 1, ascending
  std::optional<std::size_t> samples;  ///< of the test samples, the first; nothing: all
  bounds::FlexRule rule = bounds::FlexRule::joint;
  bool relax = true;     ///< also by linear functions
  unsigned threads = 0;  ///< 0: all of the machine
};

/// A layer, or a piece of a Flex layer, at one radius.
struct BoundedPiece {
  std::string name;
  bounds::Width width;
  std::optional<bounds::FlexWidths> flex;  ///< of the piece that mixes
};

/// At one radius: the part of the samples that is decided right, whatever happens within it.
struct Certified {
  double eps = 0;
  double intervals = 0;  ///< by the intervals of the outputs
  double relaxed = 0;    ///< by linear functions, or intervals; NaN where they were not asked for
  double lipschitz = 0;  ///< by the steepness of the outputs within the intervals
  double seconds = 0;    ///< of the intervals alone
  double all_seconds = 0;
  std::vector<BoundedPiece> pieces;
};

struct Certificate {
  std::size_t samples = 0;
  double accuracy = 0;  ///< without any change
  double inference_seconds = 0;
  std::string rule;
  std::vector<Certified> radii;
};

using TellCertify = std::function<void(double eps, std::size_t done, std::size_t total)>;

/// The network as it stands. Throws as BoundedNetwork.
bounds::BoundedNetwork bounded_network(Trainer& network, bounds::FlexRule rule);

/// Bounds the test samples of a trained network. Throws Error(input) where samples are no images that are the
/// same in all steps, or a layer cannot be bounded. False when `stop` became true.
bool certify(Trainer& network, const CertifyQuestion& question, const std::atomic<bool>* stop,
             const TellCertify& tell, Certificate& found);

std::string certificate_json(const Certificate& found, const std::string& network);
/// A new HDF5 file with /synfire/certificate. Throws Error(resource).
void write_certificate(const std::string& path, const Certificate& found, const std::string& network);

}  // namespace synfire::learning
