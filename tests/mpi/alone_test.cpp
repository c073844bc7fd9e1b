// Built without MPI: several processes must not each run everything.
#include <gtest/gtest.h>

#include "tests/program/networks.hpp"
#include "tests/program/program.hpp"

namespace synfire::test {
namespace {

TEST(WithoutMpi, SeveralProcessesAreRefused) {
  for (const char* const variable : {"OMPI_COMM_WORLD_SIZE=2", "PMI_SIZE=2", "SLURM_STEP_NUM_TASKS=2"}) {
    const Folder folder;
    folder.write("net.yaml", small_network);
    Words command = {"env", variable};
    const Words program = synfire_command({"run", "net.yaml"});
    command.insert(command.end(), program.begin(), program.end());
    const auto outcome = Process(command, {.folder = folder.path()}).wait();
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find("started as 2 processes, but built without MPI"), std::string::npos)
        << outcome.err;
    EXPECT_NE(outcome.err.find("--preset mpi"), std::string::npos) << outcome.err;
    EXPECT_EQ(folder.list(), Words{"net.yaml"});
  }
}

TEST(WithoutMpi, OneProcessIsARun) {
  const Folder folder;
  folder.write("net.yaml", small_network);
  Words command = {"env", "OMPI_COMM_WORLD_SIZE=1"};
  const Words program = synfire_command({"run", "net.yaml", "-q"});
  command.insert(command.end(), program.begin(), program.end());
  EXPECT_EQ(Process(command, {.folder = folder.path()}).wait().exit_code, 0);
}

}  // namespace
}  // namespace synfire::test
