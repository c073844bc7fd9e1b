// The neuron models for the CPU backends. To compile in parallel, the list is cut into parts, of which each
// sim/catalogue_neurons_<k>.cpp holds one.
#pragma once

#include "neurons/models.hpp"
#include "sim/catalogue.hpp"

namespace synfire {

inline constexpr std::size_t neuron_parts = 4;

/// What one part of the models makes; null pointers for a model of another part.
template <std::size_t part> struct NeuronPart {
  static std::unique_ptr<Emitter> cpu(const BuildContext&, const PopulationDescription&, Range);
  static std::unique_ptr<ReferenceNeurons> reference(const BuildContext&, const PopulationDescription&);
};

}  // namespace synfire
