#include "io/yaml_events.hpp"

#include <algorithm>
#include <istream>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "io/yaml.hpp"

namespace synfire::yaml {
namespace {

[[noreturn]] void refuse(const Position& where, std::string_view what) {
  throw Error(ErrorKind::input, where, what);
}

void check_tag(const std::string& tag, const Position& where) {
  const bool untagged = tag.empty() || tag == "?" || tag == "!";
  if (untagged) return;
  refuse(where, fmt::format("the tag '{}' is not part of the language; write the value without it", tag));
}

// The number of bytes of the UTF-8 character that starts here; 0 when it is none.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) > 0x9F;
  const bool too_high = first == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_high ? 0 : length;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

// Reads a text without copying it.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf asks for it; nobody writes
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

void check_text(std::string_view text, const std::string& file) {
  // Brackets in quotes and comments count too; nobody has hundreds of unclosed ones there.
  constexpr int most_open = 10 * YamlLimits::depth;
  Position where{file, 1, 1};
  int open = 0;
  std::size_t commas = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::size_t length = character_bytes(text.substr(i));
    if (length == 0 || is_control(c))
      refuse(where, fmt::format("byte 0x{:02X} is not text; a network is a YAML file in UTF-8",
                                static_cast<unsigned char>(c)));
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > most_open)
      refuse(where,
             fmt::format("brackets are nested too deeply; at most {} levels are read", YamlLimits::depth));
    if (c == ',' && ++commas > YamlLimits::values)
      refuse(where, fmt::format("more than {} values; put large lists into a file of their own",
                                YamlLimits::values));
    i += length;
    ++where.column;
    if (c == '\n') ++where.line, where.column = 1;
  }
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (started_) refuse(at(mark), "a second document begins here; a file holds one network");
  started_ = true;
}

bool TreeBuilder::expects_key() const {
  return !open_.empty() && open_.back().tree.is_map() && !open_.back().key;
}

void TreeBuilder::take_key(const YAML::Mark& mark, const std::string& text) {
  Open& map = open_.back();
  if (!map.keys.insert(text).second) {
    const Position first = map.tree.find(text)->key_where();
    refuse(at(mark),
           fmt::format("the key '{}' stands twice in this map, first in line {}", text, first.line));
  }
  map.key = text;
  map.key_line = mark.line + 1;
  map.key_column = mark.column + 1;
}

void TreeBuilder::count(std::size_t values, const Position& where) {
  values_ += values;
  if (values_ > YamlLimits::values)
    refuse(where,
           fmt::format("more than {} values (aliases written out); put large lists into a file of their own",
                       YamlLimits::values));
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (expects_key()) refuse(at(mark), "a key is missing here");
  count(1, at(mark));
  Tree tree;
  const bool in_map = !open_.empty() && open_.back().tree.is_map();
  // A value that was left out has no place of its own.
  tree.set_where(in_map ? Position{file_, open_.back().key_line, open_.back().key_column} : at(mark));
  remember(anchor, tree, 1);
  add(std::move(tree));
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& text) {
  check_tag(tag, at(mark));
  if (expects_key()) return take_key(mark, text);
  count(1, at(mark));
  Tree tree = Tree::scalar(text, at(mark), tag == "!");
  remember(anchor, tree, 1);
  add(std::move(tree));
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (expects_key()) refuse(at(mark), "a key must be text, not an alias");
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) refuse(at(mark), "this alias lies inside the value that it stands for");
  count(found->second.values, at(mark));
  add(found->second.tree);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value) {
  check_tag(tag, at(mark));
  open(Tree::list(at(mark)), anchor);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
  check_tag(tag, at(mark));
  open(Tree::map(at(mark)), anchor);
}

void TreeBuilder::open(Tree tree, YAML::anchor_t anchor) {
  if (expects_key()) refuse(tree.where(), "a key must be text, not a list or a map");
  if (open_.size() >= std::size_t(YamlLimits::depth))
    refuse(tree.where(), fmt::format("lists and maps are nested too deeply; at most {} levels are read",
                                     YamlLimits::depth));
  const std::size_t before = values_;
  count(1, tree.where());
  Open opened;
  opened.tree = std::move(tree);
  opened.anchor = anchor;
  opened.values_before = before;
  open_.push_back(std::move(opened));
}

// `<<: *name` (or a list of them) in a map: the members of those maps that it does not have itself; of two
// that both have a member, the earlier wins.
void TreeBuilder::merge(Tree& map) {
  auto& members = map.members();
  const auto place =
      std::find_if(members.begin(), members.end(), [](const auto& m) { return m.first == "<<"; });
  if (place == members.end()) return;
  const Tree merged = std::move(place->second);
  members.erase(place);
  const auto take_from = [&](const Tree& other) {
    if (!other.is_map()) refuse(other.where(), "<< takes a map, or a list of maps, such as *name");
    for (const auto& [key, value] : other.members())
      if (map.find(key) == nullptr) map.members().emplace_back(key, value);
  };
  if (!merged.is_list()) return take_from(merged);
  for (const Tree& other : merged.items()) take_from(other);
}

void TreeBuilder::close() {
  Open closed = std::move(open_.back());
  open_.pop_back();
  if (closed.tree.is_map()) merge(closed.tree);
  remember(closed.anchor, closed.tree, values_ - closed.values_before);
  add(std::move(closed.tree));
}

void TreeBuilder::remember(YAML::anchor_t anchor, const Tree& tree, std::size_t values) {
  if (anchor == 0) return;
  count(values, tree.where());  // the kept copy is memory as well
  anchors_[anchor] = {tree, values};
}

void TreeBuilder::add(Tree tree) {
  if (open_.empty()) {
    root_ = std::move(tree);
    return;
  }
  Open& parent = open_.back();
  if (parent.tree.is_list()) {
    parent.tree.items().push_back(std::move(tree));
    return;
  }
  tree.set_key_where(parent.key_line, parent.key_column);
  parent.tree.members().emplace_back(std::move(*parent.key), std::move(tree));
  parent.key.reset();
}

Tree parse_document(std::string_view text, const std::string& file, std::size_t& values) {
  if (text.size() > YamlLimits::file_bytes)
    throw Error(
        ErrorKind::input, Position{file, 0, 0},
        fmt::format("the file has {} MB; a YAML file may have {} MB: put large lists into CSV or HDF5 files",
                    text.size() >> 20, YamlLimits::file_bytes >> 20));
  check_text(text, file);
  TreeBuilder builder(file, values);
  // yaml-cpp misses a quote that is never closed when a line ends after it.
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    const bool known = !e.mark.is_null();
    throw Error(ErrorKind::input, Position{file, known ? e.mark.line + 1 : 0, known ? e.mark.column + 1 : 0},
                fmt::format("not valid YAML: {}", e.msg));
  }
  return builder.take();
}

}  // namespace synfire::yaml
