#include "networks/connect/rules.hpp"

#include <algorithm>
#include <new>

#include "core/spelling.hpp"

namespace synfire {
namespace {

using connect::Rules;

template <class Rule> ModelInfo rule_info() {
  constexpr auto description = Rule::describe();
  ModelInfo info;
  info.name = description.name;
  info.summary = description.summary;
  info.source = description.source;
  info.parameters = parameter_table(description, typename Rule::Parameters{});
  return info;
}

void check_names(const ConnectDescription& connect, const ModelInfo& info) {
  const auto names = info.parameter_names();
  for (const auto& [name, value] : connect.parameters)
    if (!info.parameter(name))
      throw connect::refusal(connect,
                             fmt::format("has no parameter '{}'{}", name, did_you_mean(name, names)));
}

template <class Rule>
typename Rule::Parameters read_parameters(const ConnectDescription& connect, const ModelInfo& info) {
  check_names(connect, info);
  typename Rule::Parameters parameters;
  for_each_field(Rule::describe(), [&](const auto& field) {
    auto& member = parameters.*(field.member);
    const auto given = connect.parameters.find(std::string(field.name));
    if (given != connect.parameters.end()) {
      check_bounds(*info.parameter(field.name), given->second, fmt::format("rule {}", info.name),
                   connect.where);
      member = given->second;
    } else if (std::isnan(member)) {
      throw Error(ErrorKind::input, connect.where, fmt::format("rule {} needs {}", info.name, field.name));
    }
  });
  return parameters;
}

template <class Rule>
std::unique_ptr<Connector> make(const ConnectDescription& connect, const ConnectContext& context,
                                const ModelInfo& info) {
  if (!connect.file.empty() && !std::is_same_v<Rule, connect::List>)
    throw connect::refusal(connect, "takes no file; the rule that reads one is list");
  const auto parameters = read_parameters<Rule>(connect, info);
  auto connector = std::make_unique<Rule>(parameters, context, connect);
  connect::check_synapses(connector->expected_synapses(), connect);
  return connector;
}

void check_context(const ConnectContext& context) {
  const auto has_size = [](const std::vector<std::uint32_t>& shape, std::uint64_t size) {
    std::uint64_t product = 1;
    for (const std::uint32_t extent : shape) product = std::min<std::uint64_t>(product * extent, 1ull << 32);
    return product == size;
  };
  const bool consistent = has_size(context.source_shape, context.sources) &&
                          has_size(context.target_shape, context.targets) &&
                          (!context.same_population || context.sources == context.targets);
  if (!consistent) throw Error(ErrorKind::internal, "a projection's sizes do not agree with its shapes");
}

}  // namespace

const std::vector<ModelInfo>& connection_rules() {
  static const std::vector<ModelInfo> table = [] {
    std::vector<ModelInfo> made;
    Rules::for_each([&]<class Rule>() { made.push_back(rule_info<Rule>()); });
    return made;
  }();
  return table;
}

std::unique_ptr<Connector> make_connector(const ConnectDescription& connect, const ConnectContext& context) {
  const ModelInfo* const info = find_model(connection_rules(), connect.rule);
  if (!info)
    throw Error(ErrorKind::input, connect.where,
                fmt::format("there is no connection rule '{}'{}", connect.rule,
                            did_you_mean(connect.rule, Rules::names())));
  check_context(context);
  std::unique_ptr<Connector> made;
  try {
    Rules::for_each([&]<class Rule>() {
      if (Rule::describe().name == connect.rule) made = make<Rule>(connect, context, *info);
    });
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::resource, connect.where,
                fmt::format("rule {}: not enough memory for its connections", connect.rule));
  }
  return made;
}

}  // namespace synfire
