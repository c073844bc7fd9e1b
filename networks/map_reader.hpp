// Reads a map of the language against the table of its keys.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tree.hpp"
#include "networks/keys.hpp"

namespace synfire {

/// Throws Error(input) at the first key of the map that is not among the valid ones, naming the one that was
/// meant.
void check_keys(const Tree& map, std::span<const std::string_view> valid, std::string_view what);

class MapReader {
 public:
  /// Throws Error(input) when `tree` is no map, has a key that the table lacks, or lacks one that is
  /// required. `what` is how messages call the map: "population 'exc'".
  MapReader(const Tree& tree, std::span<const keys::Key> table, std::string what);

  const Tree& tree() const { return tree_; }
  const std::string& what() const { return what_; }

  /// Null pointer when the key is absent; an empty value (`key:`) is an error, it hides a forgotten one.
  const Tree* find(std::string_view key) const;
  const Tree& require(std::string_view key) const;

  /// The value of a key, or its standard when absent.
  std::string text(std::string_view key) const;
  double quantity(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  /// One of the words of a table; unknown words and such as are not available are errors.
  std::string choice(std::string_view key, std::span<const keys::Choice> words) const;

  std::string label(std::string_view key) const { return std::string(key) + " of " + what_; }

 private:
  const keys::Key& description(std::string_view key) const { return keys::find(table_, key); }
  Tree present_or_standard(std::string_view key) const;

  const Tree& tree_;
  std::span<const keys::Key> table_;
  std::string what_;
};

}  // namespace synfire
