// Snapshots of the synapses of a plastic projection in a result file.
#pragma once

#include "io/hdf5.hpp"
#include "networks/description.hpp"
#include "sim/synapse_table.hpp"

namespace synfire {

/// /synfire/weights/<projection>: snapshot k holds rows begin[k] to begin[k+1] of source_node_id,
/// target_node_id and weight; its time is time[k] (ms). begin has one entry more than there are snapshots.
class WeightWriter {
 public:
  WeightWriter(hdf5::File& file, const NetworkDescription& network, const ProjectionDescription& projection);

  void append(double time_ms, const SynapseTable& table);

 private:
  hdf5::Group group_;
  hdf5::Dataset times_, begins_, sources_, targets_, weights_;
  std::uint64_t rows_ = 0;
};

}  // namespace synfire
