// The neuron models of Synfire. A new model is its header and one line here.
#pragma once

#include <vector>

#include "core/model_list.hpp"
#include "neurons/iaf_cond_exp.hpp"
#include "neurons/iaf_psc_delta.hpp"
#include "neurons/iaf_psc_exp.hpp"

namespace synfire {

using NeuronModels = ModelList<  //
    IafPscDelta,                 //
    IafPscExp,                   //
    IafCondExp>;

/// Names, parameters, state and receptors of every model, for those who need no templates.
const std::vector<ModelInfo>& neuron_models();

}  // namespace synfire
