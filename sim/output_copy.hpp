// What an earlier part of a run recorded, handed on to the file of its continuation.
#pragma once

#include "io/hdf5.hpp"
#include "networks/description.hpp"
#include "sim/record.hpp"

namespace synfire {

/// Gives a sink everything that a result file of this network holds of the steps before `until`, in pieces of
/// bounded size. Throws Error(input) when the file is of another network or holds less.
void copy_results(const hdf5::File& from, Step until, const NetworkDescription& network, RecordSink& to);

}  // namespace synfire
