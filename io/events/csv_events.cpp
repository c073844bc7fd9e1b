#include "io/events/csv_events.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace synfire {

namespace {

auto time_column(const CsvReader& table) {
  return table.find({"t", "t_us", "t_ms", "t_s", "t_ns", "time", "ts", "timestamp", "timestamps"});
}
auto polarity_column(const CsvReader& table) { return table.find({"p", "on", "pol", "polarity"}); }

struct Unit {
  std::string_view name;
  double us;
};
constexpr std::array units{Unit{"us", 1},    Unit{"\xc2\xb5s", 1}, Unit{"\xce\xbcs", 1},
                           Unit{"ms", 1000}, Unit{"s", 1000000},   Unit{"ns", 0.001}};

/// "t [ms]", "t_ms" -> "ms"; "" if the name says none.
std::string_view unit_in(std::string_view name) {
  const auto begin = name.find_first_of("[(");
  if (begin != std::string_view::npos) {
    name.remove_prefix(begin + 1);
    return name.substr(0, name.find_first_of("])"));
  }
  const auto underscore = name.rfind('_');
  return underscore == std::string_view::npos ? std::string_view() : name.substr(underscore + 1);
}

bool has_event_columns(const CsvReader& table) {
  if (table.header().empty()) return table.columns() == 4;
  return time_column(table) && table.find({"x"}) && table.find({"y"}) && polarity_column(table);
}

}  // namespace

bool is_csv_events(const FileHead& head) {
  if (head.gzip || head.bytes.empty()) return false;
  const auto is_text = [](unsigned char c) { return c == '\t' || c == '\r' || c == '\n' || c >= 0x20; };
  if (!std::all_of(head.bytes.begin(), head.bytes.end(), is_text)) return false;
  try {
    CsvReader table(head.path);
    if (!has_event_columns(table)) return false;
    if (!table.header().empty()) return true;
    table.next();
    for (std::size_t column = 0; column < 4; ++column) table.number(column);
    return true;
  } catch (const Error&) {
    return false;
  }
}

CsvEventReader::CsvEventReader(const std::string& path, const EventOptions& options)
    : DecodingReader(path, options), table_(path) {
  info_.format = "csv";
  find_columns();
  if (options.sensor) info_.name = *options.sensor;
  const SensorSize size =
      options.sensor ? sensor_size(path, *options.sensor) : measured_size<CsvEventReader>(path, options);
  info_.width = size.width;
  info_.height = size.height;
}

void CsvEventReader::find_columns() {
  if (!has_event_columns(table_)) throw table_.error("columns t, x, y and p (or on) are expected");
  if (table_.header().empty()) return;
  t_ = *time_column(table_);
  x_ = *table_.find({"x"});
  y_ = *table_.find({"y"});
  p_ = *polarity_column(table_);
  const std::string_view unit = unit_in(table_.header()[t_]);
  const auto* const known =
      std::find_if(units.begin(), units.end(), [unit](const Unit& u) { return u.name == unit; });
  if (!unit.empty() && known == units.end())
    throw table_.error(fmt::format("'{}' is not a unit of time; us, ms, s and ns are", unit));
  us_per_unit_ = unit.empty() ? 1 : known->us;
}

std::int64_t CsvEventReader::time_of_row() const {
  const std::string_view text = table_.text(t_);
  std::int64_t whole = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (*us_per_unit_ == 1 && problem == std::errc{} && end == text.data() + text.size()) return whole;
  const double time = std::round(table_.number(t_) * *us_per_unit_);
  constexpr double limit = 9e18;
  if (!(std::abs(time) < limit)) throw table_.error(t_, "a time beyond 9e18 us");
  return static_cast<std::int64_t>(time);
}

Event CsvEventReader::event_of_row() const {
  const std::uint64_t x = table_.whole(x_), y = table_.whole(y_);
  if (x >= info_.width || y >= info_.height)
    throw table_.error(x_, fmt::format("an event outside a {} x {} sensor", info_.width, info_.height));
  const double polarity = table_.number(p_);
  if (polarity != 1 && polarity != 0 && polarity != -1)
    throw table_.error(p_, "a polarity must be 1, or 0 or -1 for off");
  return {time_of_row(), static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y),
          static_cast<std::uint8_t>(polarity == 1 ? 1 : 0)};
}

std::size_t CsvEventReader::decode(std::span<Event> to) {
  try {
    if (!table_.next()) {
      ended_ = true;
      return 0;
    }
    if (!us_per_unit_) us_per_unit_ = table_.text(t_).find('.') == std::string_view::npos ? 1 : 1e6;
    to.front() = event_of_row();
    return 1;
  } catch (const Error& error) {
    damage_.note_event(error);
    return 0;
  }
}

CsvEventWriter::CsvEventWriter(const std::string& path, const EventSink& sink) : file_(path), sink_(sink) {
  file_.put("t_us,x,y,on\n");
}

void CsvEventWriter::write(std::span<const Event> events) {
  std::string text;
  for (const Event& event : events) {
    check_event(file_.path(), event, sink_);
    fmt::format_to(std::back_inserter(text), "{},{},{},{}\n", event.t_us, event.x, event.y, event.on);
  }
  file_.put(text);
}

}  // namespace synfire
