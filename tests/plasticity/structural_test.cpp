// The rule of structural plasticity by itself: rates, bounds, what is pruned, what comes back, what is
// formed.
#include <set>

#include <gtest/gtest.h>

#include "plasticity/structure.hpp"

namespace synfire {
namespace {

using Rule = Structural<double>;
using plasticity::Structure;
using Prune = Rule::Prune;
using Regenerate = Rule::Regenerate;
using List = std::vector<ListedSynapse>;

Rule::Parameters parameters(Prune prune) {
  Rule::Parameters p;
  p.every = 1;
  p.prune = static_cast<double>(prune);
  return p;
}

plasticity::PossibleSynapses possible(std::uint32_t sources, std::uint32_t targets, bool self = true) {
  return {sources, targets, self, [](std::uint64_t, std::uint32_t) { return 1u; }};
}

// Every source to every target, with weight 1 + 10 target + source.
List all_to_all(std::uint32_t sources, std::uint32_t targets) {
  List list;
  for (std::uint32_t s = 0; s < sources; ++s)
    for (std::uint32_t t = 0; t < targets; ++t) list.push_back({s, t, 1, 1.0 + 10 * t + s, list.size()});
  return list;
}

std::set<std::pair<std::uint32_t, std::uint32_t>> pairs_of(const List& list) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const auto& synapse : list) pairs.emplace(synapse.source, synapse.target);
  return pairs;
}

bool in_order(const List& list) {
  return std::is_sorted(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.source, a.delay, a.target) < std::tuple(b.source, b.delay, b.target);
  });
}

// Eqs 13 and 12/23, written out once more: START 3, MID 5.
TEST(StructuralRates, follow_the_equations_line_by_line) {
  auto p = parameters(Prune::neurons);
  p.alpha = 0.8, p.beta = 0.05, p.start = 3, p.mid = 5, p.gamma = 1.1, p.rate_prune = 3,
  p.rate_regenerate = 0.5;
  double prune = 3, regenerate = 0.5;
  prune = Rule::next_prune_rate(prune, 3, 200.0 / 100, p);
  EXPECT_DOUBLE_EQ(prune, 3 + 0.8 * std::exp(-0.0) * 2);
  prune = Rule::next_prune_rate(prune, 4, 190.0 / 100, p);
  EXPECT_DOUBLE_EQ(prune, 3 + 1.6 + 0.8 * std::exp(-1.0) * 1.9);
  prune = Rule::next_prune_rate(prune, 5, 180.0 / 90, p);
  EXPECT_DOUBLE_EQ(prune, 3 + 1.6 + 0.8 * std::exp(-1.0) * 1.9 + 0.8 * std::exp(-2.0) * 2);
  const double before = prune;
  prune = Rule::next_prune_rate(prune, 6, 3, p);
  EXPECT_DOUBLE_EQ(prune, before + 0.05 * 3) << "beyond MID the step is beta";
  for (int e = 3; e < 8; ++e) regenerate = Rule::next_regeneration_rate(regenerate, e, p);
  EXPECT_DOUBLE_EQ(regenerate, 0.5 + 1 + 1.1 + 1.1 * 1.1 + std::pow(1.1, 3) + std::pow(1.1, 4));
}

TEST(StructuralRates, beyond_the_limit_are_reset_and_never_exceed_the_ceiling) {
  auto p = parameters(Prune::neurons);
  p.beta = 1, p.mid = 1;
  EXPECT_DOUBLE_EQ(Rule::next_prune_rate(98, 9, 7, p), 99) << "the first of the three ways: held at 99 %";
  p.reset = 0.5;
  EXPECT_DOUBLE_EQ(Rule::next_prune_rate(98, 9, 7, p), 0.5 * 105);
  p.reset = 0.01;
  EXPECT_DOUBLE_EQ(Rule::next_prune_rate(98, 9, 7, p), 0.01 * 105);
  EXPECT_DOUBLE_EQ(Rule::next_prune_rate(90, 9, 7, p), 97) << "below the limit nothing is reset";
  p.ceiling = 10;
  EXPECT_DOUBLE_EQ(Rule::next_prune_rate(9, 9, 7, p), 10);
  EXPECT_DOUBLE_EQ(Rule::next_regeneration_rate(98.5, 9, p), 99);
}

