#include "sim/catalogue_neurons_part.hpp"

template struct synfire::NeuronPart<1>;
