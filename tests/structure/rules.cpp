#include "tests/structure/rules.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

namespace synfire::structure {
namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string, std::less<>>;

/// What a folder may include: folders (all their files) or single files of them.
const std::map<std::string, Names, std::less<>>& allowed() {
  static const Names everything = {"core",     "io",  "neurons",  "synapses", "plasticity", "encoders",
                                   "networks", "sim", "learning", "cli",      "tests",      "bench"};
  static const std::map<std::string, Names, std::less<>> table = {
      {"core", {"core"}},
      {"io", {"io", "core"}},
      {"neurons", {"neurons", "core"}},
      {"synapses", {"synapses", "core"}},
      {"plasticity", {"plasticity", "core"}},
      {"encoders", {"encoders", "core"}},
      {"networks",
       {"networks", "io", "core", "neurons/models.hpp", "synapses/projections.hpp", "plasticity/rules.hpp",
        "plasticity/structural.hpp", "encoders/sources.hpp", "encoders/datasets.hpp"}},
      {"sim", {"sim", "networks", "io", "core", "synapses"}},
      {"sim/catalogue", {"sim", "networks", "io", "core", "neurons", "synapses", "plasticity", "encoders"}},
      {"learning", {"learning", "sim", "networks", "encoders", "io", "core"}},
      {"cli",
       {"cli", "learning", "sim", "networks", "encoders", "plasticity", "synapses", "neurons", "io", "core"}},
      {"examples", everything},
      {"tests", everything},
      {"bench", everything},
  };
  return table;
}

std::string_view folder_of(std::string_view path) { return path.substr(0, path.find('/')); }

bool is_test(const SourceFile& file) { return folder_of(file.path) == "tests"; }

bool is_catalogue(std::string_view path) {
  return path.starts_with("sim/catalogue") || path.starts_with("sim/catalogue_");
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

struct Include {
  std::size_t line;
  bool quoted;
  std::string name;
};

/// The #include lines of a file; blanks after # and none before the name are accepted as the compiler does.
std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> found;
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view rest = trimmed(lines[i]);
    if (!rest.starts_with('#')) continue;
    rest = trimmed(rest.substr(1));
    if (!rest.starts_with("include")) continue;
    rest = trimmed(rest.substr(7));
    if (!rest.starts_with('"') && !rest.starts_with('<')) continue;
    const bool quoted = rest.front() == '"';
    rest.remove_prefix(1);
    found.push_back({i + 1, quoted, std::string(rest.substr(0, rest.find(quoted ? '"' : '>')))});
  }
  return found;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

/// One complaint for every line that holds one of the words.
Complaints lines_with(const SourceFile& file, const std::vector<std::string>& words, std::string_view why) {
  Complaints complaints;
  const std::vector<std::string_view> lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& word : words) {
      if (has_word(lines[i], word))
        complaints.push_back(fmt::format("{}:{}: {}: {}", file.path, i + 1, word, why));
    }
  }
  return complaints;
}

std::string camel_case(std::string_view name) {
  std::string type;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') type += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return type;
}

}  // namespace

std::vector<SourceFile> project_files(const fs::path& root) {
  static const Names endings = {".hpp", ".cpp", ".cu", ".cuh"};
  std::vector<SourceFile> files;
  for (const auto& [folder, unused] : allowed()) {
    if (!fs::is_directory(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !endings.contains(entry.path().extension().string())) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      if (!stream) throw std::runtime_error(fmt::format("{} cannot be read", entry.path().string()));
      files.push_back({fs::relative(entry.path(), root).generic_string(),
                       std::string(std::istreambuf_iterator<char>(stream), {})});
    }
  }
  if (files.empty())
    throw std::runtime_error(fmt::format("no source file under {}; set SYNFIRE_SOURCE_DIR to the repository",
                                         fs::absolute(root).string()));
  return files;
}

Complaints check_includes(const SourceFile& file) {
  const std::string_view rule = is_catalogue(file.path) ? "sim/catalogue" : folder_of(file.path);
  const auto found = allowed().find(rule);
  if (found == allowed().end()) return {fmt::format("{}: {} is no folder of the layout", file.path, rule)};
  const Names& may = found->second;

  Complaints complaints;
  for (const Include& include : includes_of(file.text)) {
    const std::string where = fmt::format("{}:{}: \"{}\"", file.path, include.line, include.name);
    const std::string_view folder = folder_of(include.name);
    const bool ours = include.name.find('/') != std::string::npos && allowed().contains(folder);
    if (include.quoted && !ours) {
      complaints.push_back(where + ": write \"folder/file.hpp\" from the repository's root");
    } else if (ours && !include.quoted) {
      complaints.push_back(where + ": the project's own headers are included with quotes");
    } else if (ours && !may.contains(folder) && !may.contains(include.name)) {
      complaints.push_back(fmt::format("{}: {} may not include {}", where, rule, folder));
    }
  }
  return complaints;
}

Complaints check_hdf5(const SourceFile& file) {
  if (is_test(file) || file.path.starts_with("io/hdf5.") || file.path.starts_with("io/hdf5_")) return {};
  Complaints complaints;
  for (const Include& include : includes_of(file.text)) {
    if (fs::path(include.name).filename() == "hdf5.h")
      complaints.push_back(
          fmt::format("{}:{}: HDF5 is reached through io/hdf5.hpp", file.path, include.line));
  }
  return complaints;
}

Complaints check_compiler_questions(const SourceFile& file) {
  if (is_test(file) || file.path == "core/host_device.hpp") return {};
  return lines_with(file, {"__CUDACC__", "__CUDA_ARCH__", "__NVCC__"}, "only core/host_device.hpp asks");
}

Complaints check_length(const SourceFile& file) {
  constexpr std::size_t most = 600;
  const std::size_t count = lines_of(file.text).size();
  if (count <= most) return {};
  return {fmt::format("{}: {} lines, at most {} are wanted: cut it in two", file.path, count, most)};
}

std::vector<std::string> model_names(std::string_view models_hpp) {
  std::vector<std::string> names;
  for (const Include& include : includes_of(models_hpp)) {
    if (folder_of(include.name) != "neurons") continue;
    const std::string name = fs::path(include.name).stem().string();
    names.push_back(name);
    names.push_back(camel_case(name));
  }
  return names;
}

Complaints check_model_names(const SourceFile& file, const std::vector<std::string>& models) {
  static const Names ignorant = {"sim", "learning", "cli"};
  if (!ignorant.contains(folder_of(file.path)) || is_catalogue(file.path)) return {};
  return lines_with(file, models, "a model is named only on its shelf and in sim/catalogue");
}

}  // namespace synfire::structure
