// The pieces that the JSON Schema is put together from. Inside networks only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/parameter.hpp"
#include "networks/keys.hpp"

namespace synfire::schema {

using Json = nlohmann::ordered_json;

/// A reference to what stands under that name in $defs.
Json reference(std::string_view name);
Json any_of(Json choices);
/// A map with these keys and no others.
Json closed_map(Json properties);
/// A map with one key of the name and nothing else.
Json only(std::string_view name, Json value);
/// One value of a parameter: a word, a flag, a quantity, or a number within its bounds.
Json constant(const ParameterInfo& info);
/// {name: parameters}; the only parameter that must be given may stand alone.
Json rule(const ModelInfo& info);
/// A name, or {name: parameters}.
Json one_of(const std::vector<ModelInfo>& infos);
/// A map with the keys of a table.
Json table(std::span<const keys::Key> keys);
/// The words of a list that are available.
Json available(std::span<const keys::Choice> choices, Json schema);

/// The value of `training`, and an entry of the `layers` beside it.
Json training_by_gradients();
Json trained_layer();

}  // namespace synfire::schema
