// The neuron models of Synfire. A new model is its header and one line here.
#pragma once

#include <vector>

#include "core/model_list.hpp"
#include "neurons/aeif_cond_exp.hpp"
#include "neurons/aeif_psc_exp.hpp"
#include "neurons/alternative_oscillation.hpp"
#include "neurons/iaf_cond_alpha.hpp"
#include "neurons/iaf_cond_exp.hpp"
#include "neurons/iaf_psc_alpha.hpp"
#include "neurons/iaf_psc_delta.hpp"
#include "neurons/iaf_psc_exp.hpp"
#include "neurons/izhikevich.hpp"
#include "neurons/klif.hpp"
#include "neurons/leaky_integrator.hpp"
#include "neurons/lif.hpp"
#include "neurons/lif_adaptive.hpp"
#include "neurons/lif_cell.hpp"
#include "neurons/lif_diehl_cook.hpp"
#include "neurons/lif_diehl_cook_psc.hpp"
#include "neurons/lif_graded.hpp"
#include "neurons/liquid.hpp"
#include "neurons/oscillation.hpp"
#include "neurons/parrot.hpp"
#include "neurons/qif_psc_delta.hpp"

namespace synfire {

using NeuronModels = ModelList<  //
    IafPscDelta,                 //
    IafPscExp,                   //
    IafPscAlpha,                 //
    IafCondExp,                  //
    IafCondAlpha,                //
    LifDiehlCook,                //
    LifDiehlCookPsc,             //
    LifAdaptive,                 //
    AeifPscExp,                  //
    AeifCondExp,                 //
    Izhikevich,                  //
    QifPscDelta,                 //
    Lif,                         //
    Klif,                        //
    Oscillation,                 //
    AlternativeOscillation,      //
    Liquid,                      //
    LeakyIntegrator,             //
    LifCell,                     //
    LifGraded,                   //
    Parrot>;

/// Names, parameters, state and receptors of every model, for those who need no templates.
const std::vector<ModelInfo>& neuron_models();

}  // namespace synfire
