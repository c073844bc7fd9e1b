#include "sim/state_messages.hpp"

#include <utility>

namespace synfire {
namespace {

struct Array {
  std::string name;
  State::Values values;
  std::vector<State::Piece> pieces;
};

Bytes packed(const std::string& name, const State::Values& values, const std::vector<State::Piece>& pieces) {
  Bytes bytes;
  BytesWriter writer(bytes);
  writer.put_text(name);
  writer.put_all(pieces);
  writer.put(std::uint64_t(values.index()));
  std::visit([&](const auto& array) { writer.put_all(array); }, values);
  return bytes;
}

// The values of the type that comes as number `type` among those that there are.
State::Values take_values(BytesReader& reader, std::uint64_t type) {
  State::Values values;
  const auto take = [&]<std::size_t k>() {
    using List = std::variant_alternative_t<k, State::Values>;
    if (k == type) values = reader.take_all<typename List::value_type>();
  };
  [&]<std::size_t... k>(std::index_sequence<k...>) { (take.template operator()<k>(), ...); }
  (std::make_index_sequence<std::variant_size_v<State::Values>>());
  return values;
}

Array unpacked(const Bytes& bytes) {
  BytesReader reader(bytes);
  Array array;
  array.name = reader.take_text();
  array.pieces = reader.take_all<State::Piece>();
  array.values = take_values(reader, reader.take<std::uint64_t>());
  return array;
}

// Until the other rank says by an empty message that there are no more.
void absorb_from(Ranks& ranks, unsigned from, State& state) {
  while (true) {
    const Bytes bytes = receive_bytes(ranks, from);
    if (bytes.empty()) return;
    Array array = unpacked(bytes);
    state.absorb(array.name, std::move(array.values), array.pieces);
  }
}

}  // namespace

void gather(Ranks& ranks, State& state) {
  if (ranks.rank() == 0) {
    for (unsigned from = 1; from < ranks.size(); ++from) absorb_from(ranks, from, state);
    return;
  }
  state.hand_over([&](const std::string& name, const State::Values& values, const auto& pieces) {
    send_bytes(ranks, 0, packed(name, values, pieces));
  });
  send_bytes(ranks, 0, {});
}

const State& SectionedState::get(const std::string& path) {
  if (ranks_ == nullptr) return whole_;
  if (ranks_->rank() > 0) {
    section_ = State();
    absorb_from(*ranks_, 0, section_);
    return section_;
  }
  const std::string below = path + "/";
  const auto& arrays = whole_.arrays();
  for (auto array = arrays.lower_bound(below); array != arrays.end() && array->first.starts_with(below);
       ++array) {
    const Bytes bytes = packed(array->first, array->second, {});
    for (unsigned to = 1; to < ranks_->size(); ++to) send_bytes(*ranks_, to, bytes);
  }
  for (unsigned to = 1; to < ranks_->size(); ++to) send_bytes(*ranks_, to, {});
  return whole_;
}

}  // namespace synfire
