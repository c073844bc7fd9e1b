// What run, validate and graph have in common: a network file with overrides.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "networks/description.hpp"

namespace synfire::cli {

struct NetworkArguments {
  std::string file;
  std::vector<std::string> overrides;  ///< of --set

  /// Adds NET.yaml and --set to a subcommand.
  void add_to(CLI::App& command) {
    command.add_option("network", file, "network file (YAML)")->required()->type_name("NET.yaml");
    command
        .add_option("--set", overrides,
                    "override a value, e.g. --set simulation.duration='2 s'; may be repeated")
        ->type_name("PATH=VALUE")
        ->allow_extra_args(false);
  }

  /// The network as the file and the overrides describe it.
  NetworkDescription load() const;
  /// Where its results go: as the command line says, else the network, else the file's name + .h5.
  std::string output_of(const NetworkDescription& network, const std::optional<std::string>& given) const;
};

/// Throws Error(usage) for a network that is trained: it is not simulated.
void refuse_trained(const NetworkDescription& network, const std::string& file);

}  // namespace synfire::cli
