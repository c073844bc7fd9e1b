// Many spoken words as one file of spikes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/events/filters.hpp"
#include "learning/datasets/loader.hpp"

namespace synfire {

/// Writes the items of a set, or of a part of it, to one file in the layout of SHD: spikes, labels, names of
/// classes; and the speakers (numbered in alphabetical order) where the names of all files say them. Items
/// are read on all threads and come in their order. Returns how many. Errors (usage): the set holds no spikes
/// of a cochlea; nothing in it. Errors: as DataSet::item, FilterChain and ShdWriter.
std::size_t pack_spikes(const std::shared_ptr<const ChosenItems>& items, std::optional<Part> part,
                        const std::vector<EventFilter>& filters, const std::string& path);

}  // namespace synfire
