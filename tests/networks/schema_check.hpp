// As much of JSON Schema as Synfire's own schema uses, for tests that compare it with the parser.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/tree.hpp"

namespace synfire::testing_tools {

/// A tree as an editor sees it: plain numbers, true, false and null are no texts.
nlohmann::json to_json(const Tree& tree);

/// Whether a value fits a schema; `root` holds the $defs. Throws std::runtime_error at a keyword it does not
/// know.
bool fits(const nlohmann::json& value, const nlohmann::json& schema, const nlohmann::json& root);

}  // namespace synfire::testing_tools
