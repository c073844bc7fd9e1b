// Events as a table in text: columns named t, x, y and p (and their usual other names), or four columns of
// numbers in that order.
#pragma once

#include "io/csv.hpp"
#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"

namespace synfire {

/// True for a text whose first row names these columns, or has four numbers.
bool is_csv_events(const FileHead& head);

/// Times are µs, unless the name of their column says otherwise: "t [ms]", "t_ms", "time (s)". Without names,
/// times written with a decimal point are seconds. Fractions of a µs are rounded. The size of the sensor is
/// that of the smallest that holds all events: the file is read twice.
class CsvEventReader final : public DecodingReader {
 public:
  explicit CsvEventReader(const std::string& path, const EventOptions& options = {});

  std::uint64_t offset() const override { return table_.offset(); }

 private:
  void find_columns();
  std::size_t decode(std::span<Event> to) override;
  Event event_of_row() const;
  std::int64_t time_of_row() const;

  CsvReader table_;
  std::size_t t_ = 0, x_ = 1, y_ = 2, p_ = 3;
  std::optional<double> us_per_unit_ = {};  ///< unknown until the first row
};

/// Columns t_us,x,y,on.
class CsvEventWriter final : public EventWriter {
 public:
  CsvEventWriter(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor.
  void write(std::span<const Event> events) override;
  void finish() override { file_.finish(); }

 private:
  NewFile file_;
  EventSink sink_;
};

}  // namespace synfire
