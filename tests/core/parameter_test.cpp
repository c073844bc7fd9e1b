#include "core/parameter.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace synfire {
namespace {

struct Sample {
  double tau = 20;
  double gain = 0.5;
};

constexpr auto sample_description() {
  return about<Sample>("sample", "for this test", "nobody",
                       field(&Sample::tau, "tau", Unit::ms, positive, "a time"),
                       field(&Sample::gain, "gain", Unit::none, fraction, "a factor"));
}

TEST(Parameter, the_table_takes_defaults_from_the_struct) {
  const auto table = parameter_table(sample_description(), Sample{.tau = 5});
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table[0].name, "tau");
  EXPECT_EQ(table[0].default_value, 5);
  EXPECT_EQ(table[0].unit, Unit::ms);
  EXPECT_EQ(table[1].default_value, 0.5);
  EXPECT_EQ(index_of(sample_description(), &Sample::gain), 1u);
}

TEST(Parameter, bounds_hold_at_their_edges) {
  constexpr double tiny = std::numeric_limits<double>::denorm_min(),
                   infinity = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(positive.contain(0));
  EXPECT_TRUE(positive.contain(tiny));
  EXPECT_TRUE(non_negative.contain(0));
  EXPECT_FALSE(non_negative.contain(-tiny));
  EXPECT_TRUE(fraction.contain(1));
  EXPECT_FALSE(fraction.contain(std::nextafter(1.0, 2.0)));
  EXPECT_TRUE(flag.contain(1));
  EXPECT_FALSE(flag.contain(0.5));
  EXPECT_TRUE(unbounded.contain(-infinity));
  EXPECT_FALSE(unbounded.contain(std::nan("")));
}

TEST(Parameter, bounds_read_as_english) {
  EXPECT_EQ(describe(positive, Unit::ms), "be > 0 ms");
  EXPECT_EQ(describe(fraction, Unit::none), "lie in [0, 1]");
  EXPECT_EQ(describe(flag, Unit::none), "be true or false");
  EXPECT_EQ(describe({.low = 1, .whole = true}, Unit::none), "be a whole number and be >= 1");
  EXPECT_EQ(describe({.high = 3, .high_excluded = true}, Unit::mV), "be < 3 mV");
}

TEST(Parameter, a_value_out_of_bounds_is_an_error_with_owner_and_rule) {
  const auto table = parameter_table(sample_description(), Sample{});
  EXPECT_NO_THROW(check_bounds(table[0], 1e-9, "population 'exc' (sample)", {}));
  try {
    check_bounds(table[0], -2, "population 'exc' (sample)", {"net.yaml", 2, 5});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "net.yaml:2:5: tau of population 'exc' (sample) is -2 ms; it must be > 0 ms");
  }
}

TEST(Parameter, models_are_looked_up_by_name) {
  ModelInfo model;
  model.parameters = parameter_table(sample_description(), Sample{});
  EXPECT_EQ(model.parameter("gain"), &model.parameters[1]);
  EXPECT_EQ(model.parameter("Gain"), nullptr);
  EXPECT_EQ(model.parameter_names(), (std::vector<std::string_view>{"tau", "gain"}));
}

}  // namespace
}  // namespace synfire
