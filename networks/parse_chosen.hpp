// A choice by name with parameters: `adam`, `{sgd: {momentum: 0.9}}`, `{norm: 1}`. Inside networks only.
#pragma once

#include <string>
#include <vector>

#include "core/chosen.hpp"
#include "core/tree.hpp"

namespace synfire::parse {

/// The name stands alone, or as the only key of a map whose value is a map of parameters, nothing, or the
/// value of the one parameter that has no default. `what` is how messages call it: "optimiser of training".
Chosen parse_chosen(const Tree& tree, const std::vector<ModelInfo>& valid, const std::string& what);

/// The same for a name and what stands behind it.
Chosen parse_chosen(const std::string& name, const Tree& value, const std::vector<ModelInfo>& valid,
                    const std::string& what);

}  // namespace synfire::parse
