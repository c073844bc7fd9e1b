#include "cli/processes.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include <fmt/format.h>

namespace synfire::cli {
namespace {

// No end can be agreed on any more, so this process ends by itself. The one that tells stays until the others
// have noticed, too; these stay longer, since a launcher may kill all as soon as one has ended.
[[noreturn]] void end_broken(const BrokenRun& error, unsigned rank) {
  const bool tells = rank == error.teller();
  if (tells) fmt::print(stderr, "synfire: {}\n", error.what());
  std::fflush(stderr);
  std::this_thread::sleep_for(std::chrono::milliseconds(tells ? 500 : 2000));
  std::_Exit(error.exit_code());
}

}  // namespace

void on_all_ranks(const std::function<void(Ranks*)>& command) {
  const std::unique_ptr<Ranks> ranks = join_ranks();
  try {
    command(ranks.get());
  } catch (const BrokenRun& error) {
    end_broken(error, ranks->rank());
  } catch (const SharedError&) {
    if (ranks->rank() == 0) throw;  // all have the same, and the first tells
  } catch (const Error& error) {
    if (ranks == nullptr) throw;
    end_broken({error.kind(), error.what(), ranks->rank()}, ranks->rank());
  } catch (const std::bad_alloc&) {
    if (ranks == nullptr) throw;
    end_broken({ErrorKind::resource, "out of memory; run on more machines", ranks->rank()}, ranks->rank());
  }
}

}  // namespace synfire::cli
