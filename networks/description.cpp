#include "networks/description.hpp"

#include <fmt/format.h>

namespace synfire {

std::uint32_t PopulationDescription::size() const {
  std::uint32_t product = 1;
  for (const std::uint32_t extent : shape) product *= extent;
  return product;
}

std::optional<std::size_t> NetworkDescription::population(std::string_view name) const {
  for (std::size_t i = 0; i < populations.size(); ++i)
    if (populations[i].name == name) return i;
  return std::nullopt;
}

std::optional<std::size_t> NetworkDescription::projection(std::string_view name) const {
  for (std::size_t i = 0; i < projections.size(); ++i)
    if (projections[i].name == name) return i;
  return std::nullopt;
}

std::string title(const PopulationDescription& population) {
  return fmt::format("population '{}' ({})", population.name, population.model);
}

}  // namespace synfire
