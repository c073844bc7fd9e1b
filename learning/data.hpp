// The labelled images of a task, from files or generated.
#pragma once

#include <cstdint>
#include <memory>
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

/// Samples one after another, again and again.
class TaskSamples {
 public:
  struct Sample {
    std::uint8_t label = 0;
    std::span<const std::uint8_t> pixels;  ///< valid until the next one
  };

  virtual ~TaskSamples() = default;
  virtual std::size_t count() const = 0;
  virtual Sample next() = 0;
};

struct TaskData {
  std::unique_ptr<TaskSamples> train, test;
  std::size_t classes = 0;  ///< the largest label of all, plus 1; of a data set, its classes
};

/// Reads or makes what a task asks for. Throws Error(input) when a file is missing or broken, has fewer
/// images than are asked for, or its images do not have a pixel for each neuron of the input.
TaskData load_task_data(const NetworkDescription& network, const ClassifyDescription& task);

/// The same checks, as far as they can be made without reading images.
void check_task_data(const NetworkDescription& network, const ClassifyDescription& task);

/// The files that a task reads.
std::vector<std::string> task_files(const ClassifyDescription& task);

}  // namespace synfire
