#include "core/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "core/spelling.hpp"

namespace synfire {
namespace {

struct Spelling {
  std::string_view text;
  Unit unit;
  double factor;  // engine units per this unit
};

constexpr std::array spelling_table = {
    Spelling{"ms", Unit::ms, 1},    Spelling{"s", Unit::ms, 1e3},      Spelling{"us", Unit::ms, 1e-3},
    Spelling{"µs", Unit::ms, 1e-3}, Spelling{"ns", Unit::ms, 1e-6},    Spelling{"min", Unit::ms, 6e4},
    Spelling{"h", Unit::ms, 3.6e6}, Spelling{"mV", Unit::mV, 1},       Spelling{"V", Unit::mV, 1e3},
    Spelling{"uV", Unit::mV, 1e-3}, Spelling{"µV", Unit::mV, 1e-3},    Spelling{"pA", Unit::pA, 1},
    Spelling{"nA", Unit::pA, 1e3},  Spelling{"uA", Unit::pA, 1e6},     Spelling{"µA", Unit::pA, 1e6},
    Spelling{"mA", Unit::pA, 1e9},  Spelling{"A", Unit::pA, 1e12},     Spelling{"nS", Unit::nS, 1},
    Spelling{"pS", Unit::nS, 1e-3}, Spelling{"uS", Unit::nS, 1e3},     Spelling{"µS", Unit::nS, 1e3},
    Spelling{"mS", Unit::nS, 1e6},  Spelling{"S", Unit::nS, 1e9},      Spelling{"pF", Unit::pF, 1},
    Spelling{"nF", Unit::pF, 1e3},  Spelling{"uF", Unit::pF, 1e6},     Spelling{"µF", Unit::pF, 1e6},
    Spelling{"fF", Unit::pF, 1e-3}, Spelling{"F", Unit::pF, 1e12},     Spelling{"Hz", Unit::Hz, 1},
    Spelling{"kHz", Unit::Hz, 1e3}, Spelling{"MHz", Unit::Hz, 1e6},    Spelling{"mHz", Unit::Hz, 1e-3},
    Spelling{"1/s", Unit::Hz, 1},   Spelling{"spikes/s", Unit::Hz, 1}, Spelling{"1/ms", Unit::Hz, 1e3},
};

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

struct NumberAndRest {
  double value;
  std::string_view rest;
};

std::optional<NumberAndRest> leading_number(std::string_view text) {
  text = trimmed(text);
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (!text.empty() && text.front() == '+') ++begin;
  double value = 0;
  const auto [stop, status] = std::from_chars(begin, end, value);
  if (status == std::errc::result_out_of_range)
    return NumberAndRest{HUGE_VAL, trimmed({stop, std::size_t(end - stop)})};
  if (status != std::errc{}) return std::nullopt;
  return NumberAndRest{value, trimmed({stop, std::size_t(end - stop)})};
}

const Spelling* find_spelling(std::string_view text) {
  for (const auto& s : spelling_table)
    if (s.text == text) return &s;
  return nullptr;
}

std::string expected(Unit unit) {
  return unit == Unit::none ? "a plain number" : fmt::format("a {}", dimension_name(unit));
}

std::string suggestion(double value, std::string_view written, Unit unit) {
  if (unit == Unit::none) return fmt::format("write '{}' without a unit", value);
  const auto valid = spellings(unit);
  const auto near = nearest(written, valid);
  return fmt::format("did you mean '{} {}'?", value, near.value_or(symbol(unit)));
}

bool may_be_infinite(Unit unit) { return unit == Unit::none || unit == Unit::mV; }

}  // namespace

std::string_view symbol(Unit unit) {
  for (const auto& s : spelling_table)
    if (s.unit == unit) return s.text;
  return "";
}

std::string_view dimension_name(Unit unit) {
  switch (unit) {
    case Unit::none:
      return "plain number";
    case Unit::ms:
      return "time";
    case Unit::mV:
      return "voltage";
    case Unit::pA:
      return "current";
    case Unit::nS:
      return "conductance";
    case Unit::pF:
      return "capacitance";
    case Unit::Hz:
      return "rate";
    case Unit::weight:
      return "weight";
  }
  return "";
}

std::vector<std::string_view> spellings(Unit unit) {
  std::vector<std::string_view> found;
  for (const auto& s : spelling_table)
    if (s.unit == unit) found.push_back(s.text);
  return found;
}

bool parse_number(std::string_view text, double& value) {
  const auto number = leading_number(text);
  if (!number || !number->rest.empty()) return false;
  value = number->value;
  return true;
}

double parse_quantity(std::string_view text, Unit unit, std::string_view what, const Position& where) {
  const auto refusal = [&](std::string_view why) {
    return Error(ErrorKind::input, where,
                 fmt::format("{}: expected {}, got '{}'; {}", what, expected(unit), trimmed(text), why));
  };
  const auto number = leading_number(text);
  if (!number)
    throw refusal(unit == Unit::none
                      ? std::string("write a number")
                      : fmt::format("write a number and a unit, such as '1 {}'", symbol(unit)));
  const auto [value, rest] = *number;
  if (std::isnan(value)) throw refusal("not-a-number is not a value");
  if (std::isinf(value) && !may_be_infinite(unit)) throw refusal("the value must be finite");
  if (rest.empty() && (unit == Unit::none || value == 0 || std::isinf(value)))
    return value;  // 0 has every unit
  if (rest.empty())
    throw refusal(fmt::format("the unit is missing; did you mean '{} {}'?", value, symbol(unit)));
  const Spelling* spelling = find_spelling(rest);
  if (spelling == nullptr || spelling->unit != unit) throw refusal(suggestion(value, rest, unit));
  return value * spelling->factor;
}

std::string format_quantity(double value, Unit unit) {
  const std::string_view name = symbol(unit);
  return name.empty() ? fmt::format("{}", value) : fmt::format("{} {}", value, name);
}

}  // namespace synfire
