// Every bound and every rule of every neuron model, broken in a network file: the error names parameter,
// population, model and line.
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"
#include "neurons/models.hpp"

namespace synfire {
namespace {

// The parameters stand in line 6.
std::string network(const ModelInfo& model, const std::string& parameters) {
  return fmt::format("synfire: 1\npopulations:\n  broken:\n    model: {}\n    size: 3\n    params: {{{}}}\n",
                     model.name, parameters);
}

// The message that reading gives; empty when there is no error.
std::string complaint(const ModelInfo& model, const std::string& parameters) {
  try {
    parse_network(parse_yaml(network(model, parameters), "net.yaml"));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "";
}

void expect_named(const std::string& message, const ModelInfo& model, const std::string& parameter) {
  SCOPED_TRACE(model.name + " " + parameter + ": '" + message + "'");
  EXPECT_TRUE(message.starts_with("net.yaml:6:"));
  for (const std::string& piece : {parameter, std::string("population 'broken'"), model.name})
    EXPECT_NE(message.find(piece), std::string::npos) << piece;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

std::string entry(const ParameterInfo& parameter, double value) {
  return fmt::format("{}: {}", parameter.name, format_quantity(value, parameter.unit));
}

TEST(BadModel, each_value_beyond_a_bound_is_named_with_population_model_and_line) {
  int broken = 0;
  for (const auto& model : neuron_models())
    for (const auto& parameter : model.parameters) {
      if (!parameter.words.empty() || parameter.is_flag()) {
        expect_named(complaint(model, parameter.name + ": perhaps"), model, parameter.name);
        ++broken;
        continue;
      }
      const Bounds& bounds = parameter.bounds;
      if (std::isfinite(bounds.low)) {
        const double value = bounds.low_excluded ? bounds.low : bounds.low - 1;
        expect_named(complaint(model, entry(parameter, value)), model, parameter.name);
        expect_named(complaint(model, entry(parameter, bounds.low - 7)), model, parameter.name);
        ++broken;
      }
      if (std::isfinite(bounds.high)) {
        const double value = bounds.high_excluded ? bounds.high : bounds.high + 1;
        expect_named(complaint(model, entry(parameter, value)), model, parameter.name);
        ++broken;
      }
      expect_named(complaint(model, parameter.name + ": much"), model, parameter.name);
    }
  EXPECT_GT(broken, 80) << "the walk found little to break";
}

TEST(BadModel, each_pair_out_of_order_is_named_with_population_model_and_line) {
  int broken = 0;
  for (const auto& model : neuron_models())
    for (const OrderRule& rule : model.rules) {
      const ParameterInfo &low = model.parameters[rule.low], &high = model.parameters[rule.high];
      for (const double beyond : {0.0, 1.0}) {
        const std::string raised = complaint(model, entry(low, high.default_value + beyond));
        expect_named(raised, model, low.name);
        EXPECT_NE(raised.find(high.name), std::string::npos) << raised;
        const std::string lowered = complaint(model, entry(high, low.default_value - beyond));
        expect_named(lowered, model, high.name);
        EXPECT_NE(lowered.find("must be below " + high.name), std::string::npos) << lowered;
        ++broken;
      }
    }
  EXPECT_GT(broken, 20) << "the walk found little to break";
}

// What no model can compute with must be out of bounds in all of them.
TEST(BadModel, no_model_takes_a_negative_time_capacitance_or_rate_or_a_reset_above_its_threshold) {
  for (const auto& model : neuron_models()) {
    for (const auto& parameter : model.parameters) {
      const bool never_negative =
          parameter.unit == Unit::ms || parameter.unit == Unit::pF || parameter.unit == Unit::Hz;
      if (never_negative) {
        EXPECT_FALSE(parameter.bounds.contain(-1e-3)) << model.name << " " << parameter.name;
      }
      if (parameter.unit == Unit::pF || parameter.name.starts_with("tau")) {
        EXPECT_FALSE(parameter.bounds.contain(0)) << model.name << " " << parameter.name;
      }
    }
    const ParameterInfo* reset = model.parameter("V_reset");
    if (reset == nullptr || reset->unit != Unit::mV) continue;
    bool ordered = false;
    for (const OrderRule& rule : model.rules) ordered |= &model.parameters[rule.low] == reset;
    EXPECT_TRUE(ordered) << model.name;
  }
}

TEST(BadModel, defaults_are_taken) {
  for (const auto& model : neuron_models()) EXPECT_EQ(complaint(model, ""), "") << model.name;
}

}  // namespace
}  // namespace synfire
