#include "core/quantity.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace synfire {
namespace {

constexpr Unit units[] = {Unit::none, Unit::ms, Unit::mV, Unit::pA, Unit::nS, Unit::pF, Unit::Hz};
const Position place{"net.yaml", 3, 7};

std::string message_of(std::string_view text, Unit unit) {
  try {
    parse_quantity(text, unit, "tau_m", place);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  ADD_FAILURE() << "'" << text << "' was accepted";
  return "";
}

TEST(Quantity, every_value_survives_being_written_and_read) {
  for (const Unit unit : units)
    for (const double value :
         {1.0, -65.0, 0.1, 1.0 / 3, 16.6667, 1e-12, 6.02e23, 0.0, std::nextafter(1.0, 2.0)})
      EXPECT_EQ(parse_quantity(format_quantity(value, unit), unit, "x", place), value)
          << format_quantity(value, unit);
}

TEST(Quantity, every_spelling_is_of_its_own_dimension_only) {
  for (const Unit unit : units)
    for (const auto spelling : spellings(unit)) {
      const std::string text = fmt::format("2 {}", spelling);
      EXPECT_GT(parse_quantity(text, unit, "x", place), 0) << text;
      for (const Unit other : units) {
        if (other == unit) continue;
        EXPECT_THROW(parse_quantity(text, other, "x", place), Error) << text;
      }
    }
}

TEST(Quantity, the_space_before_the_unit_is_optional) {
  EXPECT_EQ(parse_quantity("20ms", Unit::ms, "x", place), 20);
  EXPECT_EQ(parse_quantity(" -65mV ", Unit::mV, "x", place), -65);
}

TEST(Quantity, prefixes_scale_by_their_power_of_ten) {
  EXPECT_DOUBLE_EQ(parse_quantity("1.5 s", Unit::ms, "x", place), 1500);
  EXPECT_DOUBLE_EQ(parse_quantity("250 us", Unit::ms, "x", place), 0.25);
  EXPECT_DOUBLE_EQ(parse_quantity("-0.07 V", Unit::mV, "x", place), -70);
  EXPECT_DOUBLE_EQ(parse_quantity("1.5 nA", Unit::pA, "x", place), 1500);
  EXPECT_DOUBLE_EQ(parse_quantity("3 uS", Unit::nS, "x", place), 3000);
  EXPECT_DOUBLE_EQ(parse_quantity("0.2 nF", Unit::pF, "x", place), 200);
  EXPECT_DOUBLE_EQ(parse_quantity("2 kHz", Unit::Hz, "x", place), 2000);
  EXPECT_DOUBLE_EQ(parse_quantity("2 1/ms", Unit::Hz, "x", place), 2000);
}

TEST(Quantity, zero_needs_no_unit_and_nothing_else_goes_without) {
  EXPECT_EQ(parse_quantity("0", Unit::ms, "x", place), 0);
  EXPECT_EQ(parse_quantity("-0.0", Unit::mV, "x", place), 0);
  EXPECT_NE(message_of("5", Unit::ms).find("the unit is missing; did you mean '5 ms'?"), std::string::npos);
}

TEST(Quantity, errors_name_place_parameter_dimension_and_spelling) {
  EXPECT_EQ(message_of("20 sm", Unit::ms),
            "net.yaml:3:7: tau_m: expected a time, got '20 sm'; did you mean '20 ms'?");
  EXPECT_NE(message_of("20 mv", Unit::mV).find("'20 mV'"), std::string::npos);
  EXPECT_NE(message_of("20 ms", Unit::none).find("write '20' without a unit"), std::string::npos);
  EXPECT_NE(message_of("fast", Unit::Hz).find("write a number and a unit, such as '1 Hz'"),
            std::string::npos);
  EXPECT_NE(message_of("", Unit::ms).find("expected a time, got ''"), std::string::npos);
}

TEST(Quantity, only_bounds_that_never_act_may_be_infinite) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(parse_quantity("-inf", Unit::mV, "x", place), -infinity);
  EXPECT_EQ(parse_quantity("inf", Unit::none, "x", place), infinity);
  for (const Unit unit : {Unit::ms, Unit::pA, Unit::nS, Unit::pF, Unit::Hz})
    EXPECT_NE(message_of(fmt::format("inf {}", symbol(unit)), unit).find("finite"), std::string::npos);
  for (const Unit unit : units) EXPECT_NE(message_of("nan", unit).find("not-a-number"), std::string::npos);
}

TEST(Quantity, numbers_are_read_whole_or_not_at_all) {
  double value = -1;
  for (const auto& [text, expected] :
       {std::pair{"1e3", 1000.0}, {".5", 0.5}, {"+2", 2.0}, {" 7 ", 7.0}, {"-0x", 0.0}}) {
    const bool read = parse_number(text, value);
    EXPECT_EQ(read, std::string_view(text) != "-0x") << text;
    if (read) {
      EXPECT_EQ(value, expected) << text;
    }
  }
  for (const auto text : {"", "-", "1 2", "1e", "e3", "0x10", "--1"})
    EXPECT_FALSE(parse_number(text, value)) << text;
}

}  // namespace
}  // namespace synfire
