#include "core/spelling.hpp"

#include <array>

#include <gtest/gtest.h>

namespace synfire {
namespace {

constexpr std::array<std::string_view, 5> words = {"tau_m", "tau_syn_ex", "V_th", "V_reset", "t_ref"};

TEST(Spelling, distance_counts_single_edits) {
  EXPECT_EQ(edit_distance("tau_m", "tau_m"), 0u);
  EXPECT_EQ(edit_distance("TAU_M", "tau_m"), 0u);
  EXPECT_EQ(edit_distance("tau_m", "tau"), 2u);
  EXPECT_EQ(edit_distance("tua_m", "tau_m"), 1u);  // neighbours swapped
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Spelling, distance_is_symmetric_and_keeps_the_triangle_with_empty) {
  for (const auto a : words)
    for (const auto b : words) {
      EXPECT_EQ(edit_distance(a, b), edit_distance(b, a));
      EXPECT_LE(edit_distance(a, b), a.size() + b.size());
      EXPECT_EQ(edit_distance(a, b) == 0, a == b);
    }
}

TEST(Spelling, a_single_mistake_in_any_word_is_recognised) {
  for (const auto word : words)
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::string left_out(word), doubled(word), replaced(word);
      left_out.erase(i, 1);
      doubled.insert(i, 1, word[i]);
      replaced[i] = '#';
      for (const auto& wrong : {left_out, doubled, replaced}) EXPECT_EQ(nearest(wrong, words), word) << wrong;
    }
}

TEST(Spelling, far_words_are_not_guessed) {
  EXPECT_EQ(nearest("plasticity", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
  EXPECT_EQ(nearest(std::string(100000, 'x'), words), std::nullopt);
}

TEST(Spelling, the_hint_lists_what_is_valid_when_nothing_is_near) {
  EXPECT_EQ(did_you_mean("tau_n", words), "; did you mean 'tau_m'?");
  EXPECT_EQ(did_you_mean("plasticity", words), "; valid are: tau_m, tau_syn_ex, V_th, V_reset, t_ref");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace synfire
