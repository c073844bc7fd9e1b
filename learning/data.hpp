// The labelled samples of a task, from files or generated.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/images.hpp"
#include "networks/description.hpp"
#include "sim/catalogue_feed.hpp"

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
    SampleView view;  ///< valid until the next one
  };

  virtual ~TaskSamples() = default;
  virtual std::size_t count() const = 0;
  virtual Sample next() = 0;
};

struct TaskData {
  std::unique_ptr<TaskSamples> train, test;
  std::size_t classes = 0;  ///< of the data, whether they are all shown or not
  SampleShape shape;
};

/// Reads or makes what a task asks for. Throws Error(input) when a file is missing or broken, has fewer
/// samples than are asked for, or the input cannot show them: it must have a neuron for each pixel, or as
/// check_feed.
TaskData load_task_data(const NetworkDescription& network, const TaskDescription& task);

/// The same checks, as far as they can be made without reading samples.
void check_task_data(const NetworkDescription& network, const TaskDescription& task);

/// The files that a task reads.
std::vector<std::string> task_files(const TaskDescription& task);

}  // namespace synfire
