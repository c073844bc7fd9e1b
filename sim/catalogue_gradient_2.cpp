#include "sim/catalogue_gradient_part.hpp"

template struct synfire::GradientPart<2>;
