#include <algorithm>

#include <fmt/format.h>

#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"

namespace synfire::parse {
namespace {

std::vector<std::string> parse_classes(const Tree& tree) {
  const std::string what = "classes of dataset";
  std::vector<std::string> classes;
  if (!tree.is_list()) return {tree.as_text(what)};
  for (const Tree& name : tree.items()) {
    const std::string& text = name.as_text(what);
    if (std::find(classes.begin(), classes.end(), text) != classes.end())
      throw name.error(fmt::format("{}: '{}' stands there twice", what, text));
    classes.push_back(text);
  }
  if (classes.empty()) throw tree.error(what + ": the list is empty");
  return classes;
}

}  // namespace

DatasetDescription parse_dataset(const Tree& tree) {
  const MapReader reader(tree, keys::dataset, "dataset");
  DatasetDescription dataset;
  dataset.where = tree.key_where();
  dataset.path = input_file(reader.require("path"), reader.label("path"));
  if (reader.find("split") != nullptr) dataset.split = reader.quantity("split");
  if (const Tree* classes = reader.find("classes")) dataset.classes = parse_classes(*classes);
  if (reader.find("shuffle") != nullptr)
    dataset.shuffle = static_cast<std::uint64_t>(reader.integer("shuffle"));
  dataset.batch = static_cast<std::size_t>(reader.integer("batch"));
  dataset.prefetch = static_cast<std::size_t>(reader.integer("prefetch"));
  dataset.cache_bytes = static_cast<std::size_t>(reader.integer("cache")) << 20;
  return dataset;
}

}  // namespace synfire::parse
