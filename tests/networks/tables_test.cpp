// Entries that stand for many, and networks made smaller.
#include <cmath>

#include <gtest/gtest.h>

#include "networks/connect/pair_probability.hpp"
#include "tests/networks/texts.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

const std::string neurons = "model: iaf_psc_exp, size: 10";

std::string message_of(const std::string& text) {
  try {
    parsed(text);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Tables, several_names_make_several_populations) {
  const NetworkDescription network = parsed(
      "synfire: 1\n"
      "populations:\n"
      "  a, b,c: {model: iaf_psc_exp, size: {each: [3, 4, 5]}, params: {tau_m: 7 ms, C_m: {each: [1 pF, 2 "
      "pF, 3 pF]}}}\n"
      "record: {\"a, c\": {spikes: all}}\n");
  ASSERT_EQ(network.populations.size(), 3u);
  const char* names[] = {"a", "b", "c"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(network.populations[i].name, names[i]);
    EXPECT_EQ(network.populations[i].size(), 3 + i);
    EXPECT_EQ(std::get<Distribution>(network.populations[i].parameters.at("tau_m")).constant(), 7);
    EXPECT_EQ(std::get<Distribution>(network.populations[i].parameters.at("C_m")).constant(), double(i + 1));
  }
  ASSERT_EQ(network.records.size(), 2u);
  EXPECT_EQ(network.records[1].population, 2u);
}

TEST(Tables, lists_of_ends_stand_for_all_pairs) {
  const NetworkDescription network = parsed(
      "synfire: 1\n"
      "populations: {\"a, b, c\": {" +
      neurons +
      "}}\n"
      "projections:\n"
      "- from: [a, b]\n"
      "  to: [a, b, c]\n"
      "  connect: {fixed_probability: {table: [[0.1, 0.2], [0.3, ~], [0.5, 0.6]]}}\n"
      "  weight: {each_from: [1 pA, -2 pA]}\n"
      "  delay: {each_to: [1 ms, 2 ms, 3 ms]}\n");
  struct Expected {
    std::size_t from, to;
    double p;
  };
  const Expected expected[] = {{0, 0, 0.1}, {1, 0, 0.2}, {0, 1, 0.3}, {0, 2, 0.5}, {1, 2, 0.6}};
  ASSERT_EQ(network.projections.size(), 5u) << "~ leaves b->b out";
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& projection = network.projections[i];
    EXPECT_EQ(projection.from, expected[i].from);
    EXPECT_EQ(projection.to, expected[i].to);
    EXPECT_EQ(projection.connect.parameters.at("p"), expected[i].p);
    EXPECT_EQ(projection.weight.constant(), projection.from == 0 ? 1 : -2);
    EXPECT_EQ(projection.delay.constant(), double(projection.to + 1));
  }
}

TEST(Tables, ends_may_go_in_step) {
  const NetworkDescription network = parsed(
      "synfire: 1\n"
      "populations: {\"a, b\": {" +
      neurons +
      "}}\n"
      "projections:\n"
      "- {from: {each: [a, b]}, to: {each: [b, a]}, connect: one_to_one, weight: {each: [1 pA, 2 pA]}}\n");
  ASSERT_EQ(network.projections.size(), 2u);
  EXPECT_EQ(network.projections[0].name, "a->b");
  EXPECT_EQ(network.projections[1].name, "b->a");
  EXPECT_EQ(network.projections[1].weight.constant(), 2);
}

