// Certified bounds of Flex layers.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "learning/bounds/bounded_layer.hpp"

namespace synfire::learning::bounds {

/// How the output of a Flex layer is bounded.
///   apart       from bounds of C, P and M (Ning, thesis, equation B.10)
///   difference  from those of P, C - P and M (equation 3.14). With the exact range of C - P it is never
///               below what `apart` gives, since l_p + l_(c-p) <= l_c
///   joint       for the least and the largest M, of which Y is a linear function, from the joint weights of
///               both branches, M w + (1 - M) at the place that is pooled; never looser than the others,
///               because what lies in all three is taken
enum class FlexRule : std::uint8_t { apart, difference, joint };
inline constexpr std::array<std::string_view, 3> flex_rules = {"apart", "difference", "joint"};

/// Means over the elements of a Flex layer's output, steps and samples.
struct FlexWidths {
  std::array<double, 3> by_rule{};  ///< width of Y, by rule
  /// Of |change of Y| per change of a pixel (equation 3.18): u_m L_C, (1 - l_m) L_P, and sup|D| L_m.
  std::array<double, 3> steepness{};
};

/// A piece of a network, and what it reads: pieces before it by number, the input of the Flex layer is 0.
struct FlexPiece {
  std::string name;
  std::unique_ptr<BoundedLayer> layer;
  std::vector<std::size_t> from;
};

/// What knows the widths of the last round.
class FlexMix {
 public:
  virtual ~FlexMix() = default;
  /// Sums over the elements since `clear`, and how many these are.
  virtual FlexWidths widths() const = 0;
  virtual void clear(std::size_t parts) = 0;
};

/// A Flex layer as its pieces: convolution, pool, alignment, logits, mask, mix; the last gives Y. Throws
/// Error(input) where the mask is random.
struct FlexPieces {
  std::vector<FlexPiece> pieces;
  FlexMix* mix = nullptr;  ///< the last of them
};
FlexPieces make_flex_pieces(const LayerDescription& layer, const SignalShape& input, const Making& making,
                            FlexRule rule);

}  // namespace synfire::learning::bounds
