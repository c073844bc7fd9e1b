// A struct of Reals spread over columns, one per member: neuron i's struct is element i of each column.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "core/aggregate.hpp"
#include "core/array.hpp"

namespace synfire {

template <class Struct, class Real> class Columns {
 public:
  static constexpr std::size_t count = member_count<Struct, Real>;

  Columns() = default;
  explicit Columns(std::size_t size) : size_(size), stride_((size + 15) / 16 * 16), data_(stride_ * count) {
    std::fill(data_.begin(), data_.end(), Real(0));
  }

  std::size_t size() const { return size_; }
  std::span<Real> column(std::size_t member) { return {data_.data() + member * stride_, size_}; }
  std::span<const Real> column(std::size_t member) const { return {data_.data() + member * stride_, size_}; }

  std::array<Real*, count> pointers() {
    std::array<Real*, count> starts{};
    for (std::size_t m = 0; m < count; ++m) starts[m] = data_.data() + m * stride_;
    return starts;
  }

  Struct get(std::size_t i) const {
    Struct s{};
    const auto members = tie_members<count>(s);
    [&]<std::size_t... m>(std::index_sequence<m...>) {
      ((std::get<m>(members) = data_[m * stride_ + i]), ...);
    }
    (std::make_index_sequence<count>());
    return s;
  }
  void set(std::size_t i, const Struct& s) {
    const auto members = tie_members<count>(s);
    [&]<std::size_t... m>(std::index_sequence<m...>) {
      ((data_[m * stride_ + i] = std::get<m>(members)), ...);
    }
    (std::make_index_sequence<count>());
  }

 private:
  std::size_t size_ = 0, stride_ = 0;
  LargeVector<Real> data_;
};

/// Reads element i of the first `used` columns into a struct, whose other members are 0; the columns are
/// plain pointers so that loops vectorise.
template <std::size_t used, class Struct, class Real, std::size_t count>
SYNFIRE_HD Struct gather_first(const std::array<Real*, count>& columns, std::size_t i) {
  Struct s{};
  const auto members = tie_members<count>(s);
  [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
    ((std::get<m>(members) = columns[m][i]), ...);
  }
  (std::make_index_sequence<used>());
  return s;
}
template <class Struct, class Real, std::size_t count>
SYNFIRE_HD Struct gather(const std::array<Real*, count>& columns, std::size_t i) {
  return gather_first<count, Struct>(columns, i);
}

/// Writes the first `used` members of a struct to element i of their columns.
template <std::size_t used, class Struct, class Real, std::size_t count>
SYNFIRE_HD void scatter_first(const std::array<Real*, count>& columns, std::size_t i, const Struct& s) {
  const auto members = tie_members<count>(s);
  [&]<std::size_t... m>(std::index_sequence<m...>) SYNFIRE_INLINE {
    ((columns[m][i] = std::get<m>(members)), ...);
  }
  (std::make_index_sequence<used>());
}
template <class Struct, class Real, std::size_t count>
SYNFIRE_HD void scatter(const std::array<Real*, count>& columns, std::size_t i, const Struct& s) {
  scatter_first<count>(columns, i, s);
}

}  // namespace synfire
