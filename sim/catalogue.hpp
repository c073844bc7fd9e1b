// The one door between the engine and the concrete models: what a population's model name stands for.
#pragma once

#include <memory>

#include "sim/backend.hpp"

namespace synfire {

/// True when the model is a neuron model, false when it is a source.
bool is_neuron_model(std::string_view model);
/// True when the model is a source of currents.
bool is_signal_model(std::string_view model);

/// The description of a model, neuron or source; throws Error(internal) for a name that parsing should have
/// refused.
const ModelInfo& model_info(std::string_view model);

std::unique_ptr<Emitter> make_neurons(const BuildContext&, const PopulationDescription&, Range);
std::unique_ptr<Emitter> make_spike_source(const BuildContext&, const PopulationDescription&, Range);
std::unique_ptr<SignalSource> make_signal_source(const BuildContext&, const PopulationDescription&);
std::unique_ptr<ReferenceNeurons> make_reference_neurons(const BuildContext&, const PopulationDescription&);

/// A source that can be read at any step without having been advanced; null pointer when this one cannot.
std::unique_ptr<CountSource> make_count_source(const BuildContext&, const PopulationDescription&);

/// Fills in what only files know: the shape of recordings, the size of spike files. Throws Error(input).
void resolve_files(NetworkDescription&);

/// Currents that whoever runs the network gives (Stage::hold).
PopulationDescription fed_population(std::string name, std::uint32_t size);
/// Neurons without memory that spike in the step in which anything reaches them, through weights of 1.
PopulationDescription gate_population(std::string name, std::vector<std::uint32_t> shape);

/// Bytes a neuron of this model takes, for the estimate before building.
std::size_t bytes_per_neuron(const PopulationDescription&);

}  // namespace synfire
