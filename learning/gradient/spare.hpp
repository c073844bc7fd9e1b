// Large arrays that are needed for a while, again and again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "core/array.hpp"

namespace synfire::learning {

/// Arrays that nobody uses now. Whoever needs one takes it and gives it back; any thread may. What lies idle
/// is never much against what is in use, so that arrays of other sizes do not pile up.
template <class Real> class SpareArrays {
 public:
  /// Of so many elements, whatever they are.
  LargeVector<Real> take(std::size_t size) {
    LargeVector<Real> array = fitting(size);
    array.reserve(size);
    array.resize(size);
    const std::lock_guard lock(mutex_);
    used_ += array.capacity();
    return array;
  }
  void give(LargeVector<Real> array) {
    if (array.capacity() == 0) return;
    const std::lock_guard lock(mutex_);
    used_ -= std::min(used_, array.capacity());
    idle_ += array.capacity();
    arrays_.push_back(std::move(array));
  }

 private:
  // The smallest that is large enough and not far too large; an empty one where there is none.
  LargeVector<Real> fitting(std::size_t size) {
    const std::lock_guard lock(mutex_);
    auto best = arrays_.end();
    for (auto it = arrays_.begin(); it != arrays_.end(); ++it)
      if (it->capacity() >= size && it->capacity() <= 2 * size &&
          (best == arrays_.end() || it->capacity() < best->capacity()))
        best = it;
    if (best != arrays_.end()) return remove(best);
    while (idle_ > std::max(least_idle, used_ / 4))
      remove(std::max_element(arrays_.begin(), arrays_.end(),
                              [](const auto& a, const auto& b) { return a.capacity() < b.capacity(); }));
    return {};
  }
  LargeVector<Real> remove(typename std::vector<LargeVector<Real>>::iterator at) {
    std::swap(*at, arrays_.back());
    LargeVector<Real> array = std::move(arrays_.back());
    arrays_.pop_back();
    idle_ -= array.capacity();
    return array;
  }

  static constexpr std::size_t least_idle = std::size_t(1) << 22;

  std::mutex mutex_;
  std::vector<LargeVector<Real>> arrays_;
  std::size_t used_ = 0, idle_ = 0;  // elements that there is room for
};

}  // namespace synfire::learning
