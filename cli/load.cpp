#include "cli/load.hpp"

#include <filesystem>

#include "io/yaml.hpp"
#include "networks/parse.hpp"

namespace synfire::cli {

NetworkDescription NetworkArguments::load() const {
  Tree tree = read_yaml(file);
  for (const auto& assignment : overrides) apply_set(tree, assignment);
  NetworkDescription network = parse_network(tree);
  network.source_text = write_yaml(tree);
  network.source_file = std::filesystem::absolute(file).lexically_normal().string();
  return network;
}

}  // namespace synfire::cli
