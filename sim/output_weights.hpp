// Snapshots of the synapses of a plastic projection in a result file.
#pragma once

#include <optional>
#include <span>

#include "io/hdf5.hpp"
#include "networks/description.hpp"
#include "sim/synapse_table.hpp"

namespace synfire {

/// /synfire/weights/<projection>: snapshot k holds rows begin[k] to begin[k+1] of source_node_id,
/// target_node_id and weight; its time is time[k] (ms). begin has one entry more than there are snapshots.
/// With a mask, `mask` stands beside weight, and of each snapshot mask_mean, conv_ratio (the part of the
/// synapses with M > 0.5) and binariness (1 - 4 mean M (1 - M)).
class WeightWriter {
 public:
  WeightWriter(hdf5::File& file, const NetworkDescription& network, const ProjectionDescription& projection);

  void append(double time_ms, const SynapseTable& table);

 private:
  hdf5::Group group_;
  hdf5::Dataset times_, begins_, sources_, targets_, weights_;
  struct MaskDatasets {
    hdf5::Dataset values, means, conv_ratios, binarinesses;
  };
  void append_masks(std::span<const float> masks);

  std::optional<MaskDatasets> masks_;
  std::uint64_t rows_ = 0;
};

}  // namespace synfire
