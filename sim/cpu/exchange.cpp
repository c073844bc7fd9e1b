#include "sim/cpu/exchange.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "sim/catalogue_rules.hpp"

namespace synfire {
namespace {

constexpr std::uint32_t short_range = 1 << 16;  // of neurons that 16 bits tell apart

template <class Offset>
void append_offsets(Bytes& bytes, std::uint32_t first, const std::vector<std::uint32_t>& ids) {
  const std::size_t begin = bytes.size();
  bytes.resize(begin + ids.size() * sizeof(Offset));
  std::byte* place = bytes.data() + begin;
  for (const std::uint32_t id : ids) {
    const auto offset = static_cast<Offset>(id - first);
    std::memcpy(place, &offset, sizeof offset);
    place += sizeof offset;
  }
}

template <class Offset>
const std::byte* take_offsets(const std::byte* place, std::uint32_t first, std::vector<std::uint32_t>& ids) {
  for (std::uint32_t& id : ids) {
    Offset offset = 0;
    std::memcpy(&offset, place, sizeof offset);
    place += sizeof offset;
    id = first + offset;
  }
  return place;
}

}  // namespace

RankMap::RankMap(const Plan& plan, const NetworkDescription& network) : parts_(plan.ranks) {
  has_.assign(plan.ranks, std::vector<bool>(network.populations.size()));
  reads_ = has_;
  for (const auto& population : plan.populations) {
    for (std::size_t part = 0; part < population.ranges.size(); ++part) {
      const Range range = population.ranges[part];
      const unsigned rank = plan.rank_of(population.groups[part]);
      has_[rank][population.index] = true;
      auto& parts = parts_[rank];
      const bool joins = !parts.empty() && parts.back().population == population.index &&
                         parts.back().range.first + parts.back().range.count == range.first;
      if (joins) {
        parts.back().range.count += range.count;
      } else {
        parts.push_back({population.index, range});
      }
    }
  }
  for (const auto& projection : plan.projections) {
    if (projection.is_current || projection.is_fused) continue;
    const RuleDescription* rule = rewarded_rule(projection.description->plasticity);
    for (unsigned rank = 0; rank < plan.ranks; ++rank) {
      if (!has_[rank][projection.description->to]) continue;
      reads_[rank][projection.description->from] = true;
      if (rule != nullptr) reads_[rank][*rule->reward] = true;
    }
  }
}

bool RankMap::sends(unsigned from, unsigned to) const {
  if (from == to) return false;
  if (from == (to - 1) / 2 || to == (from - 1) / 2) return true;
  return std::any_of(parts_[from].begin(), parts_[from].end(),
                     [&](const RankPart& part) { return reads_[to][part.population]; });
}

Exchange::Exchange(Ranks& ranks, const Plan& plan, const NetworkDescription& network)
    : ranks_(ranks), map_(plan, network) {
  make_ghosts(map_, network.populations.size());
}

void Exchange::make_ghosts(const RankMap& map, std::size_t populations) {
  const unsigned self = ranks_.rank();
  sent_.assign(populations, false);
  for (unsigned rank = 0; rank < ranks_.size(); ++rank) {
    if (rank != self)
      for (const RankPart& part : map.parts_of(self))
        if (map.reads(rank, part.population)) sent_[part.population] = true;
    if (!map.sends(rank, self)) continue;
    groups_.push_back(std::make_unique<Group>());
    Sender sender;
    sender.rank = rank;
    sender.group = groups_.back().get();
    for (const RankPart& part : map.parts_of(rank)) {
      if (!map.reads(self, part.population)) continue;
      auto ghost = std::make_unique<Shard>();
      ghost->population = part.population;
      ghost->range = part.range;
      ghost->group = sender.group;
      sender.group->shards.push_back(ghost.get());
      sender.ghosts.push_back(ghost.get());
      ghosts_.push_back(std::move(ghost));
    }
    senders_.push_back(std::move(sender));
  }
}

// One parcel for all ranks that read the same populations.
void Exchange::make_parcels(const RankMap& map, const std::vector<std::unique_ptr<Shard>>& shards) {
  const unsigned self = ranks_.rank();
  for (unsigned rank = 0; rank < ranks_.size(); ++rank) {
    if (!map.sends(self, rank)) continue;
    std::vector<std::size_t> populations;
    std::vector<Run> runs;
    for (const RankPart& part : map.parts_of(self)) {
      if (!map.reads(rank, part.population)) continue;
      populations.push_back(part.population);
      Run run{part.range, {}};
      for (const auto& shard : shards)
        if (shard->population == part.population && shard->range.first >= part.range.first &&
            shard->range.first < part.range.first + part.range.count)
          run.shards.push_back(shard.get());
      runs.push_back(std::move(run));
    }
    const auto same = std::find_if(parcels_.begin(), parcels_.end(),
                                   [&](const Parcel& parcel) { return parcel.populations == populations; });
    if (same != parcels_.end()) {
      same->to.push_back(rank);
    } else {
      parcels_.push_back({std::move(populations), std::move(runs), {rank}, {}});
    }
  }
}

void Exchange::begin(const std::vector<std::unique_ptr<Group>>& groups,
                     const std::vector<std::unique_ptr<Shard>>& shards, Step least_age) {
  window_ = std::clamp<Step>(least_age / 2, 1, longest_window);
  for (const auto& group : groups) local_.push_back(group.get());
  make_parcels(map_, shards);
  for (Sender& sender : senders_) {
    expect(sender, 0);
    expect(sender, 1);
  }
}

void Exchange::begin_at(Step origin) {
  origin_ = origin;
  packing_.done = origin;
  for (const Sender& sender : senders_) sender.group->done = origin;
}

Exchange::~Exchange() {
  const auto give_up = [this](std::optional<Ticket> ticket) {
    if (ticket) ranks_.cancel(*ticket);
  };
  for (Sender& sender : senders_)
    for (auto& slot : sender.slots) give_up(slot.first), give_up(slot.rest);
  for (Parcel& parcel : parcels_)
    for (auto& slot : parcel.slots)
      for (const Ticket ticket : slot.pending) give_up(ticket);
}

bool Exchange::advance() {
  bool moved = pack_next();
  for (Sender& sender : senders_) moved |= take(sender);
  return moved;
}

bool Exchange::is_through(Step steps) const {
  const Step windows = (steps - origin_) / window_;
  const bool sent =
      packed_ >= windows && std::all_of(parcels_.begin(), parcels_.end(), [](const Parcel& parcel) {
        return parcel.slots[0].pending.empty() && parcel.slots[1].pending.empty();
      });
  return sent && std::all_of(senders_.begin(), senders_.end(),
                             [&](const Sender& sender) { return sender.window >= windows; });
}

// Packs the next window when all groups have finished it and its places have been sent.
bool Exchange::pack_next() {
  for (Parcel& parcel : parcels_)
    for (auto& slot : parcel.slots) is_free(slot);
  Step done = std::numeric_limits<Step>::max();
  for (const Group* group : local_) done = std::min(done, group->done.load(std::memory_order_acquire));
  if (done < begin_of(packed_ + 1)) return false;
  const auto place = static_cast<std::size_t>(packed_ & 1);
  for (Parcel& parcel : parcels_)
    if (!is_free(parcel.slots[place])) return false;
  for (Parcel& parcel : parcels_) {
    pack(parcel, parcel.slots[place], packed_);
    send(parcel, parcel.slots[place]);
  }
  ++packed_;
  packing_.done.store(begin_of(packed_), std::memory_order_release);
  return true;
}

bool Exchange::is_free(Parcel::Slot& slot) {
  std::erase_if(slot.pending, [this](Ticket ticket) { return ranks_.finished(ticket).has_value(); });
  return slot.pending.empty();
}

// The header; for each step and run the number of spikes, then their offsets.
void Exchange::pack(Parcel& parcel, Parcel::Slot& slot, Step window) {
  Bytes& bytes = slot.bytes;
  bytes.resize(sizeof(Header));
  for (Step step = begin_of(window); step < begin_of(window + 1); ++step) {
    for (const Run& run : parcel.runs) {
      std::uint32_t spikes = 0;
      for (const Shard* shard : run.shards)
        spikes += static_cast<std::uint32_t>(shard->history.slot(step).size());
      BytesWriter(bytes).put(spikes);
      for (const Shard* shard : run.shards) {
        const auto& ids = shard->history.slot(step);
        if (run.range.count <= short_range) {
          append_offsets<std::uint16_t>(bytes, run.range.first, ids);
        } else {
          append_offsets<std::uint32_t>(bytes, run.range.first, ids);
        }
      }
    }
  }
  const Header header{static_cast<std::uint32_t>(window), static_cast<std::uint32_t>(bytes.size())};
  std::memcpy(bytes.data(), &header, sizeof header);
}

void Exchange::send(Parcel& parcel, Parcel::Slot& slot) {
  const std::span<const std::byte> bytes(slot.bytes);
  const std::size_t first = std::min(first_bytes, bytes.size());
  for (const unsigned rank : parcel.to) {
    slot.pending.push_back(ranks_.send(rank, Ranks::Channel::spikes, bytes.first(first)));
    if (bytes.size() > first)
      slot.pending.push_back(ranks_.send(rank, Ranks::Channel::more_spikes, bytes.subspan(first)));
    messages_ += bytes.size() > first ? 2 : 1;
    bytes_sent_ += bytes.size();
  }
}

void Exchange::expect(Sender& sender, Step window) {
  auto& slot = sender.slots[static_cast<std::size_t>(window & 1)];
  if (slot.bytes.size() < first_bytes) slot.bytes.resize(first_bytes);
  slot.size = 0;
  slot.first = ranks_.receive(sender.rank, Ranks::Channel::spikes, std::span(slot.bytes).first(first_bytes));
}

bool Exchange::take(Sender& sender) {
  auto& slot = sender.slots[static_cast<std::size_t>(sender.window & 1)];
  if (!has_arrived(sender, slot) || !has_room(sender)) return false;
  unpack(sender, slot);
  sender.group->done.store(begin_of(sender.window + 1), std::memory_order_release);
  expect(sender, sender.window + 2);
  ++sender.window;
  return true;
}

bool Exchange::has_arrived(Sender& sender, Sender::Slot& slot) {
  if (slot.first) {
    const auto bytes = ranks_.finished(*slot.first);
    if (!bytes) return false;
    slot.first.reset();
    const auto header = BytesReader(slot.bytes).take<Header>();
    if (header.window != static_cast<std::uint32_t>(sender.window) ||
        *bytes != std::min<std::size_t>(header.bytes, first_bytes))
      throw Error(ErrorKind::internal, fmt::format("{} sent window {}, not {}", ranks_.name(sender.rank),
                                                   header.window, sender.window));
    slot.size = header.bytes;
    if (slot.bytes.size() < slot.size) slot.bytes.resize(slot.size);
    if (slot.size > first_bytes)
      slot.rest = ranks_.receive(sender.rank, Ranks::Channel::more_spikes,
                                 std::span(slot.bytes).subspan(first_bytes, slot.size - first_bytes));
  }
  if (slot.rest) {
    if (!ranks_.finished(*slot.rest)) return false;
    slot.rest.reset();
  }
  return true;
}

// True when everybody here has read what lay where the window goes.
bool Exchange::has_room(const Sender& sender) const {
  const Step last = begin_of(sender.window + 1) - 1;
  return std::all_of(sender.group->fed.begin(), sender.group->fed.end(), [&](const Group::Neighbour& reader) {
    return reader.group->done.load(std::memory_order_acquire) > last - sender.group->history + reader.age;
  });
}

void Exchange::unpack(Sender& sender, const Sender::Slot& slot) const {
  const std::byte* place = slot.bytes.data() + sizeof(Header);
  for (Step step = begin_of(sender.window); step < begin_of(sender.window + 1); ++step) {
    for (Shard* ghost : sender.ghosts) {
      std::uint32_t spikes = 0;
      std::memcpy(&spikes, place, sizeof spikes);
      place += sizeof spikes;
      auto& ids = ghost->history.slot(step);
      ids.resize(spikes);
      place = ghost->range.count <= short_range ? take_offsets<std::uint16_t>(place, ghost->range.first, ids)
                                                : take_offsets<std::uint32_t>(place, ghost->range.first, ids);
    }
  }
}

}  // namespace synfire
