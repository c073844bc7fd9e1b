// The seams inside the event engine: neurons, sources of spikes and sources of currents, each at its own
// time. All times are ms since the beginning of the run.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "sim/backend.hpp"

namespace synfire {

/// The neurons of one range, by their offset in it. A neuron's state is known at the time of its last event;
/// no call may go back behind that.
class EventNeurons {
 public:
  virtual ~EventNeurons() = default;

  /// Brings `targets` to time t and lets a spike reach each of them; one weight for all, or one each.
  virtual void receive(double t, std::size_t receptor, std::span<const std::uint32_t> targets,
                       std::span<const double> weights) = 0;
  /// From time t on a constant current flows into the neuron.
  virtual void set_current(std::uint32_t neuron, double t, double current) = 0;
  /// When the neuron will spike if nothing arrives before; infinity: never.
  virtual double next_spike(std::uint32_t neuron) const = 0;
  /// A time not after that, at less cost.
  virtual double earliest_spike(std::uint32_t neuron) const = 0;
  /// The neuron spikes at t: resets it.
  virtual void fire(std::uint32_t neuron, double t) = 0;
  /// All of them stand at t as at the start; their currents go on.
  virtual void restart(double t) = 0;
  /// A state variable at time t, as it will be if nothing arrives before; changes nothing.
  virtual double state(std::uint32_t neuron, double t, std::size_t variable) const = 0;

  virtual std::size_t bytes() const = 0;
};

/// Sources of spikes of one range.
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// The time of the neuron's first spike, at the next call of its second …; never decreasing, infinity at
  /// the end.
  virtual double next(std::uint32_t neuron) = 0;
  virtual std::size_t bytes() const = 0;
};

/// A current that is constant between changes; before the first it is 0.
class EventSignal {
 public:
  virtual ~EventSignal() = default;
  /// The time of change k = 0, 1, …, ascending; infinity when there are no more.
  virtual double change(std::size_t k) const = 0;
  /// values[i] = the current of neuron first + i from change k on.
  virtual void values(std::size_t k, std::uint32_t first, std::span<double> values) const = 0;
};

/// Throws Error(input), at the population, for a model without event form; names those that have one.
std::unique_ptr<EventNeurons> make_event_neurons(const BuildContext&, const PopulationDescription&, Range);
std::unique_ptr<EventSource> make_event_source(const BuildContext&, const PopulationDescription&, Range);
std::unique_ptr<EventSignal> make_event_signal(const BuildContext&, const PopulationDescription&);

/// The same check without building anything.
void require_event_form(const PopulationDescription&);

}  // namespace synfire
