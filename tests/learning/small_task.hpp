// A task small enough for tests: images of 8 x 8 pixels with one half lit, four classes.
#pragma once

#include <string>

#include <fmt/format.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"
#include "tests/io/files.hpp"

namespace synfire::test {

inline std::string idx_word(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

inline constexpr std::uint32_t side = 8;

/// Class 0: left half, 1: right, 2: upper, 3: lower.
inline std::string half(int of_class, int brightness) {
  std::string pixels;
  for (std::uint32_t y = 0; y < side; ++y)
    for (std::uint32_t x = 0; x < side; ++x) {
      const bool lit[] = {x < side / 2, x >= side / 2, y < side / 2, y >= side / 2};
      pixels += static_cast<char>(lit[of_class] ? brightness : 0);
    }
  return pixels;
}

/// `count` images whose classes go round, in files called as those of MNIST are.
inline void write_set(const TemporaryFolder& folder, const std::string& set, std::uint32_t count,
                      int brightness = 255) {
  std::string images = idx_word(0x803) + idx_word(count) + idx_word(side) + idx_word(side);
  std::string labels = idx_word(0x801) + idx_word(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    images += half(int(i % 4), brightness);
    labels += static_cast<char>(i % 4);
  }
  folder.write(set + "-images-idx3-ubyte", images);
  folder.write(set + "-labels-idx1-ubyte", labels);
}

/// The network of the examples, with 12 neurons; `more` goes into `classify`.
inline NetworkDescription small_task(const TemporaryFolder& folder, const std::string& more = "") {
  constexpr const char* text = R"(synfire: 1
seed: 5
simulation: {{dt: 0.5 ms}}
populations:
  pixels: {{model: poisson, size: [8, 8]}}
  exc: {{model: lif_diehl_cook, size: 12, params: {{theta_plus: 0.5 mV}}}}
  inh: {{model: lif_diehl_cook, size: 12, params: {{tau_m: 10 ms, E_L: -60 mV, V_reset: -45 mV, V_th: -40 mV,
        t_ref: 2 ms, E_in: -85 mV, theta_plus: 0 mV, theta_offset: 0 mV}}}}
projections:
  - {{from: pixels, to: exc, connect: all_to_all, weight: {{uniform: [0.01, 1]}}, delay: {{uniform: [0.5 ms, 5 ms]}},
     plasticity: {{stdp_diehl_cook: {{form: triplet, eta_post: 0.05, w_max: 3}}, scaling: {{total: 20}}}}}}
  - {{from: exc, to: inh, connect: one_to_one, weight: 10.4, delay: 0.5 ms}}
  - {{from: inh, to: exc, connect: {{all_to_all: {{allow_equal_indices: false}}}}, weight: -17, delay: 0.5 ms}}
record: {{exc: {{spikes: all}}}}
task: {{classify: {{data: {{idx: "{}"}}, input: pixels, output: exc, test_params: {{exc: {{theta_plus: 0 mV}}}}, {}}}}}
)";
  return parse_network(parse_yaml(fmt::format(text, folder.path().string(), more), "net.yaml"));
}

}  // namespace synfire::test
