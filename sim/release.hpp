// Short-term plasticity as the engine meets it: what part of the weight a spike passes with.
#pragma once

#include <cstdint>

#include "core/state.hpp"
#include "core/time.hpp"

namespace synfire {

class Release {
 public:
  virtual ~Release() = default;
  /// The sum over `times` spikes of a source in `step`; steps of one source must ascend.
  virtual double part(std::uint32_t source, Step step, std::uint32_t times) = 0;
  /// The same in all parts of a projection.
  virtual void save(const SavedShare& share) const = 0;
  virtual void load(const LoadedShare& share) = 0;
  virtual std::size_t bytes() const = 0;
};

}  // namespace synfire
