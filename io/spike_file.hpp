// Spikes from a file that says by its content what it is: HDF5 in SONATA layout, or a table of text.
#pragma once

#include <string>

#include "io/sonata.hpp"

namespace synfire {

/// Spikes of `path` that the query asks for, in the order of the file.
///
/// A text table has a header naming a column of times in ms (time_ms, timestamps, time, t, times) and one of
/// ids (node_id, node_ids, sender, senders, id, ids, gid, neuron), and perhaps `population`; without a header
/// it has exactly two columns, time and id. Errors: as read_spikes and CsvReader; a population asked for
/// where the table has none.
SpikeTrain read_spike_file(const std::string& path, const SpikeQuery& query = {});

}  // namespace synfire
