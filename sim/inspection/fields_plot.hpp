// The picture of learned fields: for each target neuron its input weights, in the shape of the source.
#pragma once

#include <string>

#include "io/plot.hpp"
#include "sim/inspection/training.hpp"

namespace synfire {

/// Fields side by side, as the targets lie: a pixel is the summed weight from one source neuron; where there
/// is no synapse the field is grey. Channels stand side by side; populations without a second dimension are
/// drawn in rows. Throws Error(usage) for more than 2^26 pixels.
struct FieldImage {
  plot::Image image;
  double largest = 0;  ///< size of the weight that is drawn darkest
};
FieldImage field_image(const RecordedWeights& weights);

/// Draws the image with its scale. Throws as plot::Drawing and field_image.
void draw_fields(const std::string& path, const RecordedWeights& weights, bool overwrite);

}  // namespace synfire
