// How much of its accuracy a trained network keeps under attack.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "learning/gradient/trainer.hpp"
#include "learning/robustness/attack.hpp"

namespace synfire::learning {

struct RobustnessQuestion {
  std::vector<AttackKind> kinds;
  std::vector<double> eps;             ///< in pixels of 0 to 1, ascending
  Attack how;                          ///< steps and directions of all; its kind and eps are not read
  std::optional<std::size_t> samples;  ///< of the test samples, the first; nothing: all
  std::uint64_t seed = 1;
  unsigned threads = 0;  ///< 0: all of the machine
};

/// Accuracy of the attacked network.
struct RobustnessCurve {
  AttackKind kind = AttackKind::fgsm;
  std::string source;            ///< file of the network that gave the gradients; empty: the attacked one
  std::vector<double> accuracy;  ///< by eps
  double area = 0;  ///< under it, from the accuracy without attack at 0 to the largest eps, divided by that
  double seconds = 0;
};

/// What it is called beside others: "pgd", "pgd by other".
std::string name_of(const RobustnessCurve& curve);

struct Robustness {
  std::size_t samples = 0;
  double accuracy = 0;  ///< without attack
  std::vector<double> eps;
  std::vector<RobustnessCurve> curves;
};

/// Mean height of the lines through (0, `clean`) and (eps, accuracy); `clean` where there is no eps above 0.
double area_under(double clean, std::span<const double> eps, std::span<const double> accuracy);

struct RobustnessProgress {
  AttackKind kind;
  double eps;
  std::size_t done, total;  ///< samples of all attacks and radii
};
using TellRobustness = std::function<void(const RobustnessProgress&)>;

/// Throws Error(input) where samples are no images that are the same in all steps, or the network decides
/// nothing.
void check_attackable(Trainer& network);

/// Attacks the test samples of `target` by what `source` says of them, the same network or one of the same
/// inputs and classes (Error(input) otherwise), and appends a curve for each kind. `name` of the source: as
/// in RobustnessCurve. False when `stop` became true.
bool attack_by(Trainer& target, Trainer& source, const std::string& name, const RobustnessQuestion& question,
               const std::atomic<bool>* stop, const TellRobustness& tell, Robustness& found);

/// What speaks against gradients that can be trusted (Athalye et al. 2018): attacks that know less and do
/// more, single steps that do more than many, and random noise that does more than any. Differences within
/// three standard errors of accuracies of so many samples say nothing.
std::vector<std::string> masking_signs(const Robustness& found);

std::string robustness_json(const Robustness& found, const std::string& network);
/// A new HDF5 file with /synfire/robustness. Throws Error(resource).
void write_robustness(const std::string& path, const Robustness& found, const std::string& network);
/// Accuracies by eps as a picture. Throws as plot::Drawing.
void draw_robustness(const std::string& path, const Robustness& found, bool overwrite);

}  // namespace synfire::learning