TEST(Tables, mistakes_are_named_where_they_stand) {
  const std::string head = "synfire: 1\npopulations: {\"a, b\": {" + neurons + "}}\n";
  const auto says = [](const std::string& text, const std::string& part) {
    EXPECT_NE(message_of(text).find(part), std::string::npos) << message_of(text);
  };
  says("synfire: 1\npopulations: {\"a, b\": {model: lif, size: {each: [1, 2, 3]}}}\n",
       "3 entries, but there are 2 names");
  says("synfire: 1\npopulations: {\"a, a\": {" + neurons + "}}\n", "'a' stands there twice");
  says("synfire: 1\npopulations: {\"a,\": {" + neurons + "}}\n", "net.yaml:2");
  says(head + "projections: [{from: [a, b], to: [a], connect: {fixed_probability: {table: [[0.1]]}}}]\n",
       "1 entries, but there are 2 populations under from");
  says(head + "projections: [{from: {each: [a, b]}, to: [a, b], connect: one_to_one}]\n", "go in step");
  says(head + "projections: [{from: {each: [a, b]}, to: {each: [a]}, connect: one_to_one}]\n", "go in step");
  says(head + "projections: [{from: [a, x], to: b, connect: one_to_one}]\n", "no population 'x'");
}

TEST(Scale, keeps_mean_and_variance_of_the_input) {
  const std::string text =
      "synfire: 1\n"
      "scale: {neurons: 0.5, in_degrees: 0.25, tau_syn: 2 ms, rates: {a: 10 Hz}}\n"
      "populations: {a: {model: iaf_psc_exp, size: 200, params: {I_e: 5 pA}}, far: {model: poisson, size: "
      "200}}\n"
      "projections:\n"
      "- {from: a, to: a, connect: {fixed_indegree: 40}, weight: {normal: {mean: 3 pA, sd: 0.3 pA, min: 0 "
      "pA}}}\n"
      "- {from: a, to: a, connect: {fixed_total_number: {N: 8000}}, weight: -4 pA}\n"
      "- {from: far, to: a, connect: one_to_one, weight: 9 pA}\n";
  const NetworkDescription network = parsed(text);
  EXPECT_EQ(network.populations[0].size(), 100u);
  EXPECT_EQ(network.populations[1].size(), 100u);
  EXPECT_EQ(network.projections[0].connect.parameters.at("indegree"), 10);
  EXPECT_EQ(network.projections[1].connect.parameters.at("N"), 1000) << "in-degree 40 becomes 10";
  EXPECT_DOUBLE_EQ(network.projections[0].weight.mean(), 6) << "K w^2 stays";
  EXPECT_DOUBLE_EQ(std::get<Normal>(network.projections[0].weight.shape).sd, 0.6);
  EXPECT_DOUBLE_EQ(network.projections[1].weight.constant(), -8);
  EXPECT_EQ(network.projections[2].weight.constant(), 9);
  // Lost: (1 - sqrt 0.25) (40 * 3 - 40 * 4) pA * 2 ms * 10 Hz
  EXPECT_DOUBLE_EQ(std::get<Distribution>(network.populations[0].parameters.at("I_e")).constant(),
                   5 - 0.5 * 40 * 0.02);
}

TEST(Scale, of_one_changes_nothing_and_unknown_rules_are_refused) {
  const std::string head = "synfire: 1\npopulations: {a: {" + neurons + "}}\n";
  const std::string tail =
      "projections: [{from: a, to: a, connect: {small_world: {k: 2, p: 0.1}}, weight: 1 pA}]\n";
  EXPECT_EQ(message_of(head + "scale: {neurons: 1}\n" + tail), "");
  EXPECT_NE(message_of(head + "scale: {neurons: 0.5}\n" + tail).find("small_world"), std::string::npos);
  EXPECT_NE(message_of(head + "scale: {neurons: 2}\n").find("neurons"), std::string::npos);
  EXPECT_NE(message_of(head + "scale: {neurons: 0.5, rates: {a: 1 Hz}}\n").find("tau_syn"),
            std::string::npos);
}

TEST(PairProbability, is_the_chance_that_a_pair_is_connected) {
  const double p = 0.3, sources = 40, targets = 50;
  const double total = connect::PairProbability::total(p, sources, targets);
  EXPECT_NEAR(1 - std::pow(1 - 1 / (sources * targets), total), p, 1e-3);
  EXPECT_EQ(connect::PairProbability::total(0, sources, targets), 0);
}

}  // namespace
}  // namespace synfire
