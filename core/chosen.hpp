// One thing out of a list of described ones, and the parameters that were given for it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/error.hpp"
#include "core/model_list.hpp"
#include "core/parameter.hpp"
#include "core/spelling.hpp"

namespace synfire {

/// `{sgd: {momentum: 0.9}}` as data: which of a list, and what was said of it.
struct Chosen {
  std::string name;
  std::map<std::string, double> parameters = {};  ///< those given only; words as their positions
  Position where = {};
};

/// A described struct with the values that were given, and its defaults for the others.
template <class Struct> Struct values_of(const Chosen& chosen) {
  Struct values;
  for_each_field(Struct::describe(), [&](const auto& f) {
    const auto given = chosen.parameters.find(std::string(f.name));
    if (given == chosen.parameters.end()) return;
    values.*(f.member) = static_cast<std::remove_cvref_t<decltype(values.*(f.member))>>(given->second);
  });
  return values;
}

/// The value that was given for one member, or its default.
template <class Struct, class Member> Member value_of(const Chosen& chosen, Member Struct::*member) {
  return values_of<Struct>(chosen).*member;
}

namespace detail {

template <class... Structs> struct OneOf {
  using type = std::variant<Structs...>;

  static type from(const Chosen& chosen, std::string_view what) {
    type made;
    const auto take = [&]<class Struct>(std::type_identity<Struct>) {
      if (Struct::describe().name != chosen.name) return false;
      made = values_of<Struct>(chosen);
      return true;
    };
    if ((take(std::type_identity<Structs>()) || ...)) return made;
    const std::vector<std::string_view> valid = {Structs::describe().name...};
    throw Error(
        ErrorKind::input, chosen.where,
        "there is no " + std::string(what) + " '" + chosen.name + "'" + did_you_mean(chosen.name, valid));
  }
};
template <class... Structs> OneOf<Structs...> one_of(TypeList<Structs...>);
template <class Real, template <class> class... Models> OneOf<Models<Real>...> one_of(ModelList<Models...>);

}  // namespace detail

/// Any struct of a TypeList.
template <class List> using AnyOf = typename decltype(detail::one_of(List()))::type;
/// Any model of a ModelList, for one number type.
template <class Real, class List> using AnyModelOf = typename decltype(detail::one_of<Real>(List()))::type;

/// The one that has the chosen name, with its values. Throws Error(input) at `chosen.where` when there is
/// none; `what` is what messages call it: "loss".
template <class List> AnyOf<List> one_chosen(const Chosen& chosen, std::string_view what) {
  return decltype(detail::one_of(List()))::from(chosen, what);
}
template <class Real, class List>
AnyModelOf<Real, List> one_chosen(const Chosen& chosen, std::string_view what) {
  return decltype(detail::one_of<Real>(List()))::from(chosen, what);
}

}  // namespace synfire
