// Sources whose spikes are given in advance: lists, files, recordings. Part of the catalogue.
#pragma once

#include <memory>

#include "io/events/event_reader.hpp"
#include "io/sonata.hpp"
#include "sim/backend.hpp"

namespace synfire {

/// Which spikes of its file a population plays.
SpikeQuery query_of(const PopulationDescription&);

/// The recording that a population plays, as its parameters say. Throws Error(input) when it cannot be read.
std::unique_ptr<EventReader> open_recorded(const PopulationDescription&);

/// The shape of a population that plays what such a sensor saw, or a cochlea of so many channels (width)
/// heard. Throws Error(input) for polarities of a cochlea.
std::vector<std::uint32_t> recorded_shape(const PopulationDescription& population, std::uint32_t width,
                                          std::uint32_t height, bool audio);

/// The spikes of a population that plays a list, a file or a recording, in any order. Throws Error(input) for
/// times below 0, ids beyond the size, files that cannot be read.
SpikeTrain given_spikes(const BuildContext&, const PopulationDescription&);

}  // namespace synfire
