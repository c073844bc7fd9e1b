// Event Stream (.es), version 2: a head of 20 bytes, then events whose times are kept as differences. Events
// of the types DVS and ATIS are read; the grey levels of an ATIS are passed over.
#pragma once

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"

namespace synfire {

/// True for a file that begins with the words "Event Stream".
bool is_es(const FileHead& head);

/// The file has y = 0 at the bottom; EventView::jaer turns it over.
class EsReader final : public DecodingReader {
 public:
  /// Errors: another version; a type without changes of brightness (generic, AMD, colour).
  explicit EsReader(const std::string& path, const EventOptions& options = {});

  std::uint64_t offset() const override { return file_.offset(); }

 private:
  void read_header();
  std::size_t decode(std::span<Event> to) override;

  ByteFile file_;
  EventView view_;
  bool atis_ = false;
  std::int64_t time_ = 0;  ///< µs
};

/// Writes the type DVS.
class EsWriter final : public EventWriter {
 public:
  EsWriter(const std::string& path, const EventSink& sink);

  /// Errors: outside the sensor; a time that steps back or below 0; a gap over 2^32 µs.
  void write(std::span<const Event> events) override;
  void finish() override { file_.finish(); }

 private:
  NewFile file_;
  EventSink sink_;
  std::int64_t time_ = 0;
};

}  // namespace synfire
