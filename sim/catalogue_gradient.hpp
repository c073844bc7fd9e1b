// The neuron models for learning by gradients. To compile in parallel, the list is cut into parts, of which
// each sim/catalogue_gradient_<k>.cpp holds one.
#pragma once

#include "sim/catalogue_neurons.hpp"
#include "sim/differentiable.hpp"

namespace synfire {

/// What one part of the models makes; null pointers for a model of another part, or one without derivatives.
template <std::size_t part> struct GradientPart {
  using Values = std::map<std::string, double>;
  static std::unique_ptr<DifferentiableNeurons<float>> in_float(const std::string& model, const Values&,
                                                                double dt_ms);
  static std::unique_ptr<DifferentiableNeurons<double>> in_double(
      const std::string& model, const Values&, double dt_ms, const std::function<double(double)>* smooth);
  static void list(std::vector<std::string_view>& names);

 private:
  template <class Made, class Make> static void find(const std::string& model, Made& made, const Make& make);
};

}  // namespace synfire
