// The samples that encoders are given. Part of the catalogue.
#pragma once

#include "encoders/samples.hpp"
#include "encoders/sources.hpp"
#include "io/sonata.hpp"
#include "sim/backend.hpp"

namespace synfire {

/// Calls visit.template operator()<Encoder>() for the source of this name if it turns values into something.
template <class Visit> void with_encoder(std::string_view model, Visit&& visit) {
  Sources::for_each([&]<class Source>() {
    if constexpr (requires { &Source::neurons; })
      if (Source::describe().name == model) visit.template operator()<Source>();
  });
}

/// The samples of a population that encodes values, repeated as asked for, up to the end of the run. Throws
/// Error(input) naming file, line or byte when a file cannot be read, at the population's place when its
/// samples are more than 2^27 values in all, or no `step` is given for several of them.
Samples read_samples(const PopulationDescription& population, double duration_ms);

/// Reads the values of a population that encodes some, once for all that need them. Throws as read_samples.
void read_values(PopulationDescription& population);

/// The size of a population that encodes values or hears sound; nothing for others, and for those whose
/// values a task gives. Throws as read_samples and as read_sound.
std::optional<std::vector<std::uint32_t>> encoder_shape(const PopulationDescription& population);

/// The spikes of such a population; nothing for others.
std::optional<SpikeTrain> encoded_spikes(const BuildContext& context,
                                         const PopulationDescription& population);

/// The currents (pA) of a population that passes values on. Values are shared by all that are made of one.
class SampleCurrents {
 public:
  SampleCurrents(const PopulationDescription& population, double duration_ms);
  std::size_t rows() const { return rows_; }
  double start_ms(std::size_t row) const { return static_cast<double>(row) * step_ms_; }
  /// Those of a row, from neuron `first` on.
  void copy(std::size_t row, std::uint32_t first, std::span<float> currents) const;

 private:
  std::shared_ptr<const Samples> samples_;
  double step_ms_, amplitude_ = 1, offset_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace synfire
