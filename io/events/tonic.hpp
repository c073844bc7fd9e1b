// Events as arrays of NumPy: one array with fields by name (Tonic, expelliarmus; .npy or .npz), or one array
// for each of t, x, y and p in an .npz file (SpikingJelly).
#pragma once

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"
#include "io/events/numpy.hpp"

namespace synfire {

/// True for .npy and .npz files, by their first bytes.
bool is_tonic(const FileHead& head);

/// Times are µs. Without y, x is a channel of a cochlea; without p all events are on. The sensor is the
/// smallest that holds all events (for which the file is read twice), a cochlea has at least 700 channels.
class TonicReader final : public DecodingReader {
 public:
  /// Errors: damaged, no such fields, frames instead of events.
  explicit TonicReader(const std::string& path, const EventOptions& options = {});

  /// Of the array of times, unpacked.
  std::uint64_t offset() const override { return streams_[t_->stream].offset(); }

 private:
  struct Column {
    std::size_t stream;
    NpyField field;
  };
  void open(const std::string& path);
  void open_packed(const std::string& path);
  std::optional<Column> find(std::span<const std::string_view> names) const;
  std::size_t decode(std::span<Event> to) override;
  std::size_t rows_ahead();
  std::optional<Event> event_at(std::size_t row) const;

  std::vector<NpyStream> streams_;
  std::vector<std::string> names_;  ///< of the streams: "t", or "" where its fields have names
  std::optional<Column> t_, x_, y_, p_;
  std::vector<const std::uint8_t*> ahead_;
  std::uint64_t left_ = 0;
};

}  // namespace synfire
