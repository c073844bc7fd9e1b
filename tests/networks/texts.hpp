// Small network files for the tests of the language.
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"

namespace synfire::testing_tools {

inline NetworkDescription parsed(const std::string& text) {
  return parse_network(parse_yaml(text, "net.yaml"));
}

/// One population 'a' with these entries.
inline std::string population(const std::string& entries) {
  return "synfire: 1\npopulations:\n  a: {" + entries + "}\n";
}

/// The message of the error that the text gives; "" and a failed test when it gives none.
inline std::string message_of(const std::string& text) {
  try {
    parsed(text);
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error for\n" << text;
  return "";
}

}  // namespace synfire::testing_tools
