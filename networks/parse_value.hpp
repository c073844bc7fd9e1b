// Numbers of the language: constants, distributions, lists, schedules. Inside networks only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/parameter.hpp"
#include "core/schedule.hpp"
#include "core/time.hpp"
#include "core/tree.hpp"

namespace synfire::parse {

/// Which forms a value may take besides a constant.
struct Forms {
  bool random = true;                        ///< a distribution
  std::optional<std::uint32_t> listed = {};  ///< a list with this many entries
  bool scheduled = false;                    ///< {steps: …}
};

/// The value of the parameter `info` of `owner` ("population 'exc' (iaf_psc_exp)"), within its bounds
/// whatever is drawn.
ParameterValue parse_value(const Tree& tree, const ParameterInfo& info, const std::string& owner,
                           const Forms& forms);
Distribution parse_distribution(const Tree& tree, const ParameterInfo& info, const std::string& owner,
                                const Forms& forms);
double parse_constant(const Tree& tree, const ParameterInfo& info, const std::string& owner);

/// True when a parameter of a connection rule has no default.
bool must_be_given(const ParameterInfo& info);

/// The number of steps of dt in a time, when it is a whole one (to a millionth of a step).
std::optional<Step> whole_steps(double time_ms, double dt_ms);

/// A file named in the description: relative paths start at the YAML file that names them, those of the
/// command line at the current directory. Throws Error(input) when there is no such file.
std::string input_file(const Tree& tree, const std::string& what);

/// What a name in the language looks like: letters, digits, _ and -, not beginning with a digit or -.
void check_name(const std::string& name, const Position& where, std::string_view what);

}  // namespace synfire::parse
