#include "networks/parse_value.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "core/spelling.hpp"
#include "networks/keys.hpp"
#include "networks/map_reader.hpp"

namespace synfire::parse {
namespace {

// The engine computes in single precision: what would become 0 or infinity there is refused here.
constexpr double largest_number = 1e30, smallest_number = 1e-30;

std::string label(const ParameterInfo& info, const std::string& owner) { return info.name + " of " + owner; }

double parse_bare(const Tree& tree, const ParameterInfo& info, const std::string& owner) {
  const double value = tree.as_quantity(info.unit, label(info, owner));
  const bool never_acts = std::isinf(value) && std::isinf(info.default_value);
  const double size = std::abs(value);
  if (!never_acts && (size > largest_number || (size > 0 && size < smallest_number)))
    throw tree.error(fmt::format("{}: '{}' is too {} to compute with", label(info, owner), tree.text(),
                                 size > 1 ? "large" : "small"));
  return value;
}

double parse_word(const Tree& tree, const ParameterInfo& info, const std::string& owner) {
  const std::string& word = tree.as_text(label(info, owner));
  const auto found = std::find(info.words.begin(), info.words.end(), word);
  if (found != info.words.end()) return static_cast<double>(found - info.words.begin());
  throw tree.error(
      fmt::format("{}: there is no '{}'{}", label(info, owner), word, did_you_mean(word, info.words)));
}

const keys::DistributionKeys& find_shape(const std::string& name, const Tree& value,
                                         const std::string& what) {
  std::vector<std::string_view> valid;
  for (const auto& shape : keys::distributions) {
    if (shape.name == name) return shape;
    valid.push_back(shape.name);
  }
  throw Error(ErrorKind::input, value.key_where(),
              fmt::format("{}: there is no distribution '{}'{}", what, name, did_you_mean(name, valid)));
}

Distribution::Shape make_shape(std::string_view name, const std::array<double, 2>& p) {
  if (name == "uniform") return Uniform{p[0], p[1]};
  if (name == "normal") return Normal{p[0], p[1]};
  if (name == "lognormal") return Lognormal{p[0], p[1]};
  return Exponential{p[0]};
}

// {normal: {mean: …, sd: …, min: …, max: …}}: the part behind the name.
void read_named(const Tree& tree, const keys::DistributionKeys& shape, const ParameterInfo& info,
                const std::string& owner, std::array<double, 2>& parameters, Distribution& result) {
  const std::string what = fmt::format("{}, {}", label(info, owner), shape.name);
  std::vector<std::string_view> valid(shape.parameters.begin(),
                                      shape.parameters.begin() + std::ptrdiff_t(shape.count()));
  valid.insert(valid.end(), keys::cuts.begin(), keys::cuts.end());
  check_keys(tree, valid, what);
  for (std::size_t i = 0; i < shape.count(); ++i) {
    const Tree* value = tree.find(shape.parameters[i]);
    if (value == nullptr)
      throw tree.error(fmt::format("{}: the key '{}' is missing", what, shape.parameters[i]));
    parameters[i] = parse_bare(*value, info, owner);
  }
  if (const Tree* value = tree.find("min")) result.min = parse_bare(*value, info, owner);
  if (const Tree* value = tree.find("max")) result.max = parse_bare(*value, info, owner);
}

// {normal: [mean, sd]}, {exponential: mean}.
void read_positional(const Tree& tree, const keys::DistributionKeys& shape, const ParameterInfo& info,
                     const std::string& owner, std::array<double, 2>& parameters) {
  if (shape.count() == 1 && tree.is_scalar()) {
    parameters[0] = parse_bare(tree, info, owner);
    return;
  }
  const std::string expected = shape.count() == 1
                                   ? fmt::format("[{}]", shape.parameters[0])
                                   : fmt::format("[{}, {}]", shape.parameters[0], shape.parameters[1]);
  if (!tree.is_list() || tree.items().size() != shape.count())
    throw tree.error(fmt::format("{}: {} needs {}, or a map of these with min and max", label(info, owner),
                                 shape.name, expected));
  for (std::size_t i = 0; i < shape.count(); ++i) parameters[i] = parse_bare(tree.items()[i], info, owner);
}

void check_extremes(const Distribution& distribution, const ParameterInfo& info, const std::string& owner) {
  const auto check = [&](double extreme, std::string_view word, std::string_view cut) {
    if (info.bounds.contain(extreme)) return;
    const std::string found =
        std::isfinite(extreme)
            ? fmt::format("the {} value that can be drawn is {}", word, format_quantity(extreme, info.unit))
            : fmt::format("there is no {} value that can be drawn", word);
    throw Error(ErrorKind::input, distribution.where,
                fmt::format("{}: {}, but it must {}; give '{}' in the distribution", label(info, owner),
                            found, info.constraint(), cut));
  };
  check(distribution.lowest(), "lowest", "min");
  check(distribution.highest(), "highest", "max");
}

Distribution parse_random(const Tree& tree, const ParameterInfo& info, const std::string& owner) {
  const std::string what = label(info, owner);
  if (info.bounds.whole)
    throw tree.error(fmt::format("{}: must {}; a distribution cannot stand here", what, info.constraint()));
  if (tree.members().size() != 1)
    throw tree.error(fmt::format("{}: write one distribution, such as {{uniform: [low, high]}}", what));
  const auto& [name, inner] = tree.members().front();
  const keys::DistributionKeys& shape = find_shape(name, inner, what);
  std::array<double, 2> parameters{};
  Distribution result;
  if (inner.is_map()) {
    read_named(inner, shape, info, owner, parameters, result);
  } else {
    read_positional(inner, shape, info, owner, parameters);
  }
  result.shape = make_shape(shape.name, parameters);
  result.where = tree.where();
  result.check(what);
  check_extremes(result, info, owner);
  return result;
}

Distribution parse_listed(const Tree& tree, const ParameterInfo& info, const std::string& owner,
                          const Forms& forms) {
  const std::string what = label(info, owner);
  if (!forms.listed) throw tree.error(fmt::format("{}: a list of numbers cannot stand here", what));
  if (tree.items().size() != *forms.listed)
    throw tree.error(fmt::format("{}: the list has {} entries, but there are {} neurons", what,
                                 tree.items().size(), *forms.listed));
  std::vector<double> values;
  values.reserve(tree.items().size());
  for (const Tree& item : tree.items()) values.push_back(parse_constant(item, info, owner));
  Distribution result;
  result.shape = std::move(values);
  result.where = tree.where();
  return result;
}

Schedule parse_schedule(const Tree& tree, const ParameterInfo& info, const std::string& owner) {
  const std::string what = label(info, owner);
  const std::string_view only_steps[] = {keys::steps};
  check_keys(tree, only_steps, what);
  const Tree& steps = *tree.find(keys::steps);
  const ParameterInfo time{"time in steps of " + info.name, Unit::ms, 0, non_negative, ""};
  Schedule schedule;
  schedule.where = tree.where();
  for (const Tree& piece : steps.as_list(what + ", steps")) {
    if (!piece.is_list() || piece.items().size() != 2)
      throw piece.error(what + ": each of the steps is [time, value]");
    const double at = parse_constant(piece.items()[0], time, owner);
    if (!schedule.pieces.empty() && at <= schedule.pieces.back().time_ms)
      throw piece.error(what + ": the times of the steps must ascend");
    schedule.pieces.push_back({at, parse_constant(piece.items()[1], info, owner)});
  }
  if (schedule.pieces.empty()) throw steps.error(what + ": there are no steps");
  return schedule;
}

bool is_schedule(const Tree& tree) { return tree.is_map() && tree.find(keys::steps) != nullptr; }

}  // namespace

double parse_constant(const Tree& tree, const ParameterInfo& info, const std::string& owner) {
  if (info.is_flag()) return tree.as_bool(label(info, owner)) ? 1 : 0;
  if (!info.words.empty()) return parse_word(tree, info, owner);
  const double value = parse_bare(tree, info, owner);
  check_bounds(info, value, owner, tree.where());
  return value;
}

Distribution parse_distribution(const Tree& tree, const ParameterInfo& info, const std::string& owner,
                                const Forms& forms) {
  if (is_schedule(tree))
    throw tree.error(label(info, owner) +
                     ": this value cannot change over time; write a number or a distribution");
  if (tree.is_map() && !forms.random)
    throw tree.error(label(info, owner) + ": one value holds for the whole population; write a number");
  if (tree.is_map()) return parse_random(tree, info, owner);
  if (tree.is_list()) return parse_listed(tree, info, owner, forms);
  Distribution result = parse_constant(tree, info, owner);
  result.where = tree.where();
  return result;
}

ParameterValue parse_value(const Tree& tree, const ParameterInfo& info, const std::string& owner,
                           const Forms& forms) {
  if (forms.scheduled && is_schedule(tree)) return parse_schedule(tree, info, owner);
  return parse_distribution(tree, info, owner, forms);
}

bool must_be_given(const ParameterInfo& info) { return std::isnan(info.default_value); }

std::optional<Step> whole_steps(double time_ms, double dt_ms) {
  constexpr double most = 0x1p53;
  const double steps = time_ms / dt_ms, nearest = std::round(steps);
  const double tolerance = std::max(1e-6, steps * 1e-14);  // the quotient itself is rounded
  if (!(nearest <= most) || std::abs(steps - nearest) > tolerance) return std::nullopt;
  return static_cast<Step>(nearest);
}

std::string input_file(const Tree& tree, const std::string& what) {
  namespace fs = std::filesystem;
  fs::path path = tree.as_text(what);
  if (path.empty()) throw tree.error(what + ": the name of a file is missing");
  const bool from_command_line = tree.where().line == 0;
  if (path.is_relative() && !from_command_line) path = fs::path(tree.where().file).parent_path() / path;
  path = path.lexically_normal();
  std::error_code failure;
  if (!fs::exists(path, failure))
    throw tree.error(fmt::format("{}: there is no file '{}'", what, path.string()));
  return path.string();
}

void check_name(const std::string& name, const Position& where, std::string_view what) {
  constexpr std::size_t longest = 200;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  const bool good = !name.empty() && name.size() <= longest && letter(name.front()) &&
                    std::all_of(name.begin(), name.end(), fits);
  if (good) return;
  throw Error(
      ErrorKind::input, where,
      fmt::format("{}: '{}' is not a name; names have letters, digits, _ and -, begin with a letter or _ and "
                  "have at most {} characters",
                  what, name.substr(0, longest), longest));
}

}  // namespace synfire::parse
