// A network that learned in single steps, with noise for the membrane, as one of many steps.
#pragma once

#include <cstdint>
#include <optional>

#include "learning/gradient/trained_file.hpp"

namespace synfire::learning {

/// Absent: alpha 4, or as it is in a network that was converted before; beta as of the noise in training.
struct StepConversion {
  std::uint32_t steps = 1;
  std::optional<double> alpha, beta;
};

/// Steps 2 and 3 of the method: the same weights in so many steps, whose answers the readout takes together,
/// and in place of the noise the normalised membrane of the step before and what is left of the noise
/// (4.6)-(4.9). Source: Jiang 2022, thesis, University of Canterbury, section 4.2.2. Throws Error(input) for
/// a network that did not learn with noise, that has a statistic for each step, or whose samples are not the
/// same in all steps.
NetworkDescription convert_steps(const TrainedFile& trained, const StepConversion& how);

}  // namespace synfire::learning
