// A list of types with names: the whole registry mechanism. A shelf lists its models once; lookups, tables
// and the engine's instantiations walk over the list.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/parameter.hpp"

namespace synfire {

/// A list of model templates over the number type.
template <template <class> class... Models> struct ModelList {
  static constexpr std::size_t size = sizeof...(Models);

  /// Calls visit.template operator()<Model>() for each.
  template <class Visit> static constexpr void for_each(Visit&& visit) {
    (visit.template operator()<Models>(), ...);
  }

  /// The same for every `parts`-th of them, beginning with number `part`: what is compiled for all models can
  /// be spread over several files.
  template <std::size_t part, std::size_t parts, class Visit>
  static constexpr void for_each_in_part(Visit&& visit) {
    [&]<std::size_t... k>(std::index_sequence<k...>) { (visit_if<k % parts == part, Models>(visit), ...); }
    (std::make_index_sequence<size>());
  }

  static std::vector<std::string_view> names() { return {Models<double>::describe().name...}; }

 private:
  template <bool wanted, template <class> class Model, class Visit>
  static constexpr void visit_if(Visit& visit) {
    if constexpr (wanted) visit.template operator()<Model>();
  }
};

/// A list of plain structs, each with a static describe().
template <class... Types> struct TypeList {
  static constexpr std::size_t size = sizeof...(Types);

  template <class Visit> static constexpr void for_each(Visit&& visit) {
    (visit.template operator()<Types>(), ...);
  }

  static std::vector<std::string_view> names() { return {Types::describe().name...}; }
};

/// The entry with this name in a table of descriptions; null pointer when absent.
inline const ModelInfo* find_model(const std::vector<ModelInfo>& table, std::string_view name) {
  for (const auto& info : table)
    if (info.name == name) return &info;
  return nullptr;
}

}  // namespace synfire
