// The value tree of a YAML file becomes a network description, or an error that says what is wrong and where.
#pragma once

#include "core/tree.hpp"
#include "networks/description.hpp"

namespace synfire {

/// Reads a whole description; every name, unit, bound and reference between parts is checked. Relative paths
/// of input files are resolved against the YAML file that names them. Throws Error(input) at the offending
/// place.
NetworkDescription parse_network(const Tree& tree);

/// The `dataset` of a file, whatever else may stand in it. Throws Error(input) as parse_network, and when
/// there is none.
DatasetDescription parse_dataset(const Tree& tree);

}  // namespace synfire
