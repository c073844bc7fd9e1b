#include "tests/networks/schema_check.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <stdexcept>

namespace synfire::testing_tools {
namespace {

using Json = nlohmann::json;
using Keyword =
    std::function<bool(const Json& value, const Json& argument, const Json& schema, const Json& root)>;

bool is_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  throw std::runtime_error("unknown type " + type);
}

bool matches(const std::string& text, const std::string& pattern) {
  static std::map<std::string, std::regex> known;
  const auto [entry, added] = known.try_emplace(pattern);
  if (added) entry->second = std::regex(pattern, std::regex::ECMAScript);
  return std::regex_search(text, entry->second);
}

bool properties_fit(const Json& value, const Json& properties, const Json& root) {
  if (!value.is_object()) return true;
  return std::all_of(properties.items().begin(), properties.items().end(), [&](const auto& p) {
    return !value.contains(p.key()) || fits(value[p.key()], p.value(), root);
  });
}

bool patterns_fit(const Json& value, const Json& patterns, const Json& root) {
  if (!value.is_object()) return true;
  for (const auto& [key, entry] : value.items())
    for (const auto& [pattern, schema] : patterns.items())
      if (matches(key, pattern) && !fits(entry, schema, root)) return false;
  return true;
}

bool has_pattern_for(const Json& schema, const std::string& key) {
  if (!schema.contains("patternProperties")) return false;
  const auto patterns = schema["patternProperties"].items();
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& p) { return matches(key, p.key()); });
}

bool additional_fit(const Json& value, const Json& additional, const Json& schema, const Json& root) {
  if (!value.is_object()) return true;
  for (const auto& [key, entry] : value.items()) {
    const bool listed =
        (schema.contains("properties") && schema["properties"].contains(key)) || has_pattern_for(schema, key);
    if (!listed && !fits(entry, additional, root)) return false;
  }
  return true;
}

bool is_distinct(const Json& list) {
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (list[i] == list[j]) return false;
  return true;
}

const std::map<std::string, Keyword>& keywords() {
  static const Keyword note = [](const Json&, const Json&, const Json&, const Json&) { return true; };
  static const std::map<std::string, Keyword> table = {
      {"$schema", note},
      {"$defs", note},
      {"title", note},
      {"description", note},
      {"then", note},
      {"else", note},
      {"$ref",
       [](const Json& v, const Json& a, const Json&, const Json& root) {
         return fits(v, root.at(Json::json_pointer(a.get<std::string>().substr(1))), root);
       }},
      {"type", [](const Json& v, const Json& a, const Json&, const Json&) { return is_type(v, a); }},
      {"const", [](const Json& v, const Json& a, const Json&, const Json&) { return v == a; }},
      {"enum", [](const Json& v, const Json& a, const Json&,
                  const Json&) { return std::find(a.begin(), a.end(), v) != a.end(); }},
      {"pattern", [](const Json& v, const Json& a, const Json&,
                     const Json&) { return !v.is_string() || matches(v, a); }},
      {"minimum",
       [](const Json& v, const Json& a, const Json&, const Json&) { return !v.is_number() || v >= a; }},
      {"maximum",
       [](const Json& v, const Json& a, const Json&, const Json&) { return !v.is_number() || v <= a; }},
      {"exclusiveMinimum",
       [](const Json& v, const Json& a, const Json&, const Json&) { return !v.is_number() || v > a; }},
      {"exclusiveMaximum",
       [](const Json& v, const Json& a, const Json&, const Json&) { return !v.is_number() || v < a; }},
      {"minItems",
       [](const Json& v, const Json& a, const Json&, const Json&) { return !v.is_array() || v.size() >= a; }},
      {"minProperties", [](const Json& v, const Json& a, const Json&,
                           const Json&) { return !v.is_object() || v.size() >= a; }},
      {"maxItems",
       [](const Json& v, const Json& a, const Json&, const Json&) { return !v.is_array() || v.size() <= a; }},
      {"uniqueItems",
       [](const Json& v, const Json&, const Json&, const Json&) { return !v.is_array() || is_distinct(v); }},
      {"required",
       [](const Json& v, const Json& a, const Json&, const Json&) {
         return !v.is_object() || std::all_of(a.begin(), a.end(), [&](const Json& key) {
           return v.contains(key.get<std::string>());
         });
       }},
      {"properties", [](const Json& v, const Json& a, const Json&,
                        const Json& root) { return properties_fit(v, a, root); }},
      {"patternProperties",
       [](const Json& v, const Json& a, const Json&, const Json& root) { return patterns_fit(v, a, root); }},
      {"additionalProperties", [](const Json& v, const Json& a, const Json& s,
                                  const Json& root) { return additional_fit(v, a, s, root); }},
      {"propertyNames",
       [](const Json& v, const Json& a, const Json&, const Json& root) {
         if (!v.is_object()) return true;
         return std::all_of(v.items().begin(), v.items().end(),
                            [&](const auto& p) { return fits(p.key(), a, root); });
       }},
      {"items",
       [](const Json& v, const Json& a, const Json&, const Json& root) {
         return !v.is_array() ||
                std::all_of(v.begin(), v.end(), [&](const Json& item) { return fits(item, a, root); });
       }},
      {"prefixItems",
       [](const Json& v, const Json& a, const Json&, const Json& root) {
         for (std::size_t i = 0; v.is_array() && i < std::min(v.size(), a.size()); ++i)
           if (!fits(v[i], a[i], root)) return false;
         return true;
       }},
      {"anyOf",
       [](const Json& v, const Json& a, const Json&, const Json& root) {
         return std::any_of(a.begin(), a.end(), [&](const Json& choice) { return fits(v, choice, root); });
       }},
      {"allOf",
       [](const Json& v, const Json& a, const Json&, const Json& root) {
         return std::all_of(a.begin(), a.end(), [&](const Json& part) { return fits(v, part, root); });
       }},
      {"if",
       [](const Json& v, const Json& a, const Json& s, const Json& root) {
         if (fits(v, a, root)) return fits(v, s.at("then"), root);
         return !s.contains("else") || fits(v, s["else"], root);
       }},
  };
  return table;
}

}  // namespace

bool fits(const Json& value, const Json& schema, const Json& root) {
  if (schema.is_boolean()) return schema.get<bool>();
  for (const auto& [key, argument] : schema.items()) {
    const auto keyword = keywords().find(key);
    if (keyword == keywords().end()) throw std::runtime_error("unknown keyword " + key);
    if (!keyword->second(value, argument, schema, root)) return false;
  }
  return true;
}

Json to_json(const Tree& tree) {
  if (tree.is_null()) return nullptr;
  if (tree.is_scalar()) {
    const std::string& text = tree.text();
    if (tree.is_quoted()) return text;
    if (text == "true" || text == "false") return text == "true";
    const Json number = Json::parse(text, nullptr, false);
    return number.is_number() ? number : Json(text);
  }
  Json result = tree.is_list() ? Json::array() : Json::object();
  for (const Tree& item : tree.items()) result.push_back(to_json(item));
  for (const auto& [key, value] : tree.members()) result[key] = to_json(value);
  return result;
}

}  // namespace synfire::testing_tools
