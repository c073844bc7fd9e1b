#include <gtest/gtest.h>

#include "tests/networks/texts.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

constexpr const char* layered =
    "synfire: 1\n"
    "populations: {eye: {model: poisson, size: 8}}\n"
    "layers:\n"
    "- {from: eye}\n"
    "- {name: l1, model: iaf_psc_exp, size: [2, 2], params: {tau_m: 5 ms}, weight: 2 pA, delay: 0.5 ms}\n"
    "- {name: l2, model: iaf_psc_exp, size: 4, connect: one_to_one, weight: -1 pA, init: {V_m: -60 mV}}\n";

constexpr const char* written_out =
    "synfire: 1\n"
    "populations:\n"
    "  eye: {model: poisson, size: 8}\n"
    "  l1: {model: iaf_psc_exp, size: [2, 2], params: {tau_m: 5 ms}}\n"
    "  l2: {model: iaf_psc_exp, size: 4, init: {V_m: -60 mV}}\n"
    "projections:\n"
    "- {from: eye, to: l1, connect: all_to_all, weight: 2 pA, delay: 0.5 ms}\n"
    "- {from: l1, to: l2, connect: one_to_one, weight: -1 pA}\n";

TEST(Layers, are_populations_and_projections_in_short) {
  const NetworkDescription a = parsed(layered), b = parsed(written_out);
  ASSERT_EQ(a.populations.size(), b.populations.size());
  for (std::size_t i = 0; i < a.populations.size(); ++i) {
    EXPECT_EQ(a.populations[i].name, b.populations[i].name);
    EXPECT_EQ(a.populations[i].model, b.populations[i].model);
    EXPECT_EQ(a.populations[i].shape, b.populations[i].shape);
    EXPECT_EQ(a.populations[i].parameters.size(), b.populations[i].parameters.size());
    EXPECT_EQ(a.populations[i].initial.size(), b.populations[i].initial.size());
  }
  ASSERT_EQ(a.projections.size(), b.projections.size());
  for (std::size_t i = 0; i < a.projections.size(); ++i) {
    EXPECT_EQ(a.projections[i].name, b.projections[i].name);
    EXPECT_EQ(a.projections[i].from, b.projections[i].from);
    EXPECT_EQ(a.projections[i].to, b.projections[i].to);
    EXPECT_EQ(a.projections[i].connect.rule, b.projections[i].connect.rule);
    EXPECT_EQ(a.projections[i].weight.constant(), b.projections[i].weight.constant());
    EXPECT_EQ(a.projections[i].delay.constant(), b.projections[i].delay.constant());
    EXPECT_EQ(a.projections[i].receptor, b.projections[i].receptor);
  }
  EXPECT_EQ(a.records.size(), 2u) << "the spikes of both layers";
}

TEST(Layers, may_begin_without_a_source_and_be_used_by_projections) {
  const NetworkDescription network = parsed(
      "synfire: 1\nlayers: [{name: x, model: iaf_psc_exp, size: 2}, {name: y, model: iaf_psc_exp, size: 3}]\n"
      "projections: [{from: y, to: x, connect: all_to_all, weight: -1 pA}]\n");
  EXPECT_EQ(network.populations.size(), 2u);
  EXPECT_EQ(network.projections.size(), 2u);
}

TEST(Layers, keep_their_places_in_errors) {
  const std::string message =
      message_of("synfire: 1\nlayers:\n- {name: x, model: iaf_psc_exp, size: 2, params: {tau_m: 5 mV}}\n");
  EXPECT_TRUE(message.starts_with("net.yaml:3:58: tau_m of population 'x'")) << message;
}

}  // namespace
}  // namespace synfire
