#include "io/events/tonic_hdf5.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "io/events/tonic_columns.hpp"

namespace synfire {

namespace {

/// Members of a group that are looked at; a damaged file may have any number.
constexpr std::size_t most_members = 256;

std::vector<std::string> members(const hdf5::Group& group) {
  auto names = group.children();
  names.resize(std::min(names.size(), most_members));
  return names;
}

}  // namespace

bool is_tonic_hdf5(const FileHead& head) {
  return is_hdf5_with(head, [](const hdf5::File& file) { return file.exists("data/0"); });
}

/// Finds t, x, y and p among the columns; false without the first two.
bool TonicHdf5Reader::name_columns(const std::vector<std::string>& known, Source& source) {
  for (std::size_t column = 0; column < tonic_columns.size(); ++column) {
    for (const std::string_view name : tonic_columns[column]) {
      if (name.empty() || source.at[column] || std::ranges::find(known, name) == known.end()) continue;
      source.at[column] = source.names.size();
      source.names.emplace_back(name);
    }
  }
  return source.at[0] && source.at[1];
}

void TonicHdf5Reader::add_records(const hdf5::Group& group, const std::string& name,
                                  std::vector<Source>& found) {
  Source source{.records = group.dataset(name)};
  if (name_columns(source.records->fields(), source)) found.push_back(std::move(source));
}

std::vector<TonicHdf5Reader::Source> TonicHdf5Reader::sources(const hdf5::File& file) {
  std::vector<Source> found;
  const hdf5::Group data = file.group("data");
  for (const std::string& part : members(data)) {
    if (data.has_dataset(part)) add_records(data, part, found);
    if (!data.has_group(part)) continue;
    const hdf5::Group group = data.group(part);
    std::vector<std::string> arrays;
    for (const std::string& name : members(group)) {
      if (!group.has_dataset(name)) continue;
      add_records(group, name, found);
      arrays.push_back(name);
    }
    Source columns;
    if (!name_columns(arrays, columns)) continue;
    for (const std::string& name : columns.names) columns.arrays.push_back(group.dataset(name));
    found.push_back(std::move(columns));
  }
  return found;
}

TonicHdf5Reader::TonicHdf5Reader(const std::string& path, const EventOptions& options)
    : Hdf5RowsReader(path, options) {
  info_.format = "tonic_hdf5";
  auto found = sources(file());
  if (found.empty())
    throw Error(ErrorKind::input,
                fmt::format("{}: nothing in data has whole numbers t and x, so it holds no events; are these "
                            "frames?",
                            path));
  info_.samples = found.size();
  if (options.sample >= found.size())
    throw Error(ErrorKind::usage, fmt::format("{}: holds {} recordings, counted from 0; number {} is wanted",
                                              path, found.size(), options.sample));
  source_ = std::move(found[options.sample]);
  for (const hdf5::Dataset& array : source_.arrays)
    if (array.dimensions() != source_.arrays.front().dimensions())
      throw Error(ErrorKind::input, fmt::format("{}: its arrays differ in length", path));
  begin(source_.records ? *source_.records : source_.arrays.front());
  read_label();
  info_.audio = !source_.at[2];
  find_tonic_sensor<TonicHdf5Reader>(path, options, info_);
}

/// The class, where target/0 is one whole number.
void TonicHdf5Reader::read_label() {
  if (!file().has_dataset("target/0")) return;
  const hdf5::Dataset target = file().dataset("target/0");
  const auto sizes = target.dimensions();
  const bool whole = target.type() < hdf5::Type::float32;
  if (!whole || std::ranges::any_of(sizes, [](std::uint64_t size) { return size != 1; })) return;
  info_.label = target.read<std::int64_t>().at(0);
}

/// Of each row the columns that are there, in their order.
std::vector<std::int64_t> TonicHdf5Reader::values_of(std::uint64_t first, std::uint64_t count) const {
  if (source_.records) return source_.records->read_fields(source_.names, first, count);
  std::vector<std::int64_t> values(count * source_.arrays.size());
  for (std::size_t i = 0; i < source_.arrays.size(); ++i) {
    const auto column = source_.arrays[i].read_rows<std::int64_t>(first, count);
    for (std::size_t row = 0; row < count; ++row) values[row * source_.arrays.size() + i] = column[row];
  }
  return values;
}

std::vector<Event> TonicHdf5Reader::read_rows(std::uint64_t first, std::uint64_t count) {
  const auto values = values_of(first, count);
  const auto& [t, x, y, p] = source_.at;
  std::vector<Event> events(count);
  for (std::size_t row = 0; row < count; ++row) {
    const std::int64_t* const at = &values[row * source_.names.size()];
    events[row] = tonic_event({at[*t], at[*x], y ? at[*y] : 0, p ? at[*p] : 1}, info_).value_or(nowhere);
  }
  return events;
}

}  // namespace synfire
