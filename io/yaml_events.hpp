// yaml-cpp's events turned into a Tree. Inside io only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include "core/tree.hpp"

namespace synfire::yaml {

/// Builds the tree of one document; throws Error(input) for what the language does not know: duplicate keys,
/// keys that are not text, tags, too many values, too much depth.
class TreeBuilder final : public YAML::EventHandler {
 public:
  /// `values` counts on over several files.
  TreeBuilder(std::string file, std::size_t& values) : file_(std::move(file)), values_(values) {}

  Tree take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Tree tree;
    YAML::anchor_t anchor = 0;
    std::size_t values_before = 0;
    std::optional<std::string> key;  // of a map: seen, its value not yet
    int key_line = 0, key_column = 0;
    std::set<std::string, std::less<>> keys;
  };
  struct Anchored {
    Tree tree;
    std::size_t values = 0;
  };

  Position at(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
  bool expects_key() const;
  void take_key(const YAML::Mark& mark, const std::string& text);
  void count(std::size_t values, const Position& where);
  void open(Tree tree, YAML::anchor_t anchor);
  void close();
  static void merge(Tree& map);
  void remember(YAML::anchor_t anchor, const Tree& tree, std::size_t values);
  void add(Tree tree);

  std::string file_;
  std::size_t& values_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Tree root_;
  bool started_ = false;
};

/// Throws Error(input) when the text holds bytes that are no YAML text (control characters, wrong UTF-8), or
/// brackets and values beyond YamlLimits, which would cost memory before the parser reports anything.
void check_text(std::string_view text, const std::string& file);

/// The document in a text, `include` left as it stands; `values` counts on over several files.
Tree parse_document(std::string_view text, const std::string& file, std::size_t& values);

}  // namespace synfire::yaml
