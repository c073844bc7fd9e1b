#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/plod_generator.hpp>

#include "networks/connect/edge_lists.hpp"
#include "networks/connect/random_engine.hpp"

namespace synfire::connect {

/// Power Law Out Degree (Palmer & Steffan): each neuron has a budget of edges, beta x^-alpha for a uniformly
/// drawn rank x, at least 1; pairs with budget left are joined at random. Undirected: an edge is one synapse
/// each way, so both degrees have the heavy tail. No autapses; hubs may be joined more than once.
class ScaleFree final : public Connector {
 public:
  struct Parameters {
    double alpha = required;
    double beta = required;
  };
  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds exponents{.low = 0, .high = 100, .low_excluded = true};
    constexpr Bounds scales{
        .low = 0, .high = 1e15, .low_excluded = true};  // as a degree it must fit an integer
    return about<P>("scale_free", "degrees follow a power law; both directions",
                    "Palmer & Steffan 2000, GLOBECOM 1:434; Boost plod_iterator",
                    field(&P::alpha, "alpha", Unit::none, exponents, "how fast degrees fall with rank"),
                    field(&P::beta, "beta", Unit::none, scales, "degree of the neuron of rank 1"));
  }

  ScaleFree(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect) {
    if (!context.same_population) throw refusal(connect, "needs a projection of a population onto itself");
    check_same_size(context, connect);
    const std::uint32_t n = context.targets;
    if (n < 2) throw refusal(connect, fmt::format("needs at least 2 neurons, but there are {}", n));
    check_memory(24.0 * n, connect);  // budgets, in Boost, and row ends
    edges_ = EdgeLists(n, expected_degrees(p, n), connect, [&](auto&& add) {
      StreamEngine engine(context.key);
      using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;
      boost::plod_iterator<StreamEngine, Graph> edge(engine, n, p.alpha, p.beta, false), end;
      for (; edge != end; ++edge) {
        const auto a = static_cast<std::uint32_t>(edge->first), b = static_cast<std::uint32_t>(edge->second);
        add(a, b);
        add(b, a);
      }
    });
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    edges_.append(target, sources);
  }
  double expected_synapses() const override { return static_cast<double>(edges_.size()); }
  std::size_t bytes() const override { return edges_.bytes(); }

 private:
  // Every rank is as likely as every other: the mean sum of budgets is the sum over ranks.
  static std::uint64_t expected_degrees(const Parameters& p, std::uint32_t n) {
    double sum = 1;
    for (std::uint32_t rank = 1; rank < n; ++rank) {
      const double budget = p.beta * std::pow(rank, -p.alpha);
      if (budget < 2) return static_cast<std::uint64_t>(sum) + (n - rank);
      sum += std::min(budget, n - 1.0);
    }
    return static_cast<std::uint64_t>(sum);
  }

  EdgeLists edges_;
};

}  // namespace synfire::connect
