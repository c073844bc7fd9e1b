// Uniform deviates for models that draw some in every step: a function of (key, step, neuron, member), the
// same one by one (reference, GPU) and by the group (vector loops).
#pragma once

#include <array>
#include <cstdint>

#include "core/aggregate.hpp"
#include "core/random.hpp"

namespace synfire::noise {

inline constexpr int lanes = 16;
/// Neurons that are drawn together: word w of block l belongs to neuron 16 w + l of the group.
inline constexpr std::uint32_t group_size = 4 * lanes;

/// In [0, 1): 24 bits, which a float holds exactly.
template <class Real> SYNFIRE_HD Real deviate(std::uint32_t word) {
  return static_cast<Real>(static_cast<std::int32_t>(word >> 8)) * Real(0x1p-24);
}

template <int blocks>
SYNFIRE_HD void draw(PhiloxBlocks<blocks>& words, RandomKey key, std::int64_t step, std::uint32_t first_block,
                     std::uint32_t member) {
  SYNFIRE_LANES
  for (int l = 0; l < blocks; ++l) {
    words.words[0][l] = first_block + static_cast<std::uint32_t>(l);
    words.words[1][l] = static_cast<std::uint32_t>(step);
    words.words[2][l] = static_cast<std::uint32_t>(static_cast<std::uint64_t>(step) >> 32);
    words.words[3][l] = member;
  }
  philox(words, key);
}

/// values[i] = a member's deviate in neuron 64 group + i, for 64 neurons.
SYNFIRE_HD void draw_group(RandomKey key, std::int64_t step, std::uint32_t group, std::uint32_t member,
                           float* values) {
  PhiloxBlocks<lanes> words;
  draw(words, key, step, group * lanes, member);
  for (int w = 0; w < 4; ++w) {
    SYNFIRE_LANES
    for (int l = 0; l < lanes; ++l) values[w * lanes + l] = deviate<float>(words.words[w][l]);
  }
}

/// The deviate of one member in one neuron.
template <class Real>
SYNFIRE_HD Real one(RandomKey key, std::int64_t step, std::uint32_t neuron, std::uint32_t member) {
  PhiloxBlocks<1> words;
  draw(words, key, step, neuron / group_size * lanes + neuron % lanes, member);
  return deviate<Real>(words.words[neuron % group_size / lanes][0]);
}

/// All deviates of one neuron in one step, as the struct of Reals that its model declares.
template <class Noise, class Real>
SYNFIRE_HD Noise of_neuron(RandomKey key, std::int64_t step, std::uint32_t neuron) {
  constexpr std::size_t count = member_count<Noise, Real>;
  Noise made{};
  const auto members = tie_members<count>(made);
  [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
    ((std::get<m>(members) = one<Real>(key, step, neuron, m)), ...);
  }
  (std::make_index_sequence<count>());
  return made;
}

}  // namespace synfire::noise
