// Spikes between ranks: once a window of steps, packed for those who read them, and overlapped with
// computing.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/cpu/shard.hpp"
#include "sim/plan.hpp"
#include "sim/ranks.hpp"

namespace synfire {

/// What a rank emits of one population: neighbouring shards, as one range.
struct RankPart {
  std::size_t population = 0;
  Range range;
};

/// Which ranks have which neurons and read which populations; the same on all ranks.
class RankMap {
 public:
  RankMap(const Plan& plan, const NetworkDescription& network);

  const std::vector<RankPart>& parts_of(unsigned rank) const { return parts_[rank]; }
  bool reads(unsigned rank, std::size_t population) const { return reads_[rank][population]; }
  bool has(unsigned rank, std::size_t population) const { return has_[rank][population]; }
  /// True when `from` sends windows to `to`: spikes, or empty ones along a tree that keeps all ranks
  /// together.
  bool sends(unsigned from, unsigned to) const;

 private:
  std::vector<std::vector<RankPart>> parts_;
  std::vector<std::vector<bool>> has_, reads_;
};

/// The spikes of other ranks lie in ghosts: shards that only have a history, in one group for each rank,
/// which moves on when a window arrives. One thread at a time may call; groups may advance meanwhile.
class Exchange {
 public:
  Exchange(Ranks& ranks, const Plan& plan, const NetworkDescription& network);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  /// Those whose spikes are read here, by rank and population.
  const std::vector<std::unique_ptr<Shard>>& ghosts() const { return ghosts_; }
  /// The ranks that windows come from.
  const std::vector<std::unique_ptr<Group>>& senders() const { return groups_; }
  /// True when a shard's spikes are read by another rank.
  bool is_sent(const Shard& shard) const { return sent_[shard.population]; }
  /// Counts as done what has been packed: a group with spikes to send must keep them until then.
  Group& packing() { return packing_; }

  /// Once neighbours are known, messages may come. `least_age`: the smallest age at which spikes of another
  /// rank are read on any rank; a window is half of it, at least a step and at most `longest_window`.
  void begin(const std::vector<std::unique_ptr<Group>>& groups,
             const std::vector<std::unique_ptr<Shard>>& shards, Step least_age);
  /// For a run that goes on: windows are counted from here, and ghosts have the spikes from before. Groups
  /// and shards must have come here, and no window been sent.
  void begin_at(Step origin);
  bool closes_window(Step done) const { return (done - origin_) % window_ == 0; }
  Step window() const { return window_; }

  /// Packs, sends and takes what is due; false when nothing moved. Ranks::poll is the caller's.
  bool advance();
  /// True when all windows that lie before this step are sent and received.
  bool is_through(Step steps) const;

  std::uint64_t messages() const { return messages_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

  static constexpr Step longest_window = 32;

 private:
  using Ticket = Ranks::Ticket;
  /// Neighbouring shards of a population that are sent together.
  struct Run {
    Range range;
    std::vector<const Shard*> shards;
  };
  /// What several ranks need the same of, packed once.
  struct Parcel {
    std::vector<std::size_t> populations;
    std::vector<Run> runs;
    std::vector<unsigned> to;
    struct Slot {
      Bytes bytes;
      std::vector<Ticket> pending;
    };
    std::array<Slot, 2> slots;
  };
  struct Sender {
    unsigned rank = 0;
    Group* group = nullptr;
    std::vector<Shard*> ghosts;
    struct Slot {
      Bytes bytes;
      std::optional<Ticket> first, rest;
      std::uint32_t size = 0;
    };
    std::array<Slot, 2> slots;
    Step window = 0;  // that comes next
  };
  struct Header {
    std::uint32_t window, bytes;
  };

  Step begin_of(Step window) const { return origin_ + window * window_; }
  void make_ghosts(const RankMap& map, std::size_t populations);
  void make_parcels(const RankMap& map, const std::vector<std::unique_ptr<Shard>>& shards);
  bool pack_next();
  void pack(Parcel& parcel, Parcel::Slot& slot, Step window);
  void send(Parcel& parcel, Parcel::Slot& slot);
  bool is_free(Parcel::Slot& slot);
  void expect(Sender& sender, Step window);
  bool take(Sender& sender);
  bool has_arrived(Sender& sender, Sender::Slot& slot);
  bool has_room(const Sender& sender) const;
  void unpack(Sender& sender, const Sender::Slot& slot) const;

  static constexpr std::size_t first_bytes = 16384;  // what is sent before the size is known to the other

  Ranks& ranks_;
  RankMap map_;
  std::vector<std::unique_ptr<Shard>> ghosts_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<bool> sent_;  // by population
  Group packing_;
  std::vector<const Group*> local_;
  std::vector<Parcel> parcels_;
  std::vector<Sender> senders_;
  Step window_ = longest_window, origin_ = 0, packed_ = 0;
  std::uint64_t messages_ = 0, bytes_sent_ = 0;
};

}  // namespace synfire
