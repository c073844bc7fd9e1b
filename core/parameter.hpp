// The one description of a parameter: name, unit, bounds, meaning stand beside the member they describe; YAML
// reading, error texts, `synfire models`, the JSON schema, HDF5 attributes and the manual walk over it.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/aggregate.hpp"
#include "core/quantity.hpp"

namespace synfire {

/// The values a parameter may take.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_excluded = false;
  bool high_excluded = false;
  bool whole = false;  ///< whole numbers only

  constexpr bool contain(double value) const {
    const bool above = low_excluded ? value > low : value >= low;
    const bool below = high_excluded ? value < high : value <= high;
    return above && below &&
           (!whole || (value > -0x1p53 && value < 0x1p53 &&
                       value == static_cast<double>(static_cast<long long>(value))));
  }
};

inline constexpr Bounds unbounded{};
inline constexpr Bounds positive{.low = 0, .low_excluded = true};
inline constexpr Bounds non_negative{.low = 0};
inline constexpr Bounds fraction{.low = 0, .high = 1};
inline constexpr Bounds flag{.low = 0, .high = 1, .whole = true};  ///< false or true

/// "must be > 0 ms", "must lie in [0, 1]", …
std::string describe(const Bounds&, Unit);

/// The words that a parameter may be: `reset: hard`. Its value is the position in the list.
using Words = std::span<const std::string_view>;

/// One described member of a struct.
template <class Struct, class Member> struct Field {
  Member Struct::*member;
  std::string_view name;
  Unit unit;
  Bounds bounds;
  std::string_view meaning;
  Words words = {};
};

template <class Struct, class Member>
constexpr Field<Struct, Member> field(Member Struct::*member, std::string_view name, Unit unit, Bounds bounds,
                                      std::string_view meaning) {
  return {member, name, unit, bounds, meaning};
}
/// A choice among words, which must live as long as the program.
template <class Struct, class Member>
constexpr Field<Struct, Member> field(Member Struct::*member, std::string_view name, Words words,
                                      std::string_view meaning) {
  const Bounds positions{.low = 0, .high = static_cast<double>(words.size()) - 1, .whole = true};
  return {member, name, Unit::none, positions, meaning, words};
}

/// A described struct: its name as users write it, one line of summary, the source, and a field for each
/// member.
template <class Struct, class... Fields> struct Description {
  std::string_view name, summary, source;
  std::tuple<Fields...> fields;

  using Real = std::remove_cvref_t<decltype(std::declval<Struct>().*(std::get<0>(fields).member))>;
  static_assert(sizeof...(Fields) == member_count<Struct, Real>, "each member needs exactly one field");
};

template <class Struct, class... Fields>
constexpr Description<Struct, Fields...> about(std::string_view name, std::string_view summary,
                                               std::string_view source, Fields... fields) {
  return {name, summary, source, {fields...}};
}

/// A struct without members, described by name only.
struct NameOnly {
  std::string_view name, summary, source;
  std::tuple<> fields;
};
constexpr NameOnly about(std::string_view name, std::string_view summary, std::string_view source) {
  return {name, summary, source, {}};
}

template <class Description, class Visit>
constexpr void for_each_field(const Description& description, Visit&& visit) {
  std::apply([&](const auto&... fields) { (visit(fields), ...); }, description.fields);
}

// ---- The same as plain data, for everybody who does not know the type. ----

struct ParameterInfo {
  std::string name;
  Unit unit = Unit::none;
  double default_value = 0;
  Bounds bounds;
  std::string meaning;
  std::vector<std::string_view> words = {};  ///< when not empty, the value is the position of one of these

  bool is_flag() const { return words.empty() && bounds.whole && bounds.low == 0 && bounds.high == 1; }
  /// "20 ms", "true", "hard": a value as users write it.
  std::string text_of(double value) const;
  /// "be > 0 ms", "be one of hard, soft": what the value must do.
  std::string constraint() const;
};

/// "V_reset must be below V_th": parameters[low] < parameters[high] in every neuron.
struct OrderRule {
  std::size_t low = 0, high = 0;
};

/// What a projection may aim at: "exc" takes weights in pA, …
struct ReceptorInfo {
  enum class Sign { any, positive, negative, continuous };
  std::string name;
  Unit unit = Unit::none;
  Sign sign =
      Sign::any;  ///< which weights go here when no receptor is named; continuous: takes signals, not spikes
  bool magnitude = false;  ///< a conductance: the size of the weight counts, its sign only chose the receptor
  std::string meaning;
};

struct ModelInfo {
  std::string name, summary, source;
  std::vector<ParameterInfo> parameters;
  std::vector<ParameterInfo> state;  ///< what can be recorded and initialised
  std::vector<ReceptorInfo> receptors;
  std::vector<OrderRule> rules;
  bool spikes = true;  ///< false for a readout, whose state is all there is to see

  const ParameterInfo* parameter(std::string_view parameter_name) const;
  const ParameterInfo* state_variable(std::string_view variable_name) const;
  std::vector<std::string_view> parameter_names() const;
  std::vector<std::string_view> state_names() const;
  std::vector<std::string_view> receptor_names() const;
};

/// Default values come from a default-made struct, so that a default stands in one place only.
template <class Struct, class Description>
std::vector<ParameterInfo> parameter_table(const Description& description, const Struct& defaults) {
  std::vector<ParameterInfo> table;
  for_each_field(description, [&](const auto& f) {
    table.push_back({std::string(f.name),
                     f.unit,
                     static_cast<double>(defaults.*(f.member)),
                     f.bounds,
                     std::string(f.meaning),
                     {f.words.begin(), f.words.end()}});
  });
  return table;
}

/// The position of a member among the fields.
template <class Description, class Struct, class Member>
std::size_t index_of(const Description& description, Member Struct::*member) {
  std::size_t index = 0, found = 0;
  for_each_field(description, [&](const auto& f) {
    if (f.member == member) found = index;
    ++index;
  });
  return found;
}

/// Throws Error(input) at `where` when a value breaks its bounds: "tau_m of population 'exc' (iaf_psc_exp):
/// …".
void check_bounds(const ParameterInfo&, double value, std::string_view owner, const Position& where);

}  // namespace synfire
