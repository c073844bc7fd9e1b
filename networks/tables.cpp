// Entries that stand for many: "a, b: {…}" among populations and records, lists under `from` and `to` of a
// projection. What differs from one to the next is picked from lists inside the entry.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "networks/parse_parts.hpp"

namespace synfire::parse {
namespace {

/// Which of the many an entry is written out for.
struct Pick {
  std::string_view key;  ///< a map of this single key picks
  std::size_t index = 0, count = 0;
  std::string_view counted;  ///< "names", "populations under from"
};

const Tree& pick_from(const Tree& list, const Pick& pick) {
  const auto& items = list.as_list(pick.key);
  if (items.size() == pick.count) return items[pick.index];
  throw list.error(fmt::format("{}: the list has {} entries, but there are {} {}", pick.key, items.size(),
                               pick.count, pick.counted));
}

constexpr std::string_view each = "each", each_from = "each_from", each_to = "each_to", table = "table";

/// The tree with every {each: […]}, {each_from: […]}, {each_to: […]} and {table: [[…], …]} replaced by the
/// entry that is meant; a table has a row for each target and a column for each source.
Tree picked(const Tree& tree, std::span<const Pick> picks) {
  if (tree.is_map() && tree.members().size() == 1) {
    const auto& [key, value] = tree.members().front();
    for (const Pick& pick : picks)
      if (key == pick.key) return picked(pick_from(value, pick), picks);
    if (key == table && picks.size() == 2) {
      Pick row = picks[1], column = picks[0];
      row.key = column.key = table;
      return picked(pick_from(pick_from(value, row), column), picks);
    }
  }
  Tree result = tree;
  for (Tree& item : result.items()) item = picked(item, picks);
  for (auto& [key, value] : result.members()) value = in_place_of(value, picked(value, picks));
  return result;
}

std::vector<std::string> names_in(std::string_view key) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t end = std::min(key.find(','), key.size());
    std::string_view name = key.substr(0, end);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    names.emplace_back(name);
    if (end == key.size()) return names;
    key.remove_prefix(end + 1);
  }
}

Tree expand_names(const Tree& map, std::string_view what) {
  Tree result = Tree::map(map.where());
  for (const auto& [key, value] : map.as_map(what)) {
    const auto names = names_in(key);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Pick pick{each, i, names.size(), "names"};
      Tree entry = names.size() == 1 ? value : in_place_of(value, picked(value, std::span(&pick, 1)));
      if (result.find(names[i]) != nullptr)
        throw Error(ErrorKind::input, value.key_where(),
                    fmt::format("{}: '{}' stands there twice", what, names[i]));
      result.members().emplace_back(names[i], std::move(entry));
    }
  }
  return result;
}

/// The populations that one end names, and whether they go along with those of the other end one by one.
struct End {
  std::vector<Tree> names;
  bool is_many = false, in_step = false;
};

End end_of(const Tree& projection, std::string_view key) {
  const Tree* tree = projection.find(key);
  if (tree == nullptr) return {};
  if (tree->is_list()) return {tree->items(), true, false};
  if (tree->is_map() && tree->members().size() == 1 && tree->members().front().first == each)
    return {tree->members().front().second.as_list(each), true, true};
  return {{*tree}, false, false};
}

Tree one_projection(const Tree& entry, const Tree& from, const Tree& to, std::span<const Pick> picks) {
  Tree result = Tree::map(entry.where());
  for (const auto& [key, value] : entry.members()) {
    const Tree* const end = key == "from" ? &from : key == "to" ? &to : nullptr;
    result.members().emplace_back(key, in_place_of(value, end != nullptr ? *end : picked(value, picks)));
  }
  return result;
}

/// False for a pair that a table leaves out: it has ~ (null) where the others have a rule or its parameter.
bool is_connected(const Tree& projection, const Tree& entry) {
  const auto says_null = [](const Tree* connect) {
    const bool has_value = connect != nullptr && connect->is_map() && connect->members().size() == 1;
    return connect != nullptr && (has_value ? connect->members().front().second : *connect).is_null();
  };
  return !says_null(projection.find("connect")) || says_null(entry.find("connect"));
}

void expand_projection(const Tree& entry, Tree& projections) {
  if (!entry.is_map()) return projections.items().push_back(entry);
  const End from = end_of(entry, "from"), to = end_of(entry, "to");
  if (!from.is_many && !to.is_many) return projections.items().push_back(entry);
  const auto add = [&](const Tree& source, const Tree& target, std::span<const Pick> picks) {
    Tree projection = one_projection(entry, source, target, picks);
    if (is_connected(projection, entry)) projections.items().push_back(std::move(projection));
  };
  if (from.in_step || to.in_step) {
    const std::size_t count = std::max(from.names.size(), to.names.size());
    for (const auto& [end, key] : {std::pair(&from, "from"), std::pair(&to, "to")})
      if (end->is_many && (!end->in_step || end->names.size() != count))
        throw entry.find(key)->error(
            "projection: from and to go in step, so both need {each: […]} of the same length, or one name");
    for (std::size_t i = 0; i < count; ++i) {
      const Pick pick{each, i, count, "projections"};
      add(from.is_many ? from.names[i] : from.names.front(), to.is_many ? to.names[i] : to.names.front(),
          std::span(&pick, 1));
    }
    return;
  }
  constexpr std::size_t most = 1'000'000;
  if (from.names.size() * to.names.size() > most)
    throw entry.error(fmt::format("projection: {} times {} populations are more than {} projections",
                                  from.names.size(), to.names.size(), most));
  for (std::size_t t = 0; t < to.names.size(); ++t) {
    for (std::size_t f = 0; f < from.names.size(); ++f) {
      const std::array picks{Pick{each_from, f, from.names.size(), "populations under from"},
                             Pick{each_to, t, to.names.size(), "populations under to"}};
      add(from.names[f], to.names[t], picks);
    }
  }
}

}  // namespace

Tree expand_tables(const Tree& network) {
  Tree expanded = network;
  for (const std::string_view key : {"populations", "record"})
    if (Tree* map = expanded.find(key); map != nullptr && map->is_map())
      *map = in_place_of(*map, expand_names(*map, key));
  if (Tree* list = expanded.find("projections"); list != nullptr && list->is_list()) {
    Tree projections = Tree::list(list->where());
    for (const Tree& entry : list->items()) expand_projection(entry, projections);
    *list = in_place_of(*list, std::move(projections));
  }
  return expanded;
}

}  // namespace synfire::parse
