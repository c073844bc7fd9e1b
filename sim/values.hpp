// From what a user wrote for a population to the Parameters and State of each neuron.
#pragma once

#include <fmt/format.h>

#include "core/parameter.hpp"
#include "sim/backend.hpp"

namespace synfire {

/// The distribution a user gave for a parameter; a constant of the default otherwise.
template <class Real>
Distribution distribution_of(const PopulationDescription& population, std::string_view name,
                             Real default_value) {
  const auto found = population.parameters.find(std::string(name));
  if (found == population.parameters.end()) return Distribution(static_cast<double>(default_value));
  return std::get<Distribution>(found->second);
}

/// Parameters whose values cannot differ between neurons, as for sources.
template <class Parameters, class Description>
Parameters constant_parameters(const Description& description, const PopulationDescription& population) {
  Parameters p{};
  for_each_field(description, [&](const auto& f) {
    const auto found = population.parameters.find(std::string(f.name));
    if (found == population.parameters.end()) return;
    const auto* value = std::get_if<Distribution>(&found->second);
    if (value != nullptr && value->is_constant()) p.*(f.member) = value->constant();
  });
  return p;
}

/// The path of what a population's neurons draw while they run.
inline std::string noise_path(const PopulationDescription& population) {
  return fmt::format("population/{}/noise", population.name);
}

/// Draws the parameters and initial state of a population's neurons, each neuron from its own stream.
template <class M> class ParameterSampler {
  using Parameters = typename M::Parameters;
  using State = typename M::State;

 public:
  ParameterSampler(const BuildContext& context, const PopulationDescription& population) {
    for_each_field(M::describe(), [&](const auto& f) {
      parameter_values_.push_back(distribution_of(population, f.name, Parameters{}.*(f.member)));
      parameter_keys_.push_back(context.key(fmt::format("population/{}/{}", population.name, f.name)));
    });
    for_each_field(M::describe_state(), [&](const auto& f) {
      const auto found = population.initial.find(std::string(f.name));
      const bool given = found != population.initial.end();
      initial_given_.push_back(given);
      initial_values_.push_back(given ? found->second : Distribution());
      initial_keys_.push_back(context.key(fmt::format("population/{}/initial/{}", population.name, f.name)));
    });
  }

  bool varies() const {
    for (const auto& value : parameter_values_)
      if (!value.is_constant()) return true;
    return false;
  }

  Parameters parameters(std::uint32_t neuron) const {
    Parameters p{};
    std::size_t k = 0;
    for_each_field(M::describe(), [&](const auto& f) {
      using Real = std::remove_cvref_t<decltype(p.*(f.member))>;
      p.*(f.member) = static_cast<Real>(parameter_values_[k].sample(parameter_keys_[k], neuron));
      ++k;
    });
    return p;
  }

  State initial(std::uint32_t neuron, const Parameters& p) const {
    State s = M::initial(p);
    std::size_t k = 0;
    for_each_field(M::describe_state(), [&](const auto& f) {
      using Real = std::remove_cvref_t<decltype(s.*(f.member))>;
      if (initial_given_[k])
        s.*(f.member) = static_cast<Real>(initial_values_[k].sample(initial_keys_[k], neuron));
      ++k;
    });
    return s;
  }

 private:
  std::vector<Distribution> parameter_values_, initial_values_;
  std::vector<RandomKey> parameter_keys_, initial_keys_;
  std::vector<bool> initial_given_;
};

}  // namespace synfire
