#include "sim/catalogue_gradient.hpp"

#include <algorithm>

namespace synfire {
namespace {

template <class Made, class Make> std::unique_ptr<Made> first_made(const Make& make) {
  std::unique_ptr<Made> made;
  [&]<std::size_t... part>(std::index_sequence<part...>) {
    static_cast<void>(((made = make.template operator()<part>(), made != nullptr) || ...));
  }
  (std::make_index_sequence<neuron_parts>());
  return made;
}

}  // namespace

template <>
std::unique_ptr<DifferentiableNeurons<float>> differentiable_neurons(
    const std::string& model, const std::map<std::string, double>& parameters, double dt_ms) {
  return first_made<DifferentiableNeurons<float>>(
      [&]<std::size_t part>() { return GradientPart<part>::in_float(model, parameters, dt_ms); });
}
template <>
std::unique_ptr<DifferentiableNeurons<double>> differentiable_neurons(
    const std::string& model, const std::map<std::string, double>& parameters, double dt_ms) {
  return first_made<DifferentiableNeurons<double>>(
      [&]<std::size_t part>() { return GradientPart<part>::in_double(model, parameters, dt_ms, nullptr); });
}

std::unique_ptr<DifferentiableNeurons<double>> smooth_neurons(const std::string& model,
                                                              const std::map<std::string, double>& parameters,
                                                              double dt_ms,
                                                              const std::function<double(double)>& step) {
  return first_made<DifferentiableNeurons<double>>(
      [&]<std::size_t part>() { return GradientPart<part>::in_double(model, parameters, dt_ms, &step); });
}

std::vector<std::string_view> differentiable_models() {
  std::vector<std::string_view> names;
  [&]<std::size_t... part>(std::index_sequence<part...>) { (GradientPart<part>::list(names), ...); }
  (std::make_index_sequence<neuron_parts>());
  return names;
}

const ModelInfo* differentiable_model(std::string_view name) {
  const auto names = differentiable_models();
  const bool known = std::find(names.begin(), names.end(), name) != names.end();
  return known ? find_model(neuron_models(), name) : nullptr;
}

}  // namespace synfire
