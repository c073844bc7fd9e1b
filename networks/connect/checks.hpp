// What every rule asks about the two populations, and how it says no.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "networks/connect/connector.hpp"

namespace synfire::connect {

/// The default of a parameter that must be given.
inline constexpr double required = std::numeric_limits<double>::quiet_NaN();

/// Whole numbers that fit the index of a neuron, and numbers of synapses.
inline constexpr Bounds count_bounds{.low = 0, .high = 4294967295.0, .whole = true};
inline constexpr Bounds positive_count{.low = 1, .high = 4294967295.0, .whole = true};
inline constexpr Bounds total_bounds{.low = 0, .high = 0x1p53, .whole = true};

/// No projection may expect more synapses than this.
inline constexpr double most_synapses = 0x1p40;

/// An input error of a rule at its place in the description.
inline Error refusal(const ConnectDescription& connect, std::string_view what) {
  return Error(ErrorKind::input, connect.where, fmt::format("rule {}: {}", connect.rule, what));
}

inline void check_synapses(double expected, const ConnectDescription& connect) {
  if (expected <= most_synapses) return;
  throw Error(ErrorKind::resource, connect.where,
              fmt::format("rule {} would make {:.4g} synapses; at most {:.4g} are possible in a projection",
                          connect.rule, expected, most_synapses));
}

/// For what a rule keeps itself; asked before it is allocated.
inline void check_memory(double bytes, const ConnectDescription& connect) {
  const double present =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes <= present) return;
  throw Error(ErrorKind::resource, connect.where,
              fmt::format("rule {} keeps {:.3g} GB; this machine has {:.3g} GB of memory", connect.rule,
                          bytes * 1e-9, present * 1e-9));
}

/// True when a neuron must not be connected to itself.
inline bool excludes_self(const ConnectContext& context, double allow_autapses) {
  return context.same_population && allow_autapses == 0;
}

/// How many sources each target may have.
inline std::uint32_t candidates(const ConnectContext& context, double allow_autapses) {
  return excludes_self(context, allow_autapses) && context.sources > 0 ? context.sources - 1
                                                                       : context.sources;
}

inline double pairs(const ConnectContext& context, double allow_autapses) {
  return static_cast<double>(context.targets) * candidates(context, allow_autapses);
}

/// For rules that make a graph among neurons: both ends must be of one size.
inline void check_same_size(const ConnectContext& context, const ConnectDescription& connect) {
  if (context.sources == context.targets) return;
  throw refusal(connect,
                fmt::format("needs populations of the same size, but the source has {} neurons and the "
                            "target {}",
                            context.sources, context.targets));
}

/// `degree` partners for each neuron of the other side must be there.
inline void check_degree(std::uint32_t degree, std::uint32_t choices, bool distinct, std::string_view name,
                         std::string_view partners, const ConnectDescription& connect) {
  if (degree == 0 || (choices > 0 && !distinct) || degree <= choices) return;
  throw refusal(connect, fmt::format("{} is {}, but there are only {} {} to choose from{}", name, degree,
                                     choices, partners, distinct ? " and allow_multapses is false" : ""));
}

}  // namespace synfire::connect
