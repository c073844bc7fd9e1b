// Where a trained network convolves and where it pools, over the images that it is shown.
#pragma once

#include <string>
#include <vector>

#include "learning/gradient/trainer.hpp"

namespace synfire::learning {

/// The mask of a Flex layer for one sample: means over steps and channels, [height, width].
struct MaskMap {
  std::string layer;
  std::size_t height = 0, width = 0;
  std::vector<double> values;
};

/// A test sample and the masks that it meets, layer by layer.
struct MaskedSample {
  std::size_t sample = 0;
  FeatureShape shape;
  std::vector<double> values;  ///< [height, width, channels], the mean over the steps where these differ
  std::vector<MaskMap> masks;
};

/// Of the first `count` test samples. The masks are those of bounds without any width
/// (bounds/bounded_network.hpp), which are the masks themselves. Throws Error(input) where no layer has a
/// mask, or one that is random; Error(usage) where there are no test samples.
std::vector<MaskedSample> masks_of(Trainer& network, std::size_t count);

/// Draws them, an image and its masks in a row: dark is 1, where it convolves. Throws as plot::Drawing.
void draw_masks(const std::string& path, const std::vector<MaskedSample>& samples, bool overwrite);

}  // namespace synfire::learning
