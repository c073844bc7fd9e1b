#include "encoders/sources.hpp"

namespace synfire {
namespace {

std::size_t position(const ModelInfo& model, std::string_view parameter) {
  return static_cast<std::size_t>(model.parameter(parameter) - model.parameters.data());
}

template <class Source> SourceInfo source_info() {
  constexpr auto description = Source::describe();
  SourceInfo info;
  info.model.name = description.name;
  info.model.summary = description.summary;
  info.model.source = description.source;
  info.emits_current = Source::emits_current;
  if constexpr (requires { typename Source::Parameters; })
    info.model.parameters = parameter_table(description, typename Source::Parameters{});
  if constexpr (requires { Source::key; }) info.key = Source::key;
  if constexpr (requires { Source::scheduled; })
    info.scheduled.assign(Source::scheduled.begin(), Source::scheduled.end());
  if constexpr (requires { Source::per_neuron; })
    info.per_neuron.assign(Source::per_neuron.begin(), Source::per_neuron.end());
  // Pairs of parameters, the first of which must be below the second.
  if constexpr (requires { Source::ascending; })
    for (std::size_t k = 0; k + 1 < Source::ascending.size(); k += 2)
      info.model.rules.push_back(
          {position(info.model, Source::ascending[k]), position(info.model, Source::ascending[k + 1])});
  return info;
}

}  // namespace

const std::vector<SourceInfo>& source_models() {
  static const std::vector<SourceInfo> table = [] {
    std::vector<SourceInfo> made;
    Sources::for_each([&]<class Source>() { made.push_back(source_info<Source>()); });
    return made;
  }();
  return table;
}

}  // namespace synfire