// Through whole events: 4 sources, 10 targets, 10 % of the targets an event; `next` has 6 synapses onto 3
// targets. Event 1 uses the first rates; C/N goes 40/10, 36/10, …; connected targets 10, 9, ….
TEST(StructuralRates, of_events_take_their_ratios_from_both_projections) {
  for (const bool by_connections : {false, true}) {
    auto p = parameters(Prune::neurons);
    p.rate_prune = 10, p.alpha = 0.5, p.mid = 2, p.beta = 0.25;
    p.rates = static_cast<double>(by_connections ? Rule::Rates::connections : Rule::Rates::neurons);
    Structure structure(p, possible(4, 10), {1, "rates"});
    List list = all_to_all(4, 10);
    const SynapseCounts next{6, 2, 3};
    double rate = 10, connected = 10;
    for (int e = 1; e <= 3; ++e) {
      const StructureEvent event = structure.apply(list, next);
      EXPECT_DOUBLE_EQ(event.rate_prune, rate) << e;
      const double gone = std::floor(rate / 100 * connected + 1e-9);
      connected -= gone;
      EXPECT_EQ(event.pruned, 4 * gone);
      EXPECT_EQ(event.left.connected, connected);
      const double delta = e <= 2 ? 0.5 * std::exp(-(e - 1.0)) : 0.25;
      rate += delta * (by_connections ? (4 * connected / 10) / (6.0 / 3) : connected / 2);
    }
  }
}

TEST(StructuralBounds, widen_after_t_num_updates_outside_in_a_row_and_shrink_after_as_many_inside) {
  Rule::Span span{1, -1, 0, 0, 0};
  for (const double w : {2.0, 4.0}) span.update(w, 3);
  EXPECT_EQ(span.high, 1) << "two in a row are not three";
  span.update(0.5, 3);
  for (const double w : {2.0, 4.0}) span.update(w, 3);
  EXPECT_EQ(span.high, 1) << "the row was broken";
  span.update(6, 3);
  EXPECT_DOUBLE_EQ(span.high, 1 + ((2 - 1) + (4 - 1) + (6 - 1)) / 3.0);
  EXPECT_EQ(span.low, -1);
  for (const double w : {-2.0, -3.0, -4.0}) span.update(w, 3);
  EXPECT_DOUBLE_EQ(span.low, -1 + ((-2 + 1) + (-3 + 1) + (-4 + 1)) / 3.0);
  EXPECT_DOUBLE_EQ(span.activity(), 4 + 3);
  for (const double w : {0.5, 1.0, 1.5}) span.update(w, 3);
  EXPECT_DOUBLE_EQ(span.high, 1.0) << "by the mean distance of 3";
  EXPECT_DOUBLE_EQ(span.low, 0.0) << "the lower bound does not rise above 0";
}

TEST(StructuralPruning, by_weight_takes_what_is_smaller_and_nothing_else) {
  auto p = parameters(Prune::weight);
  p.w_prune = 12;
  Structure structure(p, possible(3, 4), {1, "x"});
  List list = all_to_all(3, 4);
  const auto event = structure.apply(list, {});
  EXPECT_EQ(event.pruned, 4u) << "weights 1, 2, 3 and 11";
  EXPECT_EQ(event.left.synapses, 8u);
  for (const auto& synapse : list) EXPECT_GE(synapse.weight, 12);
  EXPECT_TRUE(in_order(list));
  EXPECT_EQ(structure.apply(list, {}).pruned, 0u);
}

TEST(StructuralPruning, by_activity_takes_the_least_active_targets_whole_or_the_least_active_synapses) {
  auto p = parameters(Prune::neurons);
  p.T_num = 1, p.rate_prune = 25;
  List list = all_to_all(3, 4);
  const auto event = Structure(p, possible(3, 4), {1, "x"}).apply(list, {});
  EXPECT_EQ(event.pruned, 3u);
  for (const auto& synapse : list) EXPECT_NE(synapse.target, 0u) << "target 0 has the smallest weights";
  p.prune = static_cast<double>(Prune::synapses), p.rate_prune = 34;
  list = all_to_all(3, 4);
  EXPECT_EQ(Structure(p, possible(3, 4), {1, "x"}).apply(list, {}).pruned, 4u) << "34 % of 12, rounded down";
  for (const auto& synapse : list) EXPECT_GT(synapse.weight, 11);
}

TEST(StructuralPruning, begins_with_its_first_event) {
  auto p = parameters(Prune::weight);
  p.w_prune = 1000, p.start = 3;
  Structure structure(p, possible(3, 4), {1, "x"});
  List list = all_to_all(3, 4);
  EXPECT_EQ(structure.apply(list, {}).pruned + structure.apply(list, {}).pruned, 0u);
  EXPECT_EQ(structure.apply(list, {}).pruned, 12u);
  EXPECT_EQ(structure.apply(list, {}).pruned, 0u) << "an empty projection stays one";
}

