// Units: the text a user writes ("20 ms") and the plain numbers the engine computes with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace synfire {

/// The unit in which the engine holds a value; one per dimension (ms * pA / pF = mV, nS * mV = pA, C/g in
/// ms).
/// `weight` stands for the unit of the receptor that a projection aims at, which replaces it when the network
/// is read.
enum class Unit { none, ms, mV, pA, nS, pF, Hz, weight };

std::string_view symbol(Unit);          ///< "ms"; "" for none
std::string_view dimension_name(Unit);  ///< "time", "voltage", …; "plain number" for none

/// The spellings accepted for a dimension, the engine's own first.
std::vector<std::string_view> spellings(Unit);

/// "20 ms" with unit ms -> 20; "0.02 s" -> 20; for Unit::none a bare number. Numbers must be finite, but for
/// a voltage or plain number `inf` and `-inf` are taken (a bound that never acts). Throws Error(input) at
/// `where`, naming `what` (the parameter), the expected dimension and the nearest valid spelling.
double parse_quantity(std::string_view text, Unit unit, std::string_view what, const Position& where);

/// "20 ms"; the shortest text that reads back to the same value.
std::string format_quantity(double value, Unit unit);

/// Reads a whole string as a number; false when it is not one. Accepts 1e3, .5, inf, nan.
bool parse_number(std::string_view text, double& value);

}  // namespace synfire
