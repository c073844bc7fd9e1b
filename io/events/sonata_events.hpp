// Events as spikes of a SONATA population "events", one neuron for each pixel and polarity:
// id = (y * width + x) * 2 + on; for a cochlea id = channel.
#pragma once

#include <optional>

#include "io/events/event_reader.hpp"
#include "io/sonata.hpp"

namespace synfire {

class SonataEventWriter final : public EventWriter {
 public:
  SonataEventWriter(const std::string& path, const EventSink& sink);
  SonataEventWriter(const SonataEventWriter&) = delete;
  SonataEventWriter& operator=(const SonataEventWriter&) = delete;
  ~SonataEventWriter() override;

  /// Times become ms. Errors: outside the sensor; not in order of time; an event of a cochlea that is not on.
  void write(std::span<const Event> events) override;
  void finish() override;

 private:
  std::string path_, unfinished_;
  EventSink sink_;
  std::int64_t last_us_;
  std::optional<hdf5::File> file_;
  std::optional<SpikeWriter> spikes_;
};

}  // namespace synfire
