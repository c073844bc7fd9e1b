#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/small_world_generator.hpp>

#include "networks/connect/edge_lists.hpp"
#include "networks/connect/random_engine.hpp"

namespace synfire::connect {

/// Watts & Strogatz: neurons on a ring, each joined to its k nearest, one end of each edge moved to a random
/// neuron with probability p. Undirected: an edge is one synapse each way. A moved edge may double another.
class SmallWorld final : public Connector {
 public:
  struct Parameters {
    double k = required;
    double p = required;
  };
  static constexpr auto describe() {
    using P = Parameters;
    return about<P>("small_world", "a ring of near neighbours with some edges rewired; both directions",
                    "Watts & Strogatz 1998, Nature 393:440; Boost small_world_iterator",
                    field(&P::k, "k", Unit::none, positive_count, "neighbours of each neuron; even"),
                    field(&P::p, "p", Unit::none, fraction, "probability that an edge is rewired"));
  }

  SmallWorld(const Parameters& p, const ConnectContext& context, const ConnectDescription& connect) {
    check_same_size(context, connect);
    const auto n = context.targets;
    const auto k = static_cast<std::uint32_t>(p.k);
    if (k % 2 != 0) throw refusal(connect, fmt::format("k is {}; it must be even: half on each side", k));
    // With k = n - 1 everybody is a neighbour already, and a rewired edge would find no other end.
    if (n < 4 || k > n - 2)
      throw refusal(connect, fmt::format("k is {}; among {} neurons it must be at most {}", k, n,
                                         n < 4 ? 0 : (n - 2) / 2 * 2));
    edges_ = EdgeLists(n, static_cast<std::uint64_t>(n) * k, connect, [&](auto&& add) {
      StreamEngine engine(context.key);
      using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;
      boost::small_world_iterator<StreamEngine, Graph> edge(engine, n, k, p.p), end;
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
  EdgeLists edges_;
};

}  // namespace synfire::connect
