// What structural rules did, in a result file.
#pragma once

#include <string>

#include "core/synapse_list.hpp"
#include "io/hdf5.hpp"

namespace synfire {

/// /synfire/structure/<projection>: one row an event in each dataset; time in ms; synapses and
/// connected_targets as the event left them; pruned, regenerated and formed are numbers of synapses; the
/// rates in % are those that the event acted by.
class StructureWriter {
 public:
  StructureWriter(hdf5::File& file, const std::string& projection);

  void append(double time_ms, const StructureEvent& event);

 private:
  hdf5::Group group_;
  hdf5::Dataset times_, synapses_, targets_, pruned_, regenerated_, formed_, prune_rates_,
      regeneration_rates_;
};

}  // namespace synfire
