// All that a run needs to go on from a point as if it had never stopped: named arrays over whole populations
// and projections, whatever parts they were computed in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.hpp"

namespace synfire {

class State {
 public:
  using Values = std::variant<std::vector<float>, std::vector<double>, std::vector<std::uint32_t>,
                              std::vector<std::uint64_t>, std::vector<std::int64_t>>;

  /// Where values of a part belong in their array.
  struct Piece {
    std::uint64_t first, count;
  };

  /// Elements [first, first + values.size()) of an array; they lie there after `arrange`.
  template <class T> void put(const std::string& name, std::size_t first, std::span<const T> values) {
    append(name, values);
    pieces_[name].push_back({first, values.size()});
  }
  /// Elements at the end of an array.
  template <class T> void append(const std::string& name, std::span<const T> values) {
    auto& array = array_of<T>(name);
    array.insert(array.end(), values.begin(), values.end());
  }

  /// Throws Error(input) when there is no such array of this type.
  template <class T> const std::vector<T>& get(const std::string& name) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) refuse(name, "is missing");
    const auto* array = std::get_if<std::vector<T>>(&found->second);
    if (array == nullptr) refuse(name, "is of another type");
    return *array;
  }
  /// Of this size, or Error(input).
  template <class T> const std::vector<T>& get(const std::string& name, std::size_t size) const {
    const auto& array = get<T>(name);
    if (array.size() != size)
      refuse(name, "has " + std::to_string(array.size()) + " elements instead of " + std::to_string(size));
    return array;
  }

  /// Takes an array of another part in, behind what is there.
  void absorb(const std::string& name, Values values, const std::vector<Piece>& pieces) {
    const auto [own, is_new] = arrays_.try_emplace(name, std::move(values));
    if (!is_new) std::visit([&]<class T>(const std::vector<T>& more) { append<T>(name, more); }, values);
    if (pieces.empty()) return;
    auto& all = pieces_[name];
    all.insert(all.end(), pieces.begin(), pieces.end());
  }
  /// Calls take(name, values, pieces) for each array and forgets it.
  template <class Take> void hand_over(const Take& take) {
    while (!arrays_.empty()) {
      auto array = arrays_.extract(arrays_.begin());
      take(array.key(), std::move(array.mapped()), pieces_[array.key()]);
    }
    pieces_.clear();
  }
  /// When all parts have put theirs: every element to its place. Throws Error(internal) where parts are
  /// missing.
  void arrange() {
    for (const auto& [name, pieces] : pieces_)
      std::visit([&, &pieces = pieces](auto& array) { arrange(array, pieces); }, arrays_.at(name));
    pieces_.clear();
  }

  const std::map<std::string, Values>& arrays() const { return arrays_; }
  void insert(const std::string& name, Values values) { arrays_[name] = std::move(values); }

  [[noreturn]] static void refuse(const std::string& name, std::string_view why) {
    throw Error(ErrorKind::input,
                "the checkpoint is damaged or of another network: '" + name + "' " + std::string(why));
  }

 private:
  template <class T> std::vector<T>& array_of(const std::string& name) {
    return std::get<std::vector<T>>(arrays_.try_emplace(name, std::vector<T>()).first->second);
  }
  template <class T> static void arrange(std::vector<T>& array, const std::vector<Piece>& pieces) {
    std::uint64_t end = 0;
    const bool in_order = std::all_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
      return std::exchange(end, piece.first + piece.count) == piece.first;
    });
    if (in_order) return;
    std::vector<T> arranged(array.size());
    auto from = array.begin();
    for (const Piece& piece : pieces) {
      if (piece.first + piece.count > array.size())
        throw Error(ErrorKind::internal, "a part of the state is missing");
      std::copy_n(from, piece.count, arranged.begin() + static_cast<std::ptrdiff_t>(piece.first));
      from += static_cast<std::ptrdiff_t>(piece.count);
    }
    array.swap(arranged);
  }

  std::map<std::string, Values> arrays_;
  std::map<std::string, std::vector<Piece>> pieces_;  // of arrays that are put, in the order of their values
};

/// The share of one part, elements [first, first + count) of `total`, in the arrays below a path.
template <class Archive> struct StateShare {
  Archive& state;
  std::string path;
  std::size_t first = 0, count = 0, total = 0;

  StateShare within(std::string_view name) const { return {state, of(name), first, count, total}; }
  std::string of(std::string_view name) const { return path + "/" + std::string(name); }
  /// True for the part that saves what all parts have in common.
  bool leads() const { return first == 0; }

  /// One value for each element of the share.
  template <class T> void put(std::string_view name, std::span<const T> values) const {
    state.put(of(name), first, values);
  }
  template <class T> std::span<const T> get(std::string_view name) const {
    return std::span(state.template get<T>(of(name), total)).subspan(first, count);
  }

  /// Any number of values from each part, one part's after another's.
  template <class T> void append(std::string_view name, std::span<const T> values) const {
    state.append(of(name), values);
  }
  template <class T> void append(std::string_view name, const T& value) const {
    state.append(of(name), std::span<const T>(&value, 1));
  }
  template <class T> const std::vector<T>& all(std::string_view name) const {
    return state.template get<T>(of(name));
  }
  template <class T> const std::vector<T>& all(std::string_view name, std::size_t size) const {
    return state.template get<T>(of(name), size);
  }
  template <class T> T one(std::string_view name) const { return state.template get<T>(of(name), 1).front(); }
};
using SavedShare = StateShare<State>;
using LoadedShare = StateShare<const State>;

}  // namespace synfire
