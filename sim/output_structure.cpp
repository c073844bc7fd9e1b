#include "sim/output_structure.hpp"

#include <array>
#include <span>

#include "core/quantity.hpp"

namespace synfire {
namespace {

template <class Value> void append_one(hdf5::Dataset& dataset, Value value) {
  const std::array values = {value};
  dataset.append(std::span<const Value>(values));
}

}  // namespace

StructureWriter::StructureWriter(hdf5::File& file, const std::string& projection)
    : group_(file.require_group("synfire/structure/" + projection)),
      times_(group_.create_growing("time", hdf5::Type::float64)),
      synapses_(group_.create_growing("synapses", hdf5::Type::uint64)),
      targets_(group_.create_growing("connected_targets", hdf5::Type::uint32)),
      pruned_(group_.create_growing("pruned", hdf5::Type::uint64)),
      regenerated_(group_.create_growing("regenerated", hdf5::Type::uint64)),
      formed_(group_.create_growing("formed", hdf5::Type::uint64)),
      prune_rates_(group_.create_growing("rate_prune", hdf5::Type::float64)),
      regeneration_rates_(group_.create_growing("rate_regenerate", hdf5::Type::float64)) {
  times_.set_attribute("units", symbol(Unit::ms));
  for (hdf5::Dataset* rates : {&prune_rates_, &regeneration_rates_})
    rates->set_attribute("units", std::string_view("percent"));
}

void StructureWriter::append(double time_ms, const StructureEvent& event) {
  append_one(times_, time_ms);
  append_one(synapses_, event.left.synapses);
  append_one(targets_, event.left.connected);
  append_one(pruned_, event.pruned);
  append_one(regenerated_, event.regenerated);
  append_one(formed_, event.formed);
  append_one(prune_rates_, event.rate_prune);
  append_one(regeneration_rates_, event.rate_regenerate);
}

}  // namespace synfire
