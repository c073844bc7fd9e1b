// Steering the batched engine between two calls of advance.
#pragma once

#include <memory>
#include <vector>

#include "sim/cpu/shard.hpp"

namespace synfire {

class CpuControl final : public Control {
 public:
  CpuControl(const BuildContext& context, const std::vector<std::unique_ptr<Shard>>& shards)
      : context_(context), shards_(shards) {}

  void spike_counts(std::size_t population, std::span<std::uint64_t> counts) const override;
  void set_parameter(std::size_t population, std::string_view parameter,
                     std::span<const double> values) override;
  void play(std::size_t population, std::span<const double> times_ms,
            std::span<const std::uint64_t> ids) override;
  void hold(std::size_t population, std::span<const double> currents) override;
  void restart(std::size_t population) override;
  std::vector<float> state(std::size_t population, std::size_t variable) const override;
  void watch(std::size_t population, std::optional<std::size_t> variable) override;
  Watched watched(std::size_t population) const override;
  void set_plastic(bool on) override;
  void apply_periodic(std::size_t projection) override;
  SynapseTable synapses(std::size_t projection) const override;

 private:
  // Calls visit(inlet) for the parts of a plastic projection, in the order of their targets.
  template <class Visit> void for_each_part(std::size_t projection, const Visit& visit) const;

  const BuildContext& context_;
  const std::vector<std::unique_ptr<Shard>>& shards_;
};

}  // namespace synfire
