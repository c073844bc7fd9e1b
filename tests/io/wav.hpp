// WAV files made in memory, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace synfire::test {

/// 16-bit samples, interleaved.
inline std::string wav(const std::vector<std::int16_t>& samples, int channels = 1,
                       std::uint32_t rate = 16000) {
  std::string bytes = "RIFF";
  const auto add = [&](std::uint32_t value, int size) {
    for (int k = 0; k < size; ++k) bytes.push_back(static_cast<char>(value >> (8 * k) & 0xff));
  };
  const auto size = static_cast<std::uint32_t>(samples.size() * 2),
             frame = static_cast<std::uint32_t>(channels) * 2;
  add(36 + size, 4);
  bytes += "WAVEfmt ";
  add(16, 4);
  add(1, 2);
  add(static_cast<std::uint32_t>(channels), 2);
  add(rate, 4);
  add(rate * frame, 4);
  add(frame, 2);
  add(16, 2);
  bytes += "data";
  add(size, 4);
  for (const std::int16_t sample : samples) add(static_cast<std::uint16_t>(sample), 2);
  return bytes;
}

}  // namespace synfire::test
