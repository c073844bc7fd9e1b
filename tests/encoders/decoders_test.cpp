// From spikes and membranes to classes, on responses small enough to know by hand.
#include <gtest/gtest.h>

#include "encoders/decode_first_spike.hpp"
#include "encoders/decode_membrane.hpp"
#include "encoders/decode_rate.hpp"
#include "encoders/event_bins.hpp"

namespace synfire {
namespace {

using Counts = std::vector<std::uint32_t>;
using Values = std::vector<double>;

TEST(DecodeRate, RatesAreSpikesPerSecond) {
  EXPECT_EQ(decode_rates(Counts{0, 3, 10}, 250), (Values{0, 12, 40}));
}

TEST(DecodeRate, TheBusiestGroupWins) {
  EXPECT_EQ(decode_rate(Counts{1, 5, 3}, 3), 1);
  EXPECT_EQ(decode_rate(Counts{4, 0, 3, 2, 0, 4}, 3), 1);  // pairs: 4, 5, 4
  EXPECT_EQ(decode_rate(Counts{2, 2}, 2), 0);
  EXPECT_EQ(decode_rate(Counts{0, 0}, 2), no_class);
  EXPECT_EQ(decode_rate(Counts{1, 2, 9}, 2), 1);  // the third belongs to no class
  EXPECT_EQ(decode_rate(Counts{1}, 2), no_class);
  EXPECT_EQ(decode_rate(Counts{}, 0), no_class);
}

TEST(DecodeRate, SumsDoNotOverflow) { EXPECT_EQ(decode_rate(Counts{0xFFFFFFFF, 0xFFFFFFFF, 0, 5}, 2), 0); }

TEST(FirstSpike, IsTheEarliestOfEachNeuronInAnyOrder) {
  const Values times = {5, 2, 9, 1, 4};
  const Counts neurons = {0, 1, 0, 7, 1};
  EXPECT_EQ(first_spikes(times, neurons, 3), (Values{5, 2, no_spike}));
  EXPECT_EQ(first_spikes(times, neurons, 3, 3), (Values{5, 4, no_spike}));
}

TEST(FirstSpike, TheFirstWinsAndEqualsGoByNumber) {
  EXPECT_EQ(decode_first_spike(Values{5, 2, 3}, 3), 1);
  EXPECT_EQ(decode_first_spike(Values{2, 9, 2, 2}, 2), 1);
  EXPECT_EQ(decode_first_spike(Values{2, 2}, 2), 0);
  EXPECT_EQ(decode_first_spike(Values{no_spike, no_spike}, 2), no_class);
  EXPECT_EQ(decode_first_spike(Values{no_spike, 0}, 2), 1);
  EXPECT_EQ(decode_first_spike(Values{}, 2), no_class);
}

TEST(Membrane, TheGreatestValueWinsAlsoBelowZero) {
  const std::vector<float> trace = {-70, -65, -60, -50, -69, -61};  // two samples of three neurons
  EXPECT_EQ(membrane_maxima(trace, 3), (Values{-50, -65, -60}));
  EXPECT_EQ(decode_membrane_maximum(membrane_maxima(trace, 3), 3), 0);
  EXPECT_EQ(decode_membrane_maximum(Values{-1, -2, -3, -0.5}, 2), 1);
  EXPECT_EQ(decode_membrane_maximum(Values{1, 1}, 2), 0);
  EXPECT_EQ(decode_membrane_maximum(Values{}, 2), no_class);
  EXPECT_TRUE(membrane_maxima({}, 3).empty());
}

TEST(EventBins, EverySpikeInsideIsCountedOnce) {
  const Values times = {0, 24.999, 25, 99.999, 100, -1, 50};
  const Counts channels = {0, 0, 0, 1, 1, 1, 2};
  // The last two but one lie outside the time, the last has no channel.
  EXPECT_EQ(count_in_parts(times, channels, 2, 4, 100), (Counts{2, 0, 1, 0, 0, 0, 0, 1}));
}

TEST(EventBins, OnePartIsTheSum) {
  Values times;
  Counts channels;
  for (std::uint32_t k = 0; k < 700; ++k) times.push_back(k * 0.001), channels.push_back(k % 7);
  EXPECT_EQ(count_in_parts(times, channels, 7, 1, 0.7), Counts(7, 100));
  std::uint32_t sum = 0;
  for (const std::uint32_t count : count_in_parts(times, channels, 7, 13, 0.7)) sum += count;
  EXPECT_EQ(sum, 700u);
}

}  // namespace
}  // namespace synfire
