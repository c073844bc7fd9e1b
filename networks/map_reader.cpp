#include "networks/map_reader.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/spelling.hpp"

namespace synfire {

void check_keys(const Tree& map, std::span<const std::string_view> valid, std::string_view what) {
  for (const auto& [key, value] : map.members()) {
    if (std::find(valid.begin(), valid.end(), key) != valid.end()) continue;
    throw Error(ErrorKind::input, value.key_where(),
                fmt::format("{}: unknown key '{}'{}", what, key, did_you_mean(key, valid)));
  }
}

MapReader::MapReader(const Tree& tree, std::span<const keys::Key> table, std::string what)
    : tree_(tree), table_(table), what_(std::move(what)) {
  tree.as_map(what_);
  std::vector<std::string_view> valid;
  for (const auto& key : table) valid.push_back(key.name);
  check_keys(tree, valid, what_);
  for (const auto& key : table)
    if (key.required) require(key.name);
}

const Tree* MapReader::find(std::string_view key) const {
  const Tree* value = tree_.find(key);
  if (value != nullptr && value->is_null())
    throw Error(ErrorKind::input, value->key_where(),
                fmt::format("{}: there is no value after '{}:'", what_, key));
  return value;
}

const Tree& MapReader::require(std::string_view key) const {
  if (const Tree* value = find(key)) return *value;
  throw tree_.error(fmt::format("{}: the key '{}' is missing ({})", what_, key, description(key).meaning));
}

Tree MapReader::present_or_standard(std::string_view key) const {
  if (const Tree* value = find(key)) return *value;
  return Tree::scalar(std::string(description(key).standard), tree_.where());
}

std::string MapReader::text(std::string_view key) const {
  const Tree value = present_or_standard(key);
  const std::string& text = value.as_text(label(key));
  if (text.empty() && !description(key).standard.empty()) throw value.error(label(key) + " is empty");
  return text;
}

double MapReader::quantity(std::string_view key) const {
  const keys::Key& about = description(key);
  const Tree value = present_or_standard(key);
  const double number = value.as_quantity(about.unit, label(key));
  check_bounds({std::string(key), about.unit, 0, about.bounds, ""}, number, what_, value.where());
  return number;
}

std::int64_t MapReader::integer(std::string_view key) const {
  const Bounds& bounds = description(key).bounds;
  constexpr double beyond = 9223372036854775807.0;  // 2^63, which the largest integer rounds to
  const std::int64_t high = bounds.high >= beyond ? std::numeric_limits<std::int64_t>::max()
                                                  : static_cast<std::int64_t>(bounds.high);
  return present_or_standard(key).as_integer(label(key), static_cast<std::int64_t>(bounds.low), high);
}

std::string MapReader::choice(std::string_view key, std::span<const keys::Choice> words) const {
  const Tree value = present_or_standard(key);
  const std::string& word = value.as_text(label(key));
  std::vector<std::string_view> known, available;
  for (const auto& choice : words) {
    known.push_back(choice.word);
    if (choice.available) available.push_back(choice.word);
  }
  if (std::find(available.begin(), available.end(), word) != available.end()) return word;
  if (std::find(known.begin(), known.end(), word) != known.end())
    throw value.error(fmt::format("{}: '{}' is not part of this version yet; available: {}", label(key), word,
                                  fmt::join(available, ", ")));
  throw value.error(fmt::format("{}: there is no '{}'{}", label(key), word, did_you_mean(word, known)));
}

}  // namespace synfire
