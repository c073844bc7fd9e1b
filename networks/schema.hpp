// The language as a JSON Schema, so that editors complete and check network files.
#pragma once

#include <string>

namespace synfire {

/// A JSON Schema (draft 2020-12) made from the tables of keys, models, sources and connection rules. What a
/// schema cannot say (references between parts, bounds of values with units) is left to `synfire validate`.
std::string network_schema();

}  // namespace synfire
