#include "io/yaml.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/yaml_events.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

// One reading: the files it has come through and what it may still take.
struct Reading {
  std::vector<std::string> chain;  // canonical paths, the first file first
  std::size_t values = 0;
  int files = 0;
};

std::string read_text(const std::string& path) {
  std::error_code failure;
  const auto status = fs::status(path, failure);
  if (!fs::exists(status)) throw Error(ErrorKind::input, Position{path, 0, 0}, "there is no such file");
  if (fs::is_directory(status))
    throw Error(ErrorKind::input, Position{path, 0, 0}, "this is a folder; name a YAML file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw Error(ErrorKind::resource, Position{path, 0, 0},
                fmt::format("the file cannot be opened: {}", std::strerror(errno)));
  // In portions, so that endless input (a pipe, a device) ends at the limit as well.
  constexpr std::size_t portion = std::size_t(1) << 20;
  std::string text;
  while (stream && text.size() <= YamlLimits::file_bytes) {
    const std::size_t before = text.size();
    text.resize(before + portion);
    stream.read(text.data() + before, static_cast<std::streamsize>(portion));
    text.resize(before + static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad())
    throw Error(ErrorKind::resource, Position{path, 0, 0},
                fmt::format("the file cannot be read: {}", std::strerror(errno)));
  return text;
}

Tree read_file(const std::string& path, Reading& reading);

Tree read_included(const Tree& name, Reading& reading) {
  fs::path path = name.as_text("include");
  if (path.empty()) throw name.error("include: the name of a file is missing");
  const fs::path here = fs::path(name.where().file).parent_path();
  if (path.is_relative()) path = here / path;
  std::error_code failure;
  const std::string canonical = fs::weakly_canonical(path, failure).string();
  if (!fs::exists(path, failure))
    throw name.error(fmt::format("include: there is no file '{}'; paths are relative to the including file",
                                 path.lexically_normal().string()));
  const auto seen = std::find(reading.chain.begin(), reading.chain.end(), canonical);
  if (seen != reading.chain.end()) {
    std::vector<std::string> names;
    for (auto it = seen; it != reading.chain.end(); ++it) names.push_back(fs::path(*it).filename().string());
    names.push_back(path.filename().string());
    throw name.error(fmt::format("include: the files include each other: {}", fmt::join(names, " -> ")));
  }
  if (++reading.files > YamlLimits::files)
    throw name.error(fmt::format("include: more than {} files are included", YamlLimits::files));
  return read_file(path.lexically_normal().string(), reading);
}

Tree resolve_includes(Tree tree, Reading& reading) {
  if (!tree.is_map()) return tree;
  auto& members = tree.members();
  const auto include =
      std::find_if(members.begin(), members.end(), [](const auto& m) { return m.first == "include"; });
  if (include == members.end()) return tree;
  const Tree names = std::move(include->second);
  members.erase(include);

  Tree merged = Tree::map(tree.where());
  const auto add = [&](const Tree& name) {
    Tree included = read_included(name, reading);
    if (!included.is_map() && !included.is_null())
      throw name.error(fmt::format("include: '{}' is not a map at its top level", name.text()));
    if (included.is_map()) merge_over(merged, std::move(included));
  };
  if (names.is_list()) {
    for (const Tree& name : names.items()) add(name);
  } else {
    add(names);
  }
  merge_over(merged, std::move(tree));
  return merged;
}

Tree read_file(const std::string& path, Reading& reading) {
  std::error_code failure;
  const std::string text = read_text(path);
  reading.chain.push_back(fs::weakly_canonical(path, failure).string());
  Tree tree = resolve_includes(yaml::parse_document(text, path, reading.values), reading);
  reading.chain.pop_back();
  return tree;
}

}  // namespace

void merge_over(Tree& base, Tree over) {
  if (!base.is_map() || !over.is_map()) {
    base = std::move(over);
    return;
  }
  std::map<std::string, std::size_t> places;
  for (const auto& [key, value] : base.members()) places.emplace(key, places.size());
  for (auto& [key, value] : over.members()) {
    const auto found = places.find(key);
    if (found == places.end()) {
      base.members().emplace_back(std::move(key), std::move(value));
    } else {
      merge_over(base.members()[found->second].second, std::move(value));
    }
  }
}

Tree read_yaml(const std::string& path) {
  Reading reading;
  return read_file(path, reading);
}

Tree parse_yaml(std::string_view text, const std::string& filename) {
  Reading reading;
  std::error_code failure;
  reading.chain.push_back(fs::weakly_canonical(filename, failure).string());
  return resolve_includes(yaml::parse_document(text, filename, reading.values), reading);
}

}  // namespace synfire
