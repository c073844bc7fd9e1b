// `--set`, and trees back to text.
#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include "io/yaml.hpp"
#include "io/yaml_events.hpp"

namespace synfire {
namespace {

// One piece of a path: the key of a map, or the index of a list.
struct PathPart {
  std::string key;
  std::size_t index = 0;
  bool is_index = false;
};

struct Assignment {
  std::string option;  // as the user wrote it, for messages
  std::vector<PathPart> path;
  std::string_view value;

  [[nodiscard]] Error error(std::string_view what) const {
    return Error(ErrorKind::usage, option + ": " + std::string(what));
  }
};

std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 80;
  return text.size() <= longest ? std::string(text) : std::string(text.substr(0, longest)) + "…";
}

void parse_indices(Assignment& result, std::string_view brackets) {
  while (!brackets.empty()) {
    const std::size_t end = brackets.find(']');
    std::size_t index = 0;
    const char* stop = end == std::string_view::npos ? nullptr : brackets.data() + end;
    const bool whole = stop != nullptr && brackets.front() == '[' && end > 1 &&
                       std::from_chars(brackets.data() + 1, stop, index).ptr == stop;
    if (!whole) throw result.error(fmt::format("'{}' is not an index; write [0], [1], …", brackets));
    result.path.push_back({"", index, true});
    brackets.remove_prefix(end + 1);
  }
}

// Of the first such character; the size of the text when there is none.
std::size_t position_of(char c, std::string_view text) {
  return static_cast<std::size_t>(std::find(text.begin(), text.end(), c) - text.begin());
}

Assignment parse_assignment(std::string_view text) {
  Assignment result;
  result.option = "--set " + shortened(text);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    throw result.error("write path=value, such as --set simulation.duration='2 s'");
  result.value = text.substr(equals + 1);
  std::string_view path = text.substr(0, equals);
  while (true) {
    const std::size_t end = position_of('.', path);
    const std::string_view part = path.substr(0, end);
    const std::size_t bracket = position_of('[', part);
    if (bracket == 0) throw result.error("a name is missing in the path");
    result.path.push_back({std::string(part.substr(0, bracket)), 0, false});
    parse_indices(result, part.substr(bracket));
    if (end == path.size()) return result;
    path.remove_prefix(end + 1);
  }
}

// Values given on the command line lie in no file: messages name the option instead.
void place(Tree& tree, const Position& where) {
  tree.set_where(where);
  tree.set_key_where(0, 0);
  for (Tree& item : tree.items()) place(item, where);
  for (auto& [key, value] : tree.members()) place(value, where);
}

std::size_t depth_of(const Tree& tree) {
  if (tree.is_scalar() || tree.is_null()) return 0;
  std::size_t deepest = 0;
  for (const Tree& item : tree.items()) deepest = std::max(deepest, depth_of(item));
  for (const auto& [key, value] : tree.members()) deepest = std::max(deepest, depth_of(value));
  return deepest + 1;
}

Tree* element(Tree& list, const PathPart& part, const Assignment& assignment) {
  if (!list.is_list())
    throw assignment.error(
        fmt::format("[{}] needs a list, but there is {}", part.index, describe_kind(list)));
  if (part.index >= list.items().size())
    throw assignment.error(
        fmt::format("[{}] is beyond the list, which has {} entries", part.index, list.items().size()));
  return &list.items()[part.index];
}

Tree* member(Tree& map, const PathPart& part, const Assignment& assignment, const Position& where) {
  if (map.is_null()) map = Tree::map(where);
  if (!map.is_map())
    throw assignment.error(fmt::format("'{}' needs a map, but there is {}", part.key, describe_kind(map)));
  if (Tree* found = map.find(part.key)) return found;
  map.set(part.key, Tree());
  return &map.members().back().second;
}

void emit(YAML::Emitter& out, const Tree& tree) {
  const auto is_leaf = [](const Tree& t) { return t.is_scalar() || t.is_null(); };
  switch (tree.kind()) {
    case Tree::Kind::null:
      out << YAML::Null;
      return;
    case Tree::Kind::scalar:
      if (tree.is_quoted()) out << YAML::DoubleQuoted;
      out << tree.text();
      return;
    case Tree::Kind::list:
      if (std::all_of(tree.items().begin(), tree.items().end(), is_leaf)) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const Tree& item : tree.items()) emit(out, item);
      out << YAML::EndSeq;
      return;
    case Tree::Kind::map:
      out << YAML::BeginMap;
      for (const auto& [key, value] : tree.members()) {
        out << YAML::Key << key << YAML::Value;
        emit(out, value);
      }
      out << YAML::EndMap;
      return;
  }
}

}  // namespace

void apply_set(Tree& tree, std::string_view text) {
  const Assignment assignment = parse_assignment(text);
  const Position where{assignment.option, 0, 0};
  std::size_t values = 0;
  Tree value = yaml::parse_document(assignment.value, assignment.option, values);
  place(value, where);
  if (assignment.path.size() + depth_of(value) > std::size_t(YamlLimits::depth))
    throw assignment.error(fmt::format("the value lies deeper than {} levels", YamlLimits::depth));
  Tree changed = tree;  // a path that fails half-way changes nothing
  Tree* at = &changed;
  for (const PathPart& part : assignment.path)
    at = part.is_index ? element(*at, part, assignment) : member(*at, part, assignment, where);
  *at = std::move(value);
  tree = std::move(changed);
}

std::string write_yaml(const Tree& tree) {
  YAML::Emitter out;
  emit(out, tree);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace synfire
