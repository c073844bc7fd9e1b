// The layers of a network that learns by gradients.
#pragma once

#include "core/parameter.hpp"
#include "core/tree.hpp"
#include "networks/deep.hpp"

namespace synfire::parse {

/// Reads the list under `layers`. Throws Error(input) at an unknown kind or parameter, a value out of bounds,
/// a name that is taken or not there yet, or a list that does not begin with `input`.
std::vector<LayerDescription> parse_layers(const Tree& tree);

/// False for a parameter that is a choice or a whole number.
bool can_be_learned(const ParameterInfo& info);

}  // namespace synfire::parse
