// The labelled images of a task, from files or generated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/images.hpp"
#include "networks/description.hpp"

namespace synfire {

struct LabelledImages {
  Images images;
  std::vector<std::uint8_t> labels;

  std::size_t count() const { return labels.size(); }
};

struct TaskData {
  LabelledImages train, test;
  std::size_t classes = 0;  ///< the largest label of all, plus 1
};

/// Reads or makes what a task asks for. Throws Error(input) when a file is missing or broken, has fewer
/// images than are asked for, or its images do not have a pixel for each neuron of the input.
TaskData load_task_data(const NetworkDescription& network, const ClassifyDescription& task);

/// The same checks, as far as they can be made without reading images.
void check_task_data(const NetworkDescription& network, const ClassifyDescription& task);

/// The files that a task reads.
std::vector<std::string> task_files(const ClassifyDescription& task);

}  // namespace synfire
