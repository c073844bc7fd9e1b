// Ranks by MPI: messages that nobody waits for, and an eye on the processes of the same machine.
#include "sim/ranks.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>
#include <mpi.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace synfire {
namespace {

void check(int code, std::string_view what) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw BrokenRun(
      ErrorKind::resource,
      fmt::format("{} failed: {}", what, std::string_view(text.data(), static_cast<std::size_t>(length))));
}

// What ranks know of each other; the same layout everywhere.
struct Identity {
  std::array<char, 64> host;
  pid_t process;
  ino_t process_names;  // processes that see each other have the same
  cpu_set_t processors;
};

Identity own_identity() {
  Identity self{};
  gethostname(self.host.data(), self.host.size() - 1);
  self.process = getpid();
  struct stat names {};
  if (stat("/proc/self/ns/pid", &names) == 0) self.process_names = names.st_ino;
  CPU_ZERO(&self.processors);
  sched_getaffinity(0, sizeof self.processors, &self.processors);
  return self;
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "setting up MPI");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    Identity self = own_identity();
    everyone_.resize(static_cast<std::size_t>(size_));
    check(
        MPI_Allgather(&self, sizeof self, MPI_BYTE, everyone_.data(), sizeof self, MPI_BYTE, MPI_COMM_WORLD),
        "meeting the other ranks");
    for (int r = 0; r < size_; ++r)
      if (r != rank_ && sees(self, of(r))) watch(r);
  }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  // Leaves together with the others; whoever met a BrokenRun ends its process instead.
  ~MpiRanks() override {
    for (const pollfd& watched : watched_) close(watched.fd);
    if (broken_) return;
    for (Ticket ticket = 0; ticket < requests_.size(); ++ticket)
      if (requests_[ticket] != MPI_REQUEST_NULL) cancel(ticket);
    MPI_Finalize();
  }

  unsigned rank() const override { return static_cast<unsigned>(rank_); }
  unsigned size() const override { return static_cast<unsigned>(size_); }
  unsigned on_this_machine() const override {
    return alike([](const Identity&, const Identity&) { return true; });
  }
  unsigned processors() const override {
    const auto share = alike(
        [](const Identity& a, const Identity& b) { return CPU_EQUAL(&a.processors, &b.processors) != 0; });
    return std::max(1u, static_cast<unsigned>(CPU_COUNT(&of(rank_).processors)) / share);
  }
  std::string name(unsigned rank) const override {
    const Identity& who = of(static_cast<int>(rank));
    return fmt::format("rank {} (process {} on {})", rank, who.process, who.host.data());
  }

  Ticket send(unsigned to, Channel channel, std::span<const std::byte> bytes) override {
    const Ticket ticket = new_ticket();
    check(MPI_Isend(bytes.data(), count_of(bytes.size()), MPI_BYTE, static_cast<int>(to),
                    static_cast<int>(channel), MPI_COMM_WORLD, &requests_[ticket]),
          "sending to another rank");
    sizes_[ticket] = bytes.size();
    sends_[ticket] = true;
    return ticket;
  }

  Ticket receive(unsigned from, Channel channel, std::span<std::byte> place) override {
    const Ticket ticket = new_ticket();
    check(MPI_Irecv(place.data(), count_of(place.size()), MPI_BYTE, static_cast<int>(from),
                    static_cast<int>(channel), MPI_COMM_WORLD, &requests_[ticket]),
          "receiving from another rank");
    sends_[ticket] = false;
    return ticket;
  }

  void poll() override {
    if (requests_.empty()) return;
    int count = 0;
    indices_.resize(requests_.size());
    statuses_.resize(requests_.size());
    check(MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count, indices_.data(),
                       statuses_.data()),
          "exchanging messages with another rank");
    if (count == MPI_UNDEFINED) return;
    for (int i = 0; i < count; ++i) {
      const auto ticket = static_cast<Ticket>(indices_[std::size_t(i)]);
      arrived_[ticket] = true;
      if (sends_[ticket]) continue;
      int bytes = 0;
      MPI_Get_count(&statuses_[std::size_t(i)], MPI_BYTE, &bytes);
      sizes_[ticket] = static_cast<std::size_t>(bytes);
    }
  }

  std::optional<std::size_t> finished(Ticket ticket) override {
    if (!arrived_[ticket]) return std::nullopt;
    arrived_[ticket] = false;
    free_.push_back(ticket);
    return sizes_[ticket];
  }

  void cancel(Ticket ticket) override {
    if (requests_[ticket] != MPI_REQUEST_NULL) {
      if (!sends_[ticket]) MPI_Cancel(&requests_[ticket]);
      MPI_Request_free(&requests_[ticket]);
    }
    arrived_[ticket] = false;
    free_.push_back(ticket);
  }

  std::optional<unsigned> lost() override {
    if (watched_.empty() || ::poll(watched_.data(), watched_.size(), 0) <= 0) return std::nullopt;
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      if (watched_[i].revents == 0) continue;
      broken_ = true;
      return watched_ranks_[i];
    }
    return std::nullopt;
  }

 private:
  static bool sees(const Identity& a, const Identity& b) {
    return std::strncmp(a.host.data(), b.host.data(), a.host.size()) == 0 &&
           a.process_names == b.process_names;
  }
  const Identity& of(int rank) const { return everyone_[static_cast<std::size_t>(rank)]; }
  static int count_of(std::size_t bytes) {
    if (bytes > std::size_t(1) << 30)
      throw Error(ErrorKind::internal, "a message between ranks exceeds 1 GiB");
    return static_cast<int>(bytes);
  }

  // How many ranks of this machine are alike in another way, too; this one is.
  template <class Same> unsigned alike(const Same& same) const {
    const Identity& self = of(rank_);
    return static_cast<unsigned>(
        std::count_if(everyone_.begin(), everyone_.end(), [&](const Identity& other) {
          return std::strncmp(self.host.data(), other.host.data(), self.host.size()) == 0 &&
                 same(self, other);
        }));
  }

  // A descriptor that can be read from once the process has ended.
  void watch(int rank) {
    const auto descriptor = static_cast<int>(syscall(SYS_pidfd_open, of(rank).process, 0));
    if (descriptor < 0) return;  // an old kernel: the launcher is then the only one to notice
    watched_.push_back({descriptor, POLLIN, 0});
    watched_ranks_.push_back(static_cast<unsigned>(rank));
  }

  Ticket new_ticket() {
    if (free_.empty()) {
      free_.push_back(requests_.size());
      requests_.push_back(MPI_REQUEST_NULL);
      sizes_.push_back(0);
      sends_.push_back(false);
      arrived_.push_back(false);
    }
    const Ticket ticket = free_.back();
    free_.pop_back();
    return ticket;
  }

  int rank_ = 0, size_ = 1;
  bool broken_ = false;
  std::vector<Identity> everyone_;
  std::vector<pollfd> watched_;
  std::vector<unsigned> watched_ranks_;
  std::vector<MPI_Request> requests_;  // by ticket
  std::vector<std::size_t> sizes_;
  std::vector<char> sends_, arrived_;
  std::vector<Ticket> free_;
  std::vector<int> indices_;
  std::vector<MPI_Status> statuses_;
};

}  // namespace

std::unique_ptr<Ranks> join_ranks() {
  const unsigned launched = launched_processes();
  if (launched <= 1) return nullptr;
  int provided = MPI_THREAD_SINGLE, size = 1;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided), "starting MPI");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size == 1 || provided < MPI_THREAD_SERIALIZED) {
    MPI_Finalize();
    throw Error(
        ErrorKind::usage,
        provided < MPI_THREAD_SERIALIZED
            ? std::string("this MPI library cannot be used by several threads (MPI_THREAD_SERIALIZED)")
            : fmt::format("the launcher started {} processes, but MPI sees one; use the mpirun of the MPI "
                          "library that Synfire was built with, or `srun --mpi=pmix`",
                          launched));
  }
  return std::make_unique<MpiRanks>();
}

}  // namespace synfire
