// SHD and SSC: spoken words as spikes of an artificial cochlea, many in one HDF5 file.
//
//   /spikes/times   lists of float16, s      /spikes/units  lists of int16, channel
//   /labels         class of each            /extra/speaker speaker of each
//   /extra/keys     names of the classes     /extra/meta_info  gender and name of each speaker
#pragma once

#include "io/events/decoding.hpp"
#include "io/events/formats.hpp"
#include "io/hdf5.hpp"

namespace synfire {

/// True for an HDF5 file with these lists, and for a packed HDF5 file (which is told to be unpacked first).
bool is_shd(const FileHead& head);

/// One recording of the file (EventOptions::sample) as events: x the channel, y 0, `on` 1. Times are rounded
/// to µs; lists may be of any numbers. There are 700 channels, or more where the recording has spikes of a
/// higher one.
class ShdReader final : public DecodingReader {
 public:
  /// Errors: packed, no such recording, damaged lists.
  explicit ShdReader(const std::string& path, const EventOptions& options = {});

  /// Of the list of times, in the file.
  std::uint64_t offset() const override { return times_.offset + next_ * times_.bytes_each; }

 private:
  std::size_t decode(std::span<Event> to) override;

  hdf5::List times_, units_;
  std::size_t next_ = 0, count_ = 0;
};

/// Who speaks, as /extra/meta_info says it.
struct ShdSpeaker {
  std::string name, gender;
};

/// Makes such a file, recording after recording. It appears under its name when finished. The same recordings
/// make the same bytes.
class ShdWriter {
 public:
  /// `keys`: the names of the classes; `speakers`: those that numbers of speakers count along. Both may be
  /// empty. Errors: the file cannot be made.
  explicit ShdWriter(const std::string& path, std::vector<std::string> keys = {},
                     std::vector<ShdSpeaker> speakers = {});
  ShdWriter(const ShdWriter&) = delete;
  ShdWriter& operator=(const ShdWriter&) = delete;
  ~ShdWriter();

  /// Events as ShdReader gives them, in order of time. Times become float16 (s): about 1 ms exact at 1 s, and
  /// those that ShdReader gave are kept. All recordings of a file have a label or none, and so with the
  /// speaker. Errors: not in order; below 0 or over 65504 s; y not 0; `on` not 1; channel over 32767.
  void add(std::span<const Event> events, std::optional<std::int64_t> label = {},
           std::optional<std::uint16_t> speaker = {});
  void finish();

 private:
  std::string path_, unfinished_;
  std::vector<std::string> keys_;
  std::vector<ShdSpeaker> known_speakers_;
  std::optional<hdf5::File> file_;
  std::optional<hdf5::Dataset> times_, units_;
  std::vector<std::int64_t> labels_;
  std::vector<std::uint16_t> speakers_;
  std::uint64_t samples_ = 0;
};

/// A file with one recording.
class ShdEventWriter final : public EventWriter {
 public:
  /// Errors: the events are of a camera, not of a cochlea.
  ShdEventWriter(const std::string& path, const EventSink& sink);

  /// Errors: as ShdWriter::add; more than 2^26 spikes in all.
  void write(std::span<const Event> events) override;
  void finish() override;

 private:
  std::string path_;
  EventSink sink_;
  ShdWriter file_;
  std::vector<Event> events_;
};

}  // namespace synfire
