// A value tree that remembers where each value stood: what YAML becomes before anybody asks what it means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/quantity.hpp"

namespace synfire {

/// One value of a document: nothing, a scalar text, a list, or a map in the order written.
class Tree {
 public:
  enum class Kind { null, scalar, list, map };
  using Member = std::pair<std::string, Tree>;

  Tree() = default;
  static Tree scalar(std::string text, Position where, bool quoted = false);
  static Tree list(Position where);
  static Tree map(Position where);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_scalar() const { return kind_ == Kind::scalar; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_map() const { return kind_ == Kind::map; }
  const Position& where() const { return where_; }
  void set_where(Position where) { where_ = std::move(where); }
  /// Where the key stood that leads to this value in a map; the value's own place when there was none.
  Position key_where() const {
    return key_line_ == 0 ? where_ : Position{where_.file, key_line_, key_column_};
  }
  void set_key_where(int line, int column) { key_line_ = line, key_column_ = column; }
  bool is_quoted() const { return quoted_; }  ///< of a scalar: it stood in quotes

  const std::string& text() const { return text_; }          ///< of a scalar
  const std::vector<Tree>& items() const { return items_; }  ///< of a list
  std::vector<Tree>& items() { return items_; }
  const std::vector<Member>& members() const { return members_; }  ///< of a map
  std::vector<Member>& members() { return members_; }

  const Tree* find(std::string_view key) const;  ///< of a map; null pointer when absent
  Tree* find(std::string_view key);
  void set(std::string key, Tree value);  ///< adds or replaces

  // Typed access; each throws Error(input) at this value's place, naming `what`.
  const std::string& as_text(std::string_view what) const;
  double as_number(std::string_view what) const;
  double as_quantity(Unit unit, std::string_view what) const;
  bool as_bool(std::string_view what) const;
  std::int64_t as_integer(std::string_view what, std::int64_t low, std::int64_t high) const;
  const std::vector<Tree>& as_list(std::string_view what) const;
  const std::vector<Member>& as_map(std::string_view what) const;

  /// An input error at this value.
  [[nodiscard]] Error error(std::string_view what) const { return Error(ErrorKind::input, where_, what); }

 private:
  Kind kind_ = Kind::null;
  bool quoted_ = false;
  std::string text_;
  std::vector<Tree> items_;
  std::vector<Member> members_;
  Position where_;
  int key_line_ = 0, key_column_ = 0;
};

/// What a value is, for messages: "a list", "the text 'abc'", …
std::string describe_kind(const Tree&);

}  // namespace synfire
