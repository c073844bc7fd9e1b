// Ranks that are threads of one process: what MPI would do, where tests can look.
#pragma once

#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sim/ranks.hpp"

namespace synfire::testing_tools {

/// Where messages lie between sending and receiving.
class PostOffice {
 public:
  explicit PostOffice(unsigned ranks) : ranks_(ranks) {}
  unsigned ranks() const { return ranks_; }

  using Address = std::tuple<unsigned, unsigned, Ranks::Channel>;  // from, to
  void put(const Address& address, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    boxes_[address].emplace_back(bytes.begin(), bytes.end());
    ++messages_;
  }
  std::optional<Bytes> take(const Address& address) {
    const std::lock_guard lock(mutex_);
    const auto box = boxes_.find(address);
    if (box == boxes_.end() || box->second.empty()) return std::nullopt;
    Bytes bytes = std::move(box->second.front());
    box->second.pop_front();
    return bytes;
  }
  /// From now on this rank counts as gone.
  void lose(unsigned rank) {
    const std::lock_guard lock(mutex_);
    lost_ = rank;
  }
  std::optional<unsigned> lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }
  /// Messages sent and not taken.
  std::size_t left() {
    const std::lock_guard lock(mutex_);
    std::size_t sum = 0;
    for (const auto& [address, box] : boxes_) sum += box.size();
    return sum;
  }

 private:
  unsigned ranks_;
  std::mutex mutex_;
  std::map<Address, std::deque<Bytes>> boxes_;
  std::uint64_t messages_ = 0;
  std::optional<unsigned> lost_;
};

class LocalRanks final : public Ranks {
 public:
  LocalRanks(PostOffice& office, unsigned rank) : office_(office), rank_(rank) {}

  unsigned rank() const override { return rank_; }
  unsigned size() const override { return office_.ranks(); }
  unsigned on_this_machine() const override { return office_.ranks(); }
  unsigned processors() const override { return 1; }
  std::string name(unsigned rank) const override { return "rank " + std::to_string(rank); }

  Ticket send(unsigned to, Channel channel, std::span<const std::byte> bytes) override {
    office_.put({rank_, to, channel}, bytes);
    finished_[++last_] = bytes.size();
    return last_;
  }
  // As with MPI, places fill in the order in which they were offered.
  Ticket receive(unsigned from, Channel channel, std::span<std::byte> place) override {
    offered_[{from, rank_, channel}].emplace_back(++last_, place);
    return last_;
  }
  void poll() override {
    for (auto& [address, places] : offered_) {
      while (!places.empty()) {
        const auto bytes = office_.take(address);
        if (!bytes) break;
        const auto [ticket, place] = places.front();
        if (bytes->size() > place.size())
          throw Error(ErrorKind::internal, "a message is too long for its place");
        std::memcpy(place.data(), bytes->data(), bytes->size());
        finished_[ticket] = bytes->size();
        places.pop_front();
      }
    }
  }
  std::optional<std::size_t> finished(Ticket ticket) override {
    const auto found = finished_.find(ticket);
    if (found == finished_.end()) return std::nullopt;
    const std::size_t bytes = found->second;
    finished_.erase(found);
    return bytes;
  }
  void cancel(Ticket ticket) override {
    finished_.erase(ticket);
    for (auto& [address, places] : offered_)
      std::erase_if(places, [&](const auto& offer) { return offer.first == ticket; });
  }
  std::optional<unsigned> lost() override { return office_.lost(); }

 private:
  PostOffice& office_;
  unsigned rank_;
  Ticket last_ = 0;
  std::map<Ticket, std::size_t> finished_;
  std::map<PostOffice::Address, std::deque<std::pair<Ticket, std::span<std::byte>>>> offered_;
};

/// Calls body(rank, ranks) on as many threads, one of which may be alone, with a null pointer; what each of
/// them threw, or "".
template <class Body> std::vector<std::string> on_local_ranks(PostOffice& office, const Body& body) {
  std::vector<std::string> failures(office.ranks());
  std::vector<std::thread> processes;
  for (unsigned rank = 0; rank < office.ranks(); ++rank)
    processes.emplace_back([&, rank] {
      LocalRanks local(office, rank);
      try {
        body(rank, office.ranks() > 1 ? &local : nullptr);
      } catch (const std::exception& error) {
        failures[rank] = error.what();
      }
    });
  for (auto& process : processes) process.join();
  return failures;
}

}  // namespace synfire::testing_tools