TEST(StructuralRegeneration, brings_pruned_synapses_back_as_they_were_and_keeps_count) {
  for (const auto way : {Regenerate::random, Regenerate::activity}) {
    auto p = parameters(Prune::synapses);
    p.T_num = 1, p.rate_prune = 10, p.rate_regenerate = 50, p.regenerate = static_cast<double>(way);
    Structure structure(p, possible(10, 20), {1, "x"});
    List list = all_to_all(10, 20);
    const auto original = pairs_of(list);
    std::uint64_t pruned = 0, back = 0;
    for (int e = 0; e < 12; ++e) {
      const auto event = structure.apply(list, {});
      ASSERT_TRUE(e > 0 || event.regenerated == 0) << "what an event prunes stays away until the next";
      pruned += event.pruned, back += event.regenerated;
      ASSERT_EQ(list.size(), 200 - pruned + back);
      ASSERT_EQ(event.left.synapses, list.size());
      ASSERT_EQ(pairs_of(list).size(), list.size()) << "no pair twice";
      ASSERT_TRUE(in_order(list));
      for (const auto& synapse : list) {
        ASSERT_TRUE(original.contains({synapse.source, synapse.target}));
        ASSERT_EQ(synapse.weight, 1.0 + 10 * synapse.target + synapse.source);
      }
    }
    EXPECT_GT(back, 50u);
  }
}

TEST(StructuralRegeneration, by_activity_prefers_the_most_active) {
  auto p = parameters(Prune::weight);
  p.T_num = 1, p.w_prune = 15, p.rate_regenerate = 50;
  p.regenerate = static_cast<double>(Regenerate::activity);
  Structure structure(p, possible(2, 2), {1, "x"});
  List list = all_to_all(2, 2);  // weights 1, 2 (target 0), 11, 12
  EXPECT_EQ(structure.apply(list, {}).pruned, 4u);
  EXPECT_EQ(structure.apply(list, {}).regenerated, 2u);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].weight, 11);
  EXPECT_EQ(list[1].weight, 12);
}

TEST(StructuralFormation, joins_new_pairs_until_there_are_enough_and_doubles_none) {
  auto p = parameters(Prune::none);
  p.form = 30, p.w_new = 2.5, p.most = 85;
  Structure structure(p, possible(10, 10, false), {1, "x"});
  List list;
  std::vector<std::uint64_t> formed;
  for (int e = 0; e < 4; ++e) formed.push_back(structure.apply(list, {}).formed);
  EXPECT_EQ(formed, (std::vector<std::uint64_t>{30, 30, 25, 0}));
  EXPECT_EQ(pairs_of(list).size(), 85u);
  for (const auto& synapse : list) {
    EXPECT_NE(synapse.source, synapse.target);
    EXPECT_EQ(synapse.weight, 2.5);
  }
  p.most = 1000;
  Structure full(p, possible(10, 10, false), {1, "x"});
  for (int e = 0; e < 5; ++e) full.apply(list, {});
  EXPECT_EQ(pairs_of(list).size(), 90u) << "every pair but a neuron with itself";
  EXPECT_EQ(list.size(), 90u);
}

// 20,000 pairs of 100 x 1000 drawn: each source is drawn 200 times but for chance (sd 14).
TEST(StructuralFormation, prefers_no_pair) {
  auto p = parameters(Prune::none);
  p.form = 20000, p.w_new = 1, p.most = 20000;
  List list;
  Structure(p, possible(100, 1000), {3, "x"}).apply(list, {});
  std::vector<int> of_source(100);
  for (const auto& synapse : list) ++of_source[synapse.source];
  const auto [least, most] = std::minmax_element(of_source.begin(), of_source.end());
  EXPECT_GT(*least, 200 - 5 * 14);
  EXPECT_LT(*most, 200 + 5 * 14);
}

TEST(StructuralFormation, replaces_what_is_pruned) {
  auto p = parameters(Prune::synapses);
  p.T_num = 1, p.rate_prune = 10, p.form = 1000, p.w_new = 50;
  Structure structure(p, possible(20, 20), {1, "x"});
  List list = all_to_all(10, 20);
  for (int e = 0; e < 5; ++e) {
    const auto event = structure.apply(list, {});
    EXPECT_EQ(event.pruned, 20u);
    EXPECT_EQ(event.formed, 20u);
    EXPECT_EQ(list.size(), 200u) << "as many as at first";
  }
}

}  // namespace
}  // namespace synfire
