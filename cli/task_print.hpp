// The result of a task as text, for run and inspect alike.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "encoders/decode_vote.hpp"

namespace synfire::cli {

/// The confusion matrix as a table: rows are true classes, columns voted ones; the last column, samples
/// without a vote, is shown when there are any. `cells` row after row, `classes` + 1 columns.
std::string confusion_text(std::size_t classes, std::span<const std::uint64_t> cells);

std::string confusion_text(const ConfusionMatrix& confusion);

}  // namespace synfire::cli
