#include <algorithm>

#include <fmt/format.h>

#include "networks/keys.hpp"
#include "networks/map_reader.hpp"
#include "networks/parse_parts.hpp"
#include "networks/parse_value.hpp"

namespace synfire::parse {
namespace {

/// One name or a list of different ones; none without the key.
std::vector<std::string> parse_names(const MapReader& reader, std::string_view key) {
  const Tree* const tree = reader.find(key);
  if (tree == nullptr) return {};
  const std::string what = fmt::format("{} of dataset", key);
  std::vector<std::string> names;
  if (!tree->is_list()) return {tree->as_text(what)};
  for (const Tree& name : tree->items()) {
    const std::string& text = name.as_text(what);
    if (std::find(names.begin(), names.end(), text) != names.end())
      throw name.error(fmt::format("{}: '{}' stands there twice", what, text));
    names.push_back(text);
  }
  if (names.empty()) throw tree->error(what + ": the list is empty");
  return names;
}

}  // namespace

DatasetDescription parse_dataset(const Tree& tree) {
  const MapReader reader(tree, keys::dataset, "dataset");
  DatasetDescription dataset;
  dataset.where = tree.key_where();
  dataset.path = input_file(reader.require("path"), reader.label("path"));
  if (reader.find("split") != nullptr) dataset.split = reader.quantity("split");
  dataset.test_speakers = parse_names(reader, "test_speakers");
  if (dataset.split && !dataset.test_speakers.empty())
    throw tree.error("dataset: both split and test_speakers say what is tested; leave one of them out");
  dataset.classes = parse_names(reader, "classes");
  if (reader.find("shuffle") != nullptr)
    dataset.shuffle = static_cast<std::uint64_t>(reader.integer("shuffle"));
  dataset.batch = static_cast<std::size_t>(reader.integer("batch"));
  dataset.prefetch = static_cast<std::size_t>(reader.integer("prefetch"));
  dataset.cache_bytes = static_cast<std::size_t>(reader.integer("cache")) << 20;
  return dataset;
}

}  // namespace synfire::parse
