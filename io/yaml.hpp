// YAML text as a value tree that remembers where everything stood; includes and overrides resolved.
#pragma once

#include <string>
#include <string_view>

#include "core/tree.hpp"

namespace synfire {

/// What a YAML file may ask for; more is refused before memory is taken for it.
struct YamlLimits {
  static constexpr std::size_t file_bytes = std::size_t(64) << 20;
  static constexpr int depth = 100;                  ///< lists and maps inside each other
  static constexpr std::size_t values = 10'000'000;  ///< of all files together, aliases written out
  static constexpr int files = 1000;                 ///< that `include` may name in all
};

/// The first and only document of a file. `include: other.yaml` (or a list of files) at the top level is
/// replaced by the content of those files: maps are merged at every depth, of two included files the later
/// wins, the including file wins over all; paths are relative to the including file. Throws Error(input) with
/// the position for what is not YAML, for duplicate keys, for bytes that are no text, for missing and cyclic
/// includes; Error(resource) when a file cannot be read.
Tree read_yaml(const std::string& path);

/// The same for a text; `filename` is what messages call it and where relative includes start.
Tree parse_yaml(std::string_view text, const std::string& filename);

/// `--set path=value`: the value (YAML) replaces what stands at a path such as `populations.exc.size` or
/// `projections[2].weight`; keys that do not exist are added. Throws Error(usage), naming the option, for a
/// path that leads nowhere, Error(input) for a value that is not YAML.
void apply_set(Tree& tree, std::string_view assignment);

/// Everything of `over` stands; what it lacks comes from `base`, which becomes the result. Maps are merged at
/// every depth, all else is replaced.
void merge_over(Tree& base, Tree over);

/// A text that parse_yaml reads back as the same tree (places aside).
std::string write_yaml(const Tree& tree);

}  // namespace synfire
