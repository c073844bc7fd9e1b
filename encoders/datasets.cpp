#include "encoders/datasets.hpp"

namespace synfire {

const std::vector<ModelInfo>& dataset_models() {
  static const std::vector<ModelInfo> table = [] {
    std::vector<ModelInfo> made;
    Datasets::for_each([&]<class Dataset>() {
      constexpr auto description = Dataset::describe();
      ModelInfo& info = made.emplace_back();
      info.name = description.name;
      info.summary = description.summary;
      info.source = description.source;
      info.parameters = parameter_table(description, typename Dataset::Parameters{});
    });
    return made;
  }();
  return table;
}

}  // namespace synfire
