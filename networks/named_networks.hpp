// Deep networks that a file may have by name; their texts stand in networks/named.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/parameter.hpp"
#include "core/tree.hpp"

namespace synfire {

/// A file of networks/named, which the build puts into the program.
struct NamedText {
  std::string_view name, text;
};
std::span<const NamedText> named_texts();

/// Name, summary and source of each: the first two lines of its text.
const std::vector<ModelInfo>& named_networks();

/// `network: NAME` at the top level replaced by what is in the text of that name, which itself may begin with
/// another one; maps are merged at every depth, and what stands in `tree` wins. A tree without the key comes
/// back as it is. Throws Error(input) at the name when there is no such network.
Tree with_named_network(Tree tree);

}  // namespace synfire
