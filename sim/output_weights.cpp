#include "sim/output_weights.hpp"

#include <array>
#include <span>

#include "sim/catalogue.hpp"
#include "sim/mask.hpp"

namespace synfire {

WeightWriter::WeightWriter(hdf5::File& file, const NetworkDescription& network,
                           const ProjectionDescription& projection)
    : group_(file.require_group("synfire/weights/" + projection.name)),
      times_(group_.create_growing("time", hdf5::Type::float64)),
      begins_(group_.create_growing("begin", hdf5::Type::uint64)),
      sources_(group_.create_growing("source_node_id", hdf5::Type::uint32)),
      targets_(group_.create_growing("target_node_id", hdf5::Type::uint32)),
      weights_(group_.create_growing("weight", hdf5::Type::float32)) {
  const auto& to = network.populations[projection.to];
  const Unit unit = model_info(to.model).receptors[projection.receptor.value_or(0)].unit;
  group_.set_attribute("source", std::string_view(network.populations[projection.from].name));
  group_.set_attribute("target", std::string_view(to.name));
  times_.set_attribute("units", symbol(Unit::ms));
  weights_.set_attribute("units", unit == Unit::none ? std::string_view("1") : symbol(unit));
  const std::array<std::uint64_t, 1> none = {0};
  begins_.append(std::span<const std::uint64_t>(none));
  if (projection.mask)
    masks_.emplace(MaskDatasets{group_.create_growing("mask", hdf5::Type::float32),
                                group_.create_growing("mask_mean", hdf5::Type::float64),
                                group_.create_growing("conv_ratio", hdf5::Type::float64),
                                group_.create_growing("binariness", hdf5::Type::float64)});
}

void WeightWriter::append_masks(std::span<const float> masks) {
  const MaskStatistics statistics = mask_statistics(masks);
  const auto append = [](hdf5::Dataset& dataset, double value) {
    const std::array values = {value};
    dataset.append(std::span<const double>(values));
  };
  masks_->values.append(masks);
  append(masks_->means, statistics.mean);
  append(masks_->conv_ratios, statistics.conv_ratio);
  append(masks_->binarinesses, statistics.binariness);
}

void WeightWriter::append(double time_ms, const SynapseTable& table) {
  const std::array time = {time_ms};
  times_.append(std::span<const double>(time));
  sources_.append(std::span<const std::uint32_t>(table.sources));
  targets_.append(std::span<const std::uint32_t>(table.targets));
  weights_.append(std::span<const float>(table.weights));
  if (masks_) append_masks(table.masks);
  rows_ += table.sources.size();
  const std::array<std::uint64_t, 1> end = {rows_};
  begins_.append(std::span<const std::uint64_t>(end));
}

}  // namespace synfire
