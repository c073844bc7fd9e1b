// Classes of neurons, votes and confusion, on responses small enough to know by hand.
#include "encoders/decode_vote.hpp"

#include <gtest/gtest.h>

namespace synfire {
namespace {

using Counts = std::vector<std::uint32_t>;

TEST(Assignment, GoesByTheMeanOfAClassNotByItsSum) {
  ClassResponses responses(2, 3);
  // Class 0 is shown four times, class 1 once: neuron 0 fires more often for class 0 in all, but less per
  // sample.
  for (int k = 0; k < 4; ++k) responses.add(0, Counts{2, 3, 0});
  responses.add(1, Counts{5, 1, 0});
  EXPECT_EQ(assign_classes(responses), (std::vector<std::int32_t>{1, 0, no_class}));
  EXPECT_DOUBLE_EQ(responses.mean(0, 1), 3);
}

TEST(Assignment, AClassNeverShownIsNobodys) {
  ClassResponses responses(3, 1);
  responses.add(1, Counts{1});
  EXPECT_EQ(responses.mean(2, 0), 0);
  EXPECT_EQ(assign_classes(responses), std::vector<std::int32_t>{1});
}

TEST(Assignment, EqualsGoToTheFirst) {
  ClassResponses responses(3, 1);
  responses.add(2, Counts{4});
  responses.add(1, Counts{4});
  EXPECT_EQ(assign_classes(responses), std::vector<std::int32_t>{1});
}

TEST(Assignment, WhatIsTakenBackLeavesNoTrace) {
  ClassResponses moved(2, 2), fresh(2, 2);
  moved.add(0, Counts{9, 0});
  moved.add(1, Counts{0, 1});
  moved.remove(0, Counts{9, 0});
  fresh.add(1, Counts{0, 1});
  EXPECT_EQ(assign_classes(moved), assign_classes(fresh));
  EXPECT_EQ(moved.mean(0, 0), 0);
}

TEST(Vote, IsTheMeanOfEachClassNotItsSum) {
  // Three neurons of class 0 fire 4 in all, the only one of class 1 fires 2.
  const std::vector<std::int32_t> assignment = {0, 0, 0, 1};
  EXPECT_EQ(vote(assignment, Counts{2, 1, 1, 2}, 2), 1);
  EXPECT_EQ(vote(assignment, Counts{3, 3, 3, 2}, 2), 0);
}

TEST(Vote, SilenceAndNeuronsWithoutClassSayNothing) {
  EXPECT_EQ(vote(std::vector<std::int32_t>{0, 1}, Counts{0, 0}, 2), no_class);
  EXPECT_EQ(vote(std::vector<std::int32_t>{no_class, 1}, Counts{50, 1}, 2), 1);
  EXPECT_EQ(vote(std::vector<std::int32_t>{}, Counts{}, 2), no_class);
}

TEST(Vote, EqualsGoToTheFirst) { EXPECT_EQ(vote(std::vector<std::int32_t>{1, 0}, Counts{3, 3}, 2), 0); }

TEST(Confusion, CountsRightWrongAndMissing) {
  ConfusionMatrix confusion(3);
  EXPECT_EQ(confusion.accuracy(), 0);
  confusion.add(0, 0);
  confusion.add(0, 2);
  confusion.add(1, 1);
  confusion.add(2, no_class);
  EXPECT_EQ(confusion.at(0, 0), 1u);
  EXPECT_EQ(confusion.at(0, 2), 1u);
  EXPECT_EQ(confusion.at(2, 3), 1u);
  EXPECT_EQ(confusion.total(), 4u);
  EXPECT_DOUBLE_EQ(confusion.accuracy(), 0.5);
  std::uint64_t sum = 0;
  for (std::size_t row = 0; row < 3; ++row)
    for (const std::uint64_t cell : confusion.row(row)) sum += cell;
  EXPECT_EQ(sum, confusion.total());
}

}  // namespace
}  // namespace synfire
