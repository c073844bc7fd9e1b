// Storage for large arrays: aligned for vector loads, on huge pages where the system has them, not cleared.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace synfire {

/// Asks for 2 MB pages for memory that lies on their boundary; a hint that may be ignored.
void advise_huge_pages(void* memory, std::size_t bytes) noexcept;

template <class T> struct LargeAllocator {
  using value_type = T;
  static constexpr std::size_t cache_line = 64, huge_page = std::size_t(1) << 21;

  LargeAllocator() = default;
  template <class U> LargeAllocator(const LargeAllocator<U>&) {}  // NOLINT: allocators convert

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    const bool huge = bytes >= huge_page;
    const std::size_t alignment = huge ? huge_page : cache_line;
    void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc();
    if (huge) advise_huge_pages(memory, bytes);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) noexcept { std::free(memory); }

  /// resize() leaves new elements as they are: whoever asks for them writes them.
  template <class U> void construct(U* place) noexcept(noexcept(::new (static_cast<void*>(place)) U)) {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Args> void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
  bool operator==(const LargeAllocator&) const = default;
};

/// A vector whose resize() does not clear.
template <class T> using LargeVector = std::vector<T, LargeAllocator<T>>;

/// The memory of this process that is in RAM now, and the most it ever was, in bytes; and what the machine
/// has free.
std::size_t resident_bytes();
std::size_t peak_resident_bytes();
std::size_t available_bytes();

}  // namespace synfire
