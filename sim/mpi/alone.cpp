// Built without MPI: several processes of a launcher would each run everything and write the same file.
#include <fmt/format.h>

#include "sim/ranks.hpp"

namespace synfire {

std::unique_ptr<Ranks> join_ranks() {
  const unsigned processes = launched_processes();
  if (processes <= 1) return nullptr;
  throw Error(
      ErrorKind::usage,
      fmt::format("started as {} processes, but built without MPI, so each would run the whole network; "
                  "build with `./setup --mpi` and `cmake --preset mpi`, or start one process",
                  processes));
}

}  // namespace synfire
