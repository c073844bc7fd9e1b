#include "core/parameter.hpp"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace synfire {

std::string describe(const Bounds& bounds, Unit unit) {
  const bool has_low = std::isfinite(bounds.low), has_high = std::isfinite(bounds.high);
  const std::string whole = bounds.whole ? "be a whole number and " : "";
  if (bounds.whole && bounds.low == 0 && bounds.high == 1) return "be true or false";
  if (has_low && has_high)
    return fmt::format("{}lie in {}{}, {}{}", whole, bounds.low_excluded ? '(' : '[',
                       format_quantity(bounds.low, unit), format_quantity(bounds.high, unit),
                       bounds.high_excluded ? ')' : ']');
  if (has_low)
    return fmt::format("{}be {} {}", whole,
                       bounds.low_excluded ? ">" : ">=", format_quantity(bounds.low, unit));
  if (has_high)
    return fmt::format("{}be {} {}", whole,
                       bounds.high_excluded ? "<" : "<=", format_quantity(bounds.high, unit));
  return bounds.whole ? "be a whole number" : "be any number";
}

void check_bounds(const ParameterInfo& parameter, double value, std::string_view owner,
                  const Position& where) {
  if (!std::isnan(value) && parameter.bounds.contain(value)) return;
  throw Error(ErrorKind::input, where,
              fmt::format("{} of {} is {}; it must {}", parameter.name, owner,
                          format_quantity(value, parameter.unit), parameter.constraint()));
}

std::string ParameterInfo::text_of(double value) const {
  if (!words.empty() && bounds.contain(value)) return std::string(words[static_cast<std::size_t>(value)]);
  if (is_flag()) return value != 0 ? "true" : "false";
  return format_quantity(value, unit);
}

std::string ParameterInfo::constraint() const {
  if (!words.empty()) return fmt::format("be one of {}", fmt::join(words, ", "));
  return describe(bounds, unit);
}

template <class Infos> static auto* find_named(Infos& infos, std::string_view name) {
  for (auto& info : infos)
    if (info.name == name) return &info;
  return static_cast<decltype(&infos[0])>(nullptr);
}

template <class Infos> static std::vector<std::string_view> names_of(const Infos& infos) {
  std::vector<std::string_view> names;
  for (const auto& info : infos) names.push_back(info.name);
  return names;
}

const ParameterInfo* ModelInfo::parameter(std::string_view name_) const {
  return find_named(parameters, name_);
}
const ParameterInfo* ModelInfo::state_variable(std::string_view name_) const {
  return find_named(state, name_);
}
std::vector<std::string_view> ModelInfo::parameter_names() const { return names_of(parameters); }
std::vector<std::string_view> ModelInfo::state_names() const { return names_of(state); }
std::vector<std::string_view> ModelInfo::receptor_names() const { return names_of(receptors); }

}  // namespace synfire
