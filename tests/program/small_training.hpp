// A network that learns in a moment, and what its trained file holds.
#pragma once

#include <bit>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "tests/learning/small_task.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {

/// All that draws, remembers or adapts is in it.
inline constexpr const char* small_training = R"(synfire: 1
seed: 7
dataset: {path: data}
simulation: {dt: 1 ms}
layers:
  - input
  - conv: {channels: 4, kernel: 3, padding: 1}
  - batch_norm
  - relu
  - max_pool: 2
  - dense: 16
  - lif_cell: {tau_syn: 5 ms, tau_mem: 5 ms, V_th: 0.1}
    name: hidden
    recurrent: true
  - dropout: 0.2
  - dense: 4
  - lif_cell: {tau_syn: 5 ms, tau_mem: 10 ms, V_th: 1}
    output: membrane
  - readout: mean
training:
  epochs: 5
  batch: 16
  steps: 10
  validation: 24
  optimiser: {sgd: {learning_rate: 0.2, momentum: 0.9}}
  schedule: {plateau: {metric: accuracy, patience: 2, factor: 0.8}}
  augment: {crop: 1}
)";

/// The network and its images: halves of a square, left, right, upper, lower.
inline void prepare(const Folder& folder, std::uint32_t train = 160) {
  folder.write("net.yaml", small_training);
  std::filesystem::create_directory(folder.path() / "data");
  const auto write = [&](const std::string& name, std::uint32_t count) {
    std::string images = idx_word(0x803) + idx_word(count) + idx_word(side) + idx_word(side);
    std::string labels = idx_word(0x801) + idx_word(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      images += half(int(i % 4), 155 + int(i % 100));
      labels += static_cast<char>(i % 4);
    }
    folder.write("data/" + name + "-images-idx3-ubyte", images);
    folder.write("data/" + name + "-labels-idx1-ubyte", labels);
  };
  write("train", train);
  write("t10k", 40);
}

/// By path.
using Arrays = std::map<std::string, std::vector<std::uint32_t>>;

/// The bits of all numbers of single precision below a group.
inline void read_arrays(const hdf5::Group& group, const std::string& path, Arrays& arrays) {
  for (const auto& name : group.children()) {
    const std::string below = path + "/" + name;
    if (group.has_group(name)) {
      read_arrays(group.group(name), below, arrays);
    } else if (name != "order") {
      auto& bits = arrays[below];
      for (const float value : group.dataset(name).read<float>())
        bits.push_back(std::bit_cast<std::uint32_t>(value));
    }
  }
}

/// All weights of a trained file, those kept and those of the last epoch.
inline Arrays weights_of(const Folder& folder, const std::string& name) {
  const hdf5::File file = hdf5::File::open(folder.file(name));
  Arrays arrays;
  for (const char* part : {"synfire/weights", "synfire/last"}) read_arrays(file.group(part), part, arrays);
  return arrays;
}

}  // namespace synfire::test
