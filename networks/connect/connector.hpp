// The face of a connection rule: which sources does a target have?
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "networks/description.hpp"

namespace synfire {

/// The two ends of a projection and the streams that belong to it.
struct ConnectContext {
  std::vector<std::uint32_t> source_shape, target_shape;
  std::uint32_t sources = 0, targets = 0;
  bool same_population = false;  ///< then source i and target i are one neuron (autapse)
  RandomKey key;                 ///< of this projection's connections
};

/// Answers target by target, so that any shard can be built on its own, in parallel, twice with the same
/// result.
class Connector {
 public:
  virtual ~Connector() = default;

  /// Appends the sources of every synapse onto `target`, in an order that depends on nothing else.
  /// Thread-safe.
  virtual void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const = 0;

  /// The expected number of synapses of the projection; exact where the rule fixes it.
  virtual double expected_synapses() const = 0;

  /// Bytes that the rule itself keeps (edge lists).
  virtual std::size_t bytes() const { return 0; }

  /// Rules that bring weights (in the receptor's unit) or delays (ms) of their own say so, and give one value
  /// for each source of `target`, in the same order.
  virtual bool has_weights() const { return false; }
  virtual bool has_delays() const { return false; }
  virtual std::span<const float> weights_of(std::uint32_t) const { return {}; }
  virtual std::span<const float> delays_of(std::uint32_t) const { return {}; }

  /// Rules whose synapses share the weights of a kernel: its number of entries (0: nothing is shared), and
  /// the entry of the k-th synapse of a target.
  virtual std::uint64_t kernel_size() const { return 0; }
  virtual std::uint64_t kernel_entry(std::uint32_t /*target*/, std::uint32_t /*k*/) const { return 0; }

  /// True for the rule that joins equal indices and nothing else; such a projection may be fused with its
  /// source.
  virtual bool is_identity() const { return false; }
};

/// The rules and their parameters, described like any model.
const std::vector<ModelInfo>& connection_rules();

/// Checks the parameters against bounds and against the two populations; throws Error(input) at
/// connect.where.
std::unique_ptr<Connector> make_connector(const ConnectDescription&, const ConnectContext&);

}  // namespace synfire
