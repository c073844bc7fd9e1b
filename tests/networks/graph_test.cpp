#include "networks/graph.hpp"

#include <algorithm>

#include <boost/graph/graph_traits.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/random.hpp"
#include "tests/networks/texts.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

// A network of n populations with these projections; only what the graph looks at.
NetworkDescription network_of(std::size_t n, const std::vector<std::pair<std::size_t, std::size_t>>& edges) {
  NetworkDescription network;
  for (std::size_t i = 0; i < n; ++i) {
    network.populations.emplace_back();
    network.populations.back().name = fmt::format("p{}", i);
    network.populations.back().model = "iaf_psc_exp";
    network.populations.back().shape = {1};
  }
  for (const auto& [from, to] : edges) {
    network.projections.emplace_back();
    network.projections.back().from = from;
    network.projections.back().to = to;
  }
  return network;
}

TEST(Graph, has_a_vertex_for_each_population_and_an_edge_for_each_projection) {
  const NetworkDescription network = network_of(3, {{0, 1}, {0, 1}, {2, 2}});
  const NetworkGraph graph = network_graph(network);
  EXPECT_EQ(boost::num_vertices(graph), 3u);
  EXPECT_EQ(boost::num_edges(graph), 3u);
}

TEST(Graph, a_chain_comes_in_order_whatever_the_order_written) {
  const auto components = components_in_order(network_of(3, {{1, 0}, {2, 1}}));
  EXPECT_EQ(components, (std::vector<std::vector<std::size_t>>{{2}, {1}, {0}}));
}

TEST(Graph, members_of_a_loop_stay_together) {
  const auto components = components_in_order(network_of(4, {{0, 1}, {1, 2}, {2, 1}, {2, 3}}));
  EXPECT_EQ(components, (std::vector<std::vector<std::size_t>>{{0}, {1, 2}, {3}}));
}

// Which populations can be reached from which (Warshall), as an independent answer.
std::vector<std::vector<bool>> reachable(std::size_t n,
                                         const std::vector<std::pair<std::size_t, std::size_t>>& edges) {
  std::vector<std::vector<bool>> reach(n, std::vector<bool>(n));
  for (std::size_t i = 0; i < n; ++i) reach[i][i] = true;
  for (const auto& [from, to] : edges) reach[from][to] = true;
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        if (reach[i][k] && reach[k][j]) reach[i][j] = true;
  return reach;
}

TEST(Graph, components_and_order_agree_with_reachability_on_random_graphs) {
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    RandomStream stream(RandomKey(1, "graph"), trial);
    const std::size_t n = 1 + stream.below(12);
    std::vector<std::pair<std::size_t, std::size_t>> edges(stream.below(2 * n + 1));
    for (auto& edge : edges) edge = {stream.below(n), stream.below(n)};
    const auto reach = reachable(n, edges);
    const auto components = components_in_order(network_of(n, edges));
    std::vector<std::size_t> place(n, n);
    for (std::size_t c = 0; c < components.size(); ++c)
      for (const std::size_t member : components[c]) place[member] = c;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        ASSERT_EQ(place[i] == place[j], reach[i][j] && reach[j][i]) << "trial " << trial;
        if (!reach[i][j]) continue;
        ASSERT_LE(place[i], place[j]) << "trial " << trial;
      }
  }
}

TEST(Graph, an_empty_network_has_no_components) {
  EXPECT_TRUE(components_in_order(NetworkDescription{}).empty());
}

TEST(Graph, the_drawing_shows_models_sizes_rules_weights_and_loops) {
  const std::string text =
      graphviz(parsed("synfire: 1\npopulations:\n  exc: {model: iaf_psc_exp, size: [8, 10]}\n  inh: {model: "
                      "iaf_psc_exp, size: 20}\n"
                      "  noise: {model: poisson, size: 5}\n"
                      "projections:\n- {from: exc, to: inh, connect: {fixed_probability: 0.25}, weight: "
                      "{uniform: [1 pA, 2 pA]}}\n"
                      "- {from: inh, to: exc, connect: all_to_all, weight: -3 pA, delay: 2.5 ms}\n"
                      "- {from: noise, to: exc, connect: {fixed_indegree: 3}}\n"));
  for (const char* piece :
       {"digraph", "exc\\niaf_psc_exp\\n8×10", "inh\\niaf_psc_exp\\n20", "noise\\npoisson\\n5",
        "fixed_probability(p=0.25)\\nuniform(1, 2) pA\\n1 ms", "all_to_all\\n-3 pA\\n2.5 ms", "arrowhead=tee",
        "shape=box", "subgraph cluster_0", "0->1", "1->0", "2->0"})
    EXPECT_NE(text.find(piece), std::string::npos) << piece << " is not in\n" << text;
  EXPECT_EQ(text.find("cluster_1"), std::string::npos);
}

}  // namespace
}  // namespace synfire
