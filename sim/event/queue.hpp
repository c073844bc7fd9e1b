// What lies ahead of a shard, ordered by time. Two queues behind one small interface, measured against each
// other in bench/queues.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <vector>

namespace synfire {

/// Something that happens at a time (ms, >= 0); `what` is the owner's business.
struct QueuedEvent {
  double time;
  std::uint64_t what;
};

/// Gives events back by time. The order of equal times is open: whoever needs one takes all of a time and
/// sorts them.
template <class Q>
concept EventQueue = requires(Q queue, const Q constant, QueuedEvent event) {
  queue.push(event);
  { constant.next_time() } -> std::same_as<double>;  // infinity when empty
  { queue.pop() } -> std::same_as<QueuedEvent>;      // the first; not to be asked of an empty queue
  { constant.size() } -> std::same_as<std::size_t>;
};

/// A binary heap: O(log n) whatever the times are.
class BinaryHeap {
 public:
  void push(QueuedEvent event) {
    events_.push_back(event);
    std::push_heap(events_.begin(), events_.end(), later);
  }
  double next_time() const {
    return events_.empty() ? std::numeric_limits<double>::infinity() : events_.front().time;
  }
  QueuedEvent pop() {
    std::pop_heap(events_.begin(), events_.end(), later);
    const QueuedEvent first = events_.back();
    events_.pop_back();
    return first;
  }
  std::size_t size() const { return events_.size(); }
  std::size_t bytes() const { return events_.capacity() * sizeof(QueuedEvent); }

 private:
  static bool later(const QueuedEvent& a, const QueuedEvent& b) { return a.time > b.time; }

  std::vector<QueuedEvent> events_;
};

/// A calendar (Brown 1988) whose present day alone is sorted: O(1) as long as a day holds a few events. Days
/// beyond the last page wait in a heap. Pages and days are chosen anew when the number of events has doubled
/// or fallen to a quarter, or when days turn out too full or too empty.
class CalendarQueue {
 public:
  CalendarQueue() : pages_(least_pages) {}

  void push(QueuedEvent event) {
    ++size_;
    place(event);
    if (size_ > 2 * pages_.size()) rebuild();
    if (today_.empty()) find_today();
    if (today_.size() > crowded && today_.front().time > today_.back().time && ++complaints_ > patience)
      rebuild();
  }
  double next_time() const {
    return today_.empty() ? std::numeric_limits<double>::infinity() : today_.back().time;
  }
  QueuedEvent pop() {
    const QueuedEvent first = today_.back();
    today_.pop_back();
    --size_;
    if (size_ * 4 < pages_.size() && pages_.size() > least_pages) rebuild();
    if (today_.empty() && size_ > 0) find_today();
    return first;
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const {
    std::size_t events = today_.capacity();
    for (const auto& page : pages_) events += page.capacity();
    return events * sizeof(QueuedEvent) + pages_.size() * sizeof(pages_[0]) + far_.bytes();
  }

 private:
  static constexpr std::size_t least_pages = 64, crowded = 64, patience = 256;
  static constexpr double events_a_day = 4;

  static bool later(const QueuedEvent& a, const QueuedEvent& b) { return a.time > b.time; }

  std::int64_t day_of(double time) const {
    constexpr double last_day = 0x1p62;
    return static_cast<std::int64_t>(std::min(last_day, time * days_per_ms_));
  }
  std::vector<QueuedEvent>& page_of(std::int64_t day) {
    return pages_[static_cast<std::size_t>(day) & (pages_.size() - 1)];
  }

  void place(QueuedEvent event) {
    const std::int64_t day = day_of(event.time);
    if (day <= day_) {
      today_.insert(std::upper_bound(today_.begin(), today_.end(), event, later), event);
    } else if (day - day_ < static_cast<std::int64_t>(pages_.size())) {
      page_of(day).push_back(event);
      ++on_pages_;
    } else {
      far_.push(event);
    }
  }

  // Turns the pages to the next day that holds something.
  void find_today() {
    std::size_t turned = 0;
    do {
      day_ = on_pages_ > 0 ? day_ + 1 : day_of(far_.next_time());
      while (day_of(far_.next_time()) - day_ < static_cast<std::int64_t>(pages_.size()) && far_.size() > 0) {
        const QueuedEvent event = far_.pop();
        page_of(day_of(event.time)).push_back(event);
        ++on_pages_;
      }
      ++turned;
    } while (page_of(day_).empty());
    today_.swap(page_of(day_));
    on_pages_ -= today_.size();
    std::sort(today_.begin(), today_.end(), later);
    constexpr std::size_t many_empty = 16;
    if (turned > many_empty && ++complaints_ > patience) rebuild();
  }

  // The gap between events near the head sets the length of a day.
  void rebuild() {
    complaints_ = 0;
    std::vector<QueuedEvent> all;
    all.reserve(size_);
    all.swap(today_);
    for (auto& page : pages_) {
      all.insert(all.end(), page.begin(), page.end());
      page.clear();
    }
    while (far_.size() > 0) all.push_back(far_.pop());
    on_pages_ = 0;
    pages_.resize(std::max(least_pages, std::bit_ceil(all.size())));
    if (all.empty()) return;
    const std::size_t head = std::min<std::size_t>(all.size() - 1, std::max<std::size_t>(64, all.size() / 4));
    std::nth_element(all.begin(), all.begin() + std::ptrdiff_t(head), all.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
    const double first = std::min_element(all.begin(), all.begin() + std::ptrdiff_t(head) + 1,
                                          [](const auto& a, const auto& b) { return a.time < b.time; })
                             ->time;
    const double span = all[head].time - first;
    if (span > 0)
      days_per_ms_ = std::min(double(head) / (events_a_day * span), 0x1p40 / (1 + all[head].time));
    day_ = day_of(first);
    for (const auto& event : all) place(event);
    if (today_.empty() && size_ > 0) find_today();
  }

  double days_per_ms_ = 16;
  std::int64_t day_ = 0;
  std::size_t size_ = 0, on_pages_ = 0, complaints_ = 0;
  std::vector<QueuedEvent> today_;  // the last one first
  std::vector<std::vector<QueuedEvent>> pages_;
  BinaryHeap far_;
};

static_assert(EventQueue<BinaryHeap> && EventQueue<CalendarQueue>);

/// The faster of the two (docs/performance.md).
using EventQueueInUse = CalendarQueue;

}  // namespace synfire
