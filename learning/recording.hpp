// One way to open whatever becomes a stream of events: recordings of events, and sound.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "io/audio.hpp"
#include "io/events/event_reader.hpp"

namespace synfire {

/// True for a sound file, by content: wav, flac, aiff, ogg. Errors: the file cannot be read.
bool is_sound(const std::string& path);

/// The spikes of a sound in an artificial cochlea (encoders/cochlea.hpp, with its standard parameters) as
/// events of 700 channels. The sound is brought to the cochlea's rate. Errors: as resampled and
/// Cochlea::spikes.
std::vector<Event> cochlea_events(const Sound& sound, RandomKey key);

/// Opens a recording by content. A sound passes through an artificial cochlea, with random numbers of seed 1
/// and the file's name without its ending. Errors: as open_events, read_sound and Cochlea::spikes.
std::unique_ptr<EventReader> open_recording(const std::string& path, const EventOptions& options = {});

/// What such a reader says of its sensor, without hearing a sound. Errors: the file cannot be read; as
/// open_events.
SensorInfo recording_sensor(const std::string& path, const EventOptions& options = {});

/// What the name of a file of the Free Spoken Digit Dataset says.
struct SpokenDigit {
  int digit = 0;
  std::string speaker;
  int index = 0;
};
/// From {digit}_{speaker}_{index}.wav; nothing for any other name.
std::optional<SpokenDigit> spoken_digit_name(const std::string& path);

}  // namespace synfire
