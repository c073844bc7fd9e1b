// The reference page of the manual, written from the descriptions that the program itself works by.
#pragma once

#include <string>

namespace synfire {

/// Markdown: every key of the language, every distribution, connection rule, neuron model and source.
std::string language_reference();

}  // namespace synfire
