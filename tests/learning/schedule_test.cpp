// The learning rate at stated epochs.
#include <cmath>

#include <gtest/gtest.h>

#include "learning/gradient/schedules.hpp"

namespace synfire::learning {
namespace {

RateSchedule make(const Chosen& chosen, std::optional<Chosen> warm_up = {}, double rate = 0.1,
                  double epochs = 120) {
  return {chosen, warm_up, rate, epochs};
}

TEST(RateSchedule, constant_never_moves) {
  const RateSchedule schedule = make({.name = "constant"});
  for (const double epoch : {0.0, 0.5, 60.0, 1000.0}) EXPECT_EQ(schedule.rate(epoch), 0.1);
}

TEST(RateSchedule, step_falls_at_its_epochs) {
  const RateSchedule schedule = make({.name = "step", .parameters = {{"every", 20}, {"factor", 0.5}}});
  EXPECT_DOUBLE_EQ(schedule.rate(0), 0.1);
  EXPECT_DOUBLE_EQ(schedule.rate(19.99), 0.1);
  EXPECT_DOUBLE_EQ(schedule.rate(20), 0.05);
  EXPECT_DOUBLE_EQ(schedule.rate(45), 0.025);
}

TEST(RateSchedule, exponential_falls_each_epoch) {
  const RateSchedule schedule = make({.name = "exponential", .parameters = {{"factor", 0.9}}});
  EXPECT_DOUBLE_EQ(schedule.rate(0), 0.1);
  EXPECT_DOUBLE_EQ(schedule.rate(3), 0.1 * 0.9 * 0.9 * 0.9);
}

TEST(RateSchedule, cosine_goes_from_the_rate_to_the_minimum) {
  const RateSchedule schedule = make({.name = "cosine"});
  EXPECT_DOUBLE_EQ(schedule.rate(0), 0.1);
  EXPECT_NEAR(schedule.rate(40), 0.075, 1e-15);  // cos 60 degrees
  EXPECT_NEAR(schedule.rate(60), 0.05, 1e-15);
  EXPECT_NEAR(schedule.rate(120), 0, 1e-15);
  const RateSchedule shorter = make({.name = "cosine", .parameters = {{"minimum", 0.02}, {"epochs", 10}}});
  EXPECT_NEAR(shorter.rate(5), 0.06, 1e-15);
  EXPECT_NEAR(shorter.rate(10), 0.02, 1e-15);
  EXPECT_NEAR(shorter.rate(100), 0.02, 1e-15) << "it stays there";
}

TEST(RateSchedule, warm_restarts_begin_anew_each_time_longer) {
  const Chosen chosen = {.name = "warm_restarts",
                         .parameters = {{"period", 10}, {"growth", 2}, {"minimum", 0.01}}};
  const RateSchedule schedule = make(chosen);
  for (const double start : {0.0, 10.0, 30.0, 70.0}) EXPECT_NEAR(schedule.rate(start), 0.1, 1e-15) << start;
  EXPECT_NEAR(schedule.rate(5), 0.055, 1e-15);
  EXPECT_NEAR(schedule.rate(20), 0.055, 1e-15);
  EXPECT_NEAR(schedule.rate(50), 0.055, 1e-15);
  EXPECT_LT(schedule.rate(29.999), 0.0101);
  const RateSchedule even = make({.name = "warm_restarts", .parameters = {{"period", 4}}});
  for (const double epoch : {1.0, 5.0, 401.0}) EXPECT_NEAR(even.rate(epoch), even.rate(1), 1e-12);
}

TEST(RateSchedule, warm_up_leads_from_its_share_to_the_schedule) {
  const Chosen warm = {.name = "warm_up", .parameters = {{"epochs", 20}, {"from", 0.1}}};
  const RateSchedule schedule = make({.name = "cosine"}, warm);
  EXPECT_NEAR(schedule.rate(0), 0.01, 1e-15);
  EXPECT_NEAR(schedule.rate(10), 0.055, 1e-15);
  EXPECT_NEAR(schedule.rate(10.5), 0.05725, 1e-15) << "it moves within an epoch";
  EXPECT_NEAR(schedule.rate(20), 0.1, 1e-15);
  EXPECT_NEAR(schedule.rate(70), 0.05, 1e-15) << "the cosine takes what is left of the training";
  EXPECT_NEAR(schedule.rate(120), 0, 1e-15);
  EXPECT_THROW(make({.name = "cosine"}, Chosen{.name = "warm_up", .parameters = {{"epochs", 120}}}), Error);
}

Chosen plateau() {
  return {.name = "plateau",
          .parameters = {
              {"factor", 0.5}, {"patience", 2}, {"threshold", 0.01}, {"cooldown", 1}, {"minimum", 0.02}}};
}

// The rate after each of the losses has been reported.
std::vector<double> rates(RateSchedule& schedule, const std::vector<double>& losses, double from = 0) {
  std::vector<double> found;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    schedule.report(from + double(i) + 1, losses[i], 0);
    found.push_back(schedule.rate(from + double(i) + 1));
  }
  return found;
}

TEST(RateSchedule, plateau_waits_falls_cools_and_stops_at_its_minimum) {
  RateSchedule schedule = make(plateau());
  // 1 is best; 0.995 is less than a hundredth better; three epochs are more than the two that are borne.
  EXPECT_EQ(rates(schedule, {1, 1, 0.995, 1}), (std::vector<double>{0.1, 0.1, 0.1, 0.05}));
  // The first epoch after the fall does not count.
  EXPECT_EQ(rates(schedule, {1, 1, 1, 1}, 4), (std::vector<double>{0.05, 0.05, 0.05, 0.025}));
  // A better epoch starts the count again.
  EXPECT_EQ(rates(schedule, {1, 1, 0.5, 1, 1, 1}, 8),
            (std::vector<double>{0.025, 0.025, 0.025, 0.025, 0.025, 0.02}));
}

TEST(RateSchedule, plateau_can_watch_the_accuracy) {
  Chosen chosen = plateau();
  chosen.parameters["metric"] = 1;
  RateSchedule schedule = make(chosen);
  EXPECT_TRUE(schedule.watches_accuracy());
  EXPECT_FALSE(make(plateau()).watches_accuracy());
  for (int epoch = 1; epoch <= 10; ++epoch) schedule.report(epoch, 1, 0.5 + 0.02 * epoch);
  EXPECT_EQ(schedule.rate(10), 0.1) << "the accuracy rose, the loss did not fall";
  for (int epoch = 11; epoch <= 13; ++epoch) schedule.report(epoch, 1 - 0.1 * epoch, 0.6);
  EXPECT_EQ(schedule.rate(13), 0.05);
}

TEST(RateSchedule, the_warm_up_does_not_count_as_a_plateau) {
  RateSchedule schedule = make(plateau(), Chosen{.name = "warm_up", .parameters = {{"epochs", 5}}});
  for (int epoch = 1; epoch <= 5; ++epoch) schedule.report(epoch, 1, 0);
  EXPECT_EQ(schedule.rate(5), 0.1);
  EXPECT_TRUE(std::isnan(schedule.state().best));
}

TEST(RateSchedule, goes_on_from_a_state) {
  const std::vector<double> before = {1, 1, 1, 1, 1}, after = {1, 1, 0.9, 1, 1, 1};
  RateSchedule whole = make(plateau()), second = make(plateau());
  rates(whole, before);
  second.load(whole.state());
  EXPECT_EQ(rates(whole, after, 5), rates(second, after, 5));
}

TEST(RateSchedule, a_name_that_is_none_is_an_error) { EXPECT_THROW(make({.name = "cosinus"}), Error); }

}  // namespace
}  // namespace synfire::learning
