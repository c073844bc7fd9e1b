#include "networks/graph.hpp"

#include <algorithm>
#include <sstream>

#include <boost/graph/graphviz.hpp>
#include <boost/graph/strong_components.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "networks/parse_parts.hpp"

namespace synfire {
namespace {

Unit weight_unit(const NetworkDescription& network, const ProjectionDescription& projection) {
  const parse::Kind source = parse::find_kind(network.populations[projection.from].model);
  const parse::Kind target = parse::find_kind(network.populations[projection.to].model);
  const bool known = target.neuron != nullptr && projection.receptor && !source.emits_current();
  return known ? target.neuron->receptors.at(*projection.receptor).unit : Unit::none;
}

std::string rule_text(const ConnectDescription& connect) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : connect.parameters) parts.push_back(fmt::format("{}={}", name, value));
  return parts.empty() ? connect.rule : fmt::format("{}({})", connect.rule, fmt::join(parts, ", "));
}

std::string size_text(const PopulationDescription& population) {
  return population.shape.empty() ? "size of its file" : fmt::format("{}", fmt::join(population.shape, "×"));
}

// Graphviz reads \n inside quotes as a new line; everything else must be escaped.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    if (c != '\n') out += c;
  }
  return out + '"';
}

struct WriteNode {
  const NetworkDescription& network;
  void operator()(std::ostream& out, std::size_t vertex) const {
    const auto& population = network.populations[vertex];
    const bool source = parse::find_kind(population.model).source != nullptr;
    out << fmt::format(
        " [label={}, shape={}]",
        quoted(fmt::format("{}\n{}\n{}", population.name, population.model, size_text(population))),
        source ? "box" : "ellipse");
  }
};

struct WriteEdge {
  const NetworkDescription& network;
  const NetworkGraph& graph;
  void operator()(std::ostream& out, const NetworkGraph::edge_descriptor& edge) const {
    const auto& projection = network.projections[graph[edge]];
    out << fmt::format(" [label={}, arrowhead={}]",
                       quoted(fmt::format("{}\n{}\n{}", rule_text(projection.connect),
                                          describe(projection.weight, weight_unit(network, projection)),
                                          describe(projection.delay, Unit::ms))),
                       projection.weight.mean() < 0 ? "tee" : "normal");
  }
};

struct WriteGraph {
  const NetworkDescription& network;
  void operator()(std::ostream& out) const {
    out << "rankdir=LR;\nnode [fontname=\"Helvetica\"];\nedge [fontname=\"Helvetica\", fontsize=10];\n";
    int cluster = 0;
    for (const auto& members : components_in_order(network)) {
      if (members.size() < 2) continue;
      out << fmt::format("subgraph cluster_{} {{ label=\"recurrent\"; style=rounded; {}; }}\n", cluster++,
                         fmt::join(members, "; "));
    }
  }
};

}  // namespace

NetworkGraph network_graph(const NetworkDescription& network) {
  NetworkGraph graph(network.populations.size());
  for (std::size_t i = 0; i < network.projections.size(); ++i)
    boost::add_edge(network.projections[i].from, network.projections[i].to, i, graph);
  return graph;
}

std::vector<std::vector<std::size_t>> components_in_order(const NetworkDescription& network) {
  const NetworkGraph graph = network_graph(network);
  std::vector<std::size_t> component(boost::num_vertices(graph));
  const auto map =
      boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph));
  const std::size_t count = component.empty() ? 0 : boost::strong_components(graph, map);
  std::vector<std::vector<std::size_t>> members(count);
  for (std::size_t vertex = 0; vertex < component.size(); ++vertex)
    members[component[vertex]].push_back(vertex);
  // Tarjan's algorithm numbers a component after all that it feeds.
  std::reverse(members.begin(), members.end());
  return members;
}

std::string graphviz(const NetworkDescription& network) {
  const NetworkGraph graph = network_graph(network);
  std::ostringstream out;
  boost::write_graphviz(out, graph, WriteNode{network}, WriteEdge{network, graph}, WriteGraph{network});
  return out.str();
}

std::string describe(const Distribution& distribution, Unit unit) {
  const std::string suffix = unit == Unit::none ? "" : " " + std::string(symbol(unit));
  struct Visitor {
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const Uniform& d) const { return fmt::format("uniform({}, {})", d.low, d.high); }
    std::string operator()(const Normal& d) const { return fmt::format("normal({}, {})", d.mean, d.sd); }
    std::string operator()(const Lognormal& d) const {
      return fmt::format("lognormal({}, {})", d.mean, d.sd);
    }
    std::string operator()(const Exponential& d) const { return fmt::format("exponential({})", d.mean); }
    std::string operator()(const std::vector<double>& values) const {
      return fmt::format("{} values", values.size());
    }
  };
  return std::visit(Visitor{}, distribution.shape) + suffix;
}

}  // namespace synfire
