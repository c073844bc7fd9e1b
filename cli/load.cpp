#include "cli/load.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "io/yaml.hpp"
#include "networks/named_networks.hpp"
#include "networks/parse.hpp"

namespace synfire::cli {

NetworkDescription NetworkArguments::load() const {
  // Which network it is comes before what is changed of it.
  const auto names_network = [](const std::string& assignment) { return assignment.starts_with("network="); };
  Tree tree = read_yaml(file);
  for (const auto& assignment : overrides)
    if (names_network(assignment)) apply_set(tree, assignment);
  tree = with_named_network(std::move(tree));
  for (const auto& assignment : overrides)
    if (!names_network(assignment)) apply_set(tree, assignment);
  NetworkDescription network = parse_network(tree);
  network.source_text = write_yaml(tree);
  network.source_file = std::filesystem::absolute(file).lexically_normal().string();
  return network;
}

void refuse_trained(const NetworkDescription& network, const std::string& file) {
  if (network.training)
    throw Error(ErrorKind::usage,
                fmt::format("{}: this network is trained; `synfire train {}` does that", file, file));
}

std::string NetworkArguments::output_of(const NetworkDescription& network,
                                        const std::optional<std::string>& given) const {
  if (given) return *given;
  if (network.output) return *network.output;
  return std::filesystem::path(file).stem().string() + ".h5";
}

}  // namespace synfire::cli
