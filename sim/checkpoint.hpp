// Files from which a run goes on: the network, and the state of its engine.
#pragma once

#include <string>

#include "core/state.hpp"
#include "networks/description.hpp"
#include "sim/backend.hpp"
#include "sim/ranks.hpp"

namespace synfire {

struct Checkpoint {
  State state;              ///< on several ranks, the first alone has it
  Step step = 0;            ///< completed
  std::string source_text;  ///< the network, as in NetworkDescription
  std::string source_file;

  /// The network again. Throws Error(input) as parsing does: files that it names may be gone.
  NetworkDescription network() const;
};

/// The name of the checkpoint that belongs to a result file.
std::string checkpoint_path(const std::string& result_path);

/// Throws Error(input) for a file that is no checkpoint, is damaged, or of another version of its format.
/// With `ranks`, all must call it; the first reads.
Checkpoint read_checkpoint(const std::string& path, Ranks* ranks = nullptr);

/// Writes the state of an engine between two calls of advance, replacing the file in one step; false, and
/// nothing, for engines without such a state. What was recorded until then is flushed first. Throws
/// Error(resource) when it cannot be written; an older file is then still there. With `ranks`, all must call
/// it; the first writes.
bool write_checkpoint(const std::string& path, const NetworkDescription& network, Engine& engine,
                      Ranks* ranks = nullptr);

/// Throws Error(input), saying why, for networks that cannot be taken up again.
void check_checkpoints(const NetworkDescription& network);

/// Runs an engine to the end, with a checkpoint at every multiple of `every` steps, if that is above 0, and
/// one where the run is stopped from outside. After the end the checkpoint is removed.
void advance_with_checkpoints(Engine& engine, const NetworkDescription& network, const std::string& path,
                              Step from, Step every, Ranks* ranks = nullptr);

}  // namespace synfire
