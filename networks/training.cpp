#include "networks/training.hpp"

#include "core/surrogate.hpp"

namespace synfire {
namespace {

template <class Struct> ModelInfo info_of() {
  const auto description = Struct::describe();
  ModelInfo info;
  info.name = description.name;
  info.summary = description.summary;
  info.source = description.source;
  info.parameters = parameter_table(description, Struct{});
  return info;
}

template <class List> std::vector<ModelInfo> table_of() {
  std::vector<ModelInfo> table;
  List::for_each([&]<class Struct>() { table.push_back(info_of<Struct>()); });
  return table;
}

}  // namespace

const std::vector<ModelInfo>& loss_functions() {
  static const auto table = table_of<training::Losses>();
  return table;
}
const std::vector<ModelInfo>& rate_regularisers() {
  static const auto table = table_of<training::Regularisers>();
  return table;
}
const std::vector<ModelInfo>& learning_methods() {
  static const auto table = table_of<training::Methods>();
  return table;
}
const std::vector<ModelInfo>& optimisers() {
  static const auto table = table_of<training::Optimisers>();
  return table;
}
const std::vector<ModelInfo>& rate_schedules() {
  static const auto table = table_of<training::Schedules>();
  return table;
}
const std::vector<ModelInfo>& gradient_clips() {
  static const auto table = table_of<training::Clips>();
  return table;
}
const std::vector<ModelInfo>& membrane_terms() {
  static const auto table = table_of<training::Membranes>();
  return table;
}
const std::vector<ModelInfo>& surrogates() {
  static const auto table = [] {
    std::vector<ModelInfo> made;
    Surrogates::for_each([&]<template <class> class Model>() { made.push_back(info_of<Model<double>>()); });
    return made;
  }();
  return table;
}
const ModelInfo& warm_up() {
  static const auto info = info_of<training::WarmUp>();
  return info;
}
const ModelInfo& learned_structure() {
  static const auto info = info_of<training::Structure>();
  return info;
}

}  // namespace synfire
