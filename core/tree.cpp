#include "core/tree.hpp"

#include <charconv>

#include <fmt/format.h>

namespace synfire {

Tree Tree::scalar(std::string text, Position where, bool quoted) {
  Tree tree;
  tree.kind_ = Kind::scalar;
  tree.text_ = std::move(text);
  tree.where_ = std::move(where);
  tree.quoted_ = quoted;
  return tree;
}

Tree Tree::list(Position where) {
  Tree tree;
  tree.kind_ = Kind::list;
  tree.where_ = std::move(where);
  return tree;
}

Tree Tree::map(Position where) {
  Tree tree;
  tree.kind_ = Kind::map;
  tree.where_ = std::move(where);
  return tree;
}

const Tree* Tree::find(std::string_view key) const {
  for (const auto& [name, value] : members_)
    if (name == key) return &value;
  return nullptr;
}

Tree* Tree::find(std::string_view key) { return const_cast<Tree*>(std::as_const(*this).find(key)); }

void Tree::set(std::string key, Tree value) {
  if (Tree* existing = find(key)) {
    *existing = std::move(value);
    return;
  }
  members_.emplace_back(std::move(key), std::move(value));
}

std::string describe_kind(const Tree& tree) {
  constexpr std::size_t longest = 60;
  switch (tree.kind()) {
    case Tree::Kind::null:
      return "nothing";
    case Tree::Kind::list:
      return "a list";
    case Tree::Kind::map:
      return "a map";
    case Tree::Kind::scalar:
      break;
  }
  const auto& text = tree.text();
  return text.size() <= longest ? fmt::format("'{}'", text) : fmt::format("'{}…'", text.substr(0, longest));
}

static Error expected(const Tree& tree, std::string_view what, std::string_view kind) {
  return tree.error(fmt::format("{}: expected {}, got {}", what, kind, describe_kind(tree)));
}

const std::string& Tree::as_text(std::string_view what) const {
  if (!is_scalar()) throw expected(*this, what, "a text");
  return text_;
}

double Tree::as_number(std::string_view what) const {
  if (!is_scalar()) throw expected(*this, what, "a number");
  return parse_quantity(text_, Unit::none, what, where_);
}

double Tree::as_quantity(Unit unit, std::string_view what) const {
  if (!is_scalar())
    throw expected(*this, what, unit == Unit::none ? "a number" : fmt::format("a {}", dimension_name(unit)));
  return parse_quantity(text_, unit, what, where_);
}

bool Tree::as_bool(std::string_view what) const {
  if (is_scalar() && !quoted_) {
    if (text_ == "true" || text_ == "yes" || text_ == "on") return true;
    if (text_ == "false" || text_ == "no" || text_ == "off") return false;
  }
  throw expected(*this, what, "true or false");
}

std::int64_t Tree::as_integer(std::string_view what, std::int64_t low, std::int64_t high) const {
  if (!is_scalar()) throw expected(*this, what, "a whole number");
  std::string digits;
  for (const char c : text_)
    if (c != '_') digits += c;  // 10_000 reads better than 10000
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, status] = std::from_chars(digits.data(), end, value);
  const bool too_long = status == std::errc::result_out_of_range && stop == end;
  if (!too_long && (status != std::errc{} || stop != end)) throw expected(*this, what, "a whole number");
  if (too_long || value < low || value > high)
    throw error(fmt::format("{}: {} is out of range; it must lie between {} and {}", what, text_, low, high));
  return value;
}

const std::vector<Tree>& Tree::as_list(std::string_view what) const {
  if (!is_list()) throw expected(*this, what, "a list");
  return items_;
}

const std::vector<Tree::Member>& Tree::as_map(std::string_view what) const {
  if (!is_map()) throw expected(*this, what, "a map (key: value)");
  return members_;
}

}  // namespace synfire
