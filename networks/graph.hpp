// A network seen as a graph of populations: which of them depend on each other, in which order they can be
// computed, and a drawing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <boost/graph/adjacency_list.hpp>

#include "networks/description.hpp"

namespace synfire {

/// Populations as vertices, projections as edges; both carry their index in the description.
using NetworkGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property, std::size_t>;

NetworkGraph network_graph(const NetworkDescription& network);

/// The strongly connected components, as indices of populations: all members of one feed each other, directly
/// or through others. A component comes after all that feed it.
std::vector<std::vector<std::size_t>> components_in_order(const NetworkDescription& network);

/// The network in the language of Graphviz: populations with model and size, projections with rule, weight
/// and delay, recurrent components of several populations as clusters.
std::string graphviz(const NetworkDescription& network);

/// "normal(0.6, 0.1) mV", "1.5 ms".
std::string describe(const Distribution& distribution, Unit unit);

}  // namespace synfire
