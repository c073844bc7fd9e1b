#include <fmt/format.h>

#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"

namespace synfire::parse {
namespace {

std::vector<double> parse_row(const Tree& tree, const std::string& owner) {
  const ParameterInfo number{"values", Unit::none, 0, {.low = -1e300, .high = 1e300}, ""};
  std::vector<double> row;
  for (const Tree& value : tree.items()) row.push_back(parse_constant(value, number, owner));
  if (row.empty()) throw tree.error(fmt::format("values of {}: the list is empty", owner));
  return row;
}

std::vector<std::vector<double>> parse_rows(const Tree& tree, const std::string& owner) {
  const auto& items = tree.as_list("values of " + owner);
  if (items.empty() || !items.front().is_list()) return {parse_row(tree, owner)};
  std::vector<std::vector<double>> rows;
  for (const Tree& item : items) {
    if (!item.is_list())
      throw item.error(
          fmt::format("values of {}: either numbers, or a list of numbers for each sample", owner));
    rows.push_back(parse_row(item, owner));
    if (rows.back().size() != rows.front().size())
      throw item.error(fmt::format("values of {}: this sample has {} values, the first has {}", owner,
                                   rows.back().size(), rows.front().size()));
  }
  return rows;
}

void check_one_origin(const MapReader& reader, const std::string& owner) {
  int origins = 0;
  for (const auto origin : {keys::values_list, keys::values_file, keys::values_idx})
    origins += reader.find(origin) != nullptr;
  if (origins != 1)
    throw reader.tree().error(
        fmt::format("values of {}: write one of `list`, `file` and `idx`, not {}", owner, origins));
  for (const auto key : {"item", "items"})
    if (reader.find(key) != nullptr && reader.find(keys::values_idx) == nullptr)
      throw reader.find(key)->error(fmt::format("values of {}: '{}' goes with 'idx'", owner, key));
}

}  // namespace

void parse_values(const Tree& tree, PopulationDescription& population) {
  const std::string owner = title(population);
  ValuesDescription& values = population.values.emplace();
  values.where = tree.where();
  if (tree.is_list()) {
    values.rows = parse_rows(tree, owner);
  } else {
    const MapReader reader(tree, keys::values, "values of " + owner);
    check_one_origin(reader, owner);
    if (const Tree* list = reader.find(keys::values_list)) values.rows = parse_rows(*list, owner);
    if (const Tree* file = reader.find(keys::values_file))
      population.file = input_file(*file, reader.label(keys::values_file));
    if (const Tree* idx = reader.find(keys::values_idx)) {
      population.file = input_file(*idx, reader.label(keys::values_idx));
      values.images = true;
    }
    values.item = static_cast<std::uint32_t>(reader.integer("item"));
    values.items = static_cast<std::uint32_t>(reader.integer("items"));
    values.repeat = static_cast<std::uint32_t>(reader.integer("repeat"));
    if (reader.find("step") != nullptr) values.step = reader.quantity("step");
  }
  const bool several = values.rows.size() > 1 || values.items > 1 || values.repeat > 1;
  if (several && !values.step)
    throw tree.error(fmt::format(
        "values of {}: for more than one sample write how long each is shown: {{…, step: 100 ms}}", owner));
}

}  // namespace synfire::parse
