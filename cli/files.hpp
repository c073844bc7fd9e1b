// What may be written where: asked for before anything is built, so that a long run is not lost.
#pragma once

#include <string>
#include <vector>

#include "networks/description.hpp"

namespace synfire::cli {

/// Nothing that a run reads may be replaced by what it writes, whatever --force allows. Throws Error(usage).
void keep_inputs(const std::string& written, const std::string& network_file,
                 const NetworkDescription& network);

/// Throws Error(usage) for a file that is one of those a data set is read from.
void keep_files(const std::string& written, const std::vector<std::string>& read);

/// Throws as check_output for a report that could not be written, and Error(usage) for one that would replace
/// another file of the run.
void check_report(const std::string& report, const std::string& output, bool force,
                  const std::string& network_file, const NetworkDescription& network);

}  // namespace synfire::cli
