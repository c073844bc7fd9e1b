// The samples that encoders are given. Part of the catalogue.
#pragma once

#include "encoders/samples.hpp"
#include "io/sonata.hpp"
#include "sim/backend.hpp"

namespace synfire {

/// The samples of a population that encodes values, repeated as asked for, up to the end of the run. Throws
/// Error(input) naming file, line or byte when a file cannot be read, at the population's place when its
/// samples are more than 2^27 values in all, or no `step` is given for several of them.
Samples read_samples(const PopulationDescription& population, double duration_ms);

/// The size of a population that encodes values or hears sound; nothing for others. Throws as read_samples
/// and as read_sound.
std::optional<std::vector<std::uint32_t>> encoder_shape(const PopulationDescription& population);

/// The spikes of such a population; nothing for others.
std::optional<SpikeTrain> encoded_spikes(const BuildContext& context,
                                         const PopulationDescription& population);

/// The currents (pA) of a population that passes values on: a row for each sample.
Samples direct_currents(const PopulationDescription& population, double duration_ms);

}  // namespace synfire
