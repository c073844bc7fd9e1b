// The connection rules of Synfire. A new rule is its header and one line here.
#pragma once

#include "core/model_list.hpp"
#include "networks/connect/all_to_all.hpp"
#include "networks/connect/erdos_renyi.hpp"
#include "networks/connect/fixed_indegree.hpp"
#include "networks/connect/fixed_outdegree.hpp"
#include "networks/connect/fixed_probability.hpp"
#include "networks/connect/fixed_total_number.hpp"
#include "networks/connect/kernel_2d.hpp"
#include "networks/connect/list.hpp"
#include "networks/connect/neighbourhood_2d.hpp"
#include "networks/connect/one_to_one.hpp"
#include "networks/connect/pair_probability.hpp"
#include "networks/connect/scale_free.hpp"
#include "networks/connect/small_world.hpp"

namespace synfire::connect {

using Rules = TypeList<  //
    AllToAll,            //
    OneToOne,            //
    FixedProbability,    //
    FixedIndegree,       //
    FixedOutdegree,      //
    FixedTotalNumber,    //
    PairProbability,     //
    List,                //
    SmallWorld,          //
    ScaleFree,           //
    ErdosRenyi,          //
    Kernel2d,            //
    Neighbourhood2d>;

}  // namespace synfire::connect
