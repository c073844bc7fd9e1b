#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/erdos_renyi_generator.hpp>

#include "networks/connect/edge_lists.hpp"
#include "networks/connect/random_engine.hpp"

namespace synfire::connect {

/// The random digraph G(n, p) without loops, as a graph that is kept; fixed_probability draws the same
/// distribution without keeping it.
class ErdosRenyi final : public Connector {
 public:
  struct Parameters {
    double p = required;
  };
  static constexpr auto describe() {
    using P = Parameters;
    constexpr Bounds below_one{.low = 0, .high = 1, .high_excluded = true};
    return about<P>("erdos_renyi", "the directed random graph G(n, p) without autapses",
                    "Gilbert 1959, Ann. Math. Stat. 30:1141; Boost sorted_erdos_renyi_iterator",
                    field(&P::p, "p", Unit::none, below_one, "probability of a connection"));
  }

  ErdosRenyi(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect) {
    check_same_size(context, connect);
    const std::uint32_t n = context.targets;
    const double expected = n == 0 ? 0 : p.p * n * (n - 1.0);
    check_synapses(expected, connect);
    edges_ = EdgeLists(n, static_cast<std::uint64_t>(expected), connect, [&](auto&& add) {
      if (n < 2 || 1 - p.p == 1) return;  // p below 1e-16: Boost's geometric distribution does not take it
      StreamEngine engine(context.key);
      using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
      boost::sorted_erdos_renyi_iterator<StreamEngine, Graph> edge(engine, n, p.p), end;
      for (; edge != end; ++edge)
        add(static_cast<std::uint32_t>(edge->first), static_cast<std::uint32_t>(edge->second));
    });
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    edges_.append(target, sources);
  }
  double expected_synapses() const override { return static_cast<double>(edges_.size()); }
  std::size_t bytes() const override { return edges_.bytes(); }

 private:
  EdgeLists edges_;
};

}  // namespace synfire::connect
