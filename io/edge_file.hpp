// Lists of connections from a file: a table of text, or HDF5 (SONATA edges, or flat datasets).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace synfire {

/// Connection k leads from source[k] to target[k]. `weight` (unit of the projection) and `delay_ms` are empty
/// where the file does not say, otherwise as long as the others.
struct EdgeList {
  std::vector<std::uint64_t> source;
  std::vector<std::uint64_t> target;
  std::vector<double> weight;
  std::vector<double> delay_ms;
};

/// Reads all edges, in the order of the file.
///
/// Text: columns named source, target and perhaps weight, delay (ms); without names in this order, 2 to 4 of
/// them. HDF5: /edges/<population>/{source_node_id, target_node_id} with syn_weight and delay in group 0 or
/// beside them, or datasets source, target, weight, delay at the root. Errors: neither; several populations
/// and none named; lengths that differ; edges spread over several groups; weights or delays not finite,
/// delays below 0.
EdgeList read_edge_file(const std::string& path, const std::optional<std::string>& population = {});

}  // namespace synfire
