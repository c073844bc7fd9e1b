#include "networks/named_networks.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "io/yaml.hpp"
#include "networks/keys.hpp"

namespace synfire {
namespace {

// The line after a "# " or "# Source: ", without its full stop.
std::string after(std::string_view mark, std::string_view text) {
  const std::size_t begin = text.find(mark);
  if (begin == std::string_view::npos) return "";
  const std::string_view rest = text.substr(begin + mark.size());
  std::string_view line = rest.substr(0, rest.find('\n'));
  if (line.ends_with('.')) line.remove_suffix(1);
  return std::string(line);
}

std::vector<ModelInfo> all_networks() {
  std::vector<ModelInfo> all;
  for (const auto& [name, text] : named_texts()) {
    ModelInfo& info = all.emplace_back();
    info.name = name, info.summary = after("# ", text), info.source = after("# Source: ", text);
  }
  return all;
}

Tree text_of(const Tree& name) {
  const std::string& wanted = name.as_text("network");
  std::vector<std::string_view> valid;
  for (const auto& [known, text] : named_texts()) {
    if (known == wanted) return parse_yaml(text, fmt::format("network {}", known));
    valid.push_back(known);
  }
  throw name.error(fmt::format("network: there is no '{}' among those that `synfire models` lists{}", wanted,
                               did_you_mean(wanted, valid)));
}

}  // namespace

const std::vector<ModelInfo>& named_networks() {
  static const std::vector<ModelInfo> all = all_networks();
  return all;
}

Tree with_named_network(Tree tree) {
  const auto is_name = [](const Tree::Member& member) { return member.first == "network"; };
  if (!tree.is_map() || tree.find("network") == nullptr) return tree;
  const Tree name = *tree.find("network");
  Tree whole = with_named_network(text_of(name));
  // What is missing beside them is missing where they were asked for.
  for (auto& [key, value] : whole.members()) {
    value.set_where(name.where());
    value.set_key_where(name.key_where().line, name.key_where().column);
  }
  std::erase_if(tree.members(), is_name);
  merge_over(whole, std::move(tree));
  return whole;
}

}  // namespace synfire
