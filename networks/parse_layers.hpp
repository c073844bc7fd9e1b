// The layers of a network that learns by gradients.
#pragma once

#include <string_view>
#include <vector>

#include "core/parameter.hpp"
#include "core/tree.hpp"
#include "networks/deep.hpp"

namespace synfire::parse {

/// Reads the list under `layers`. Throws Error(input) at an unknown kind or parameter, a value out of bounds,
/// a name that is taken or not there yet, or a list that does not begin with `input`.
std::vector<LayerDescription> parse_layers(const Tree& tree);

/// False for a parameter that is a choice or a whole number.
bool can_be_learned(const ParameterInfo& info);

/// Names of the receptors behind the first that a layer may fill (`receptors`): all but those for currents,
/// which stand last.
std::vector<std::string_view> receptors_to_fill(const ModelInfo& info);
/// What it may fill them from, numbered as FilledReceptor::sources: the first receptor, the state variables.
std::vector<std::string_view> receptor_sources(const ModelInfo& info);

}  // namespace synfire::parse
