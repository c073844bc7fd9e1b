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

  /// Takes over the events in place of its own; these are gone, their memory goes the other way.
  void take(std::vector<QueuedEvent>& events) {
    events_.clear();
    events_.swap(events);
    std::make_heap(events_.begin(), events_.end(), later);
  }
  /// Appends all events to others and keeps none.
  void give(std::vector<QueuedEvent>& to) {
    to.insert(to.end(), events_.begin(), events_.end());
    events_.clear();
  }

 private:
  static bool later(const QueuedEvent& a, const QueuedEvent& b) { return a.time > b.time; }

  std::vector<QueuedEvent> events_;
};

/// A calendar (Brown 1988) of which the present day is a heap and other days are in no order: O(1) as long as
/// a day holds a few events, no worse than a heap when all fall on one day. Days beyond the last page wait in
/// a heap, too. Pages and days are chosen anew when the number of events has doubled or fallen to a quarter,
/// or when days turn out too full or too empty, but at most once in as many operations as there are events.
class CalendarQueue {
 public:
  CalendarQueue() : pages_(least_pages) {}

  void push(QueuedEvent event) {
    ++size_;
    place(event);
    if (size_ > 2 * pages_.size()) return rebuild();
    if (today_.size() == 0) find_today();
    if (today_.size() > crowded) complain();
  }
  double next_time() const { return today_.next_time(); }
  QueuedEvent pop() {
    const QueuedEvent first = today_.pop();
    --size_;
    if (size_ * 4 < pages_.size() && pages_.size() > least_pages) {
      rebuild();
    } else if (today_.size() == 0 && size_ > 0) {
      find_today();
    }
    return first;
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const {
    std::size_t events = 0;
    for (const auto& page : pages_) events += page.capacity();
    return events * sizeof(QueuedEvent) + pages_.size() * sizeof(std::vector<QueuedEvent>) + today_.bytes() +
           far_.bytes();
  }

 private:
  static constexpr std::size_t least_pages = 64, crowded = 64, least_patience = 256;
  static constexpr double events_a_day = 4;

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
      today_.push(event);
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
    on_pages_ -= page_of(day_).size();
    today_.take(page_of(day_));
    constexpr std::size_t many_empty = 16;
    if (turned > many_empty) complain();
  }

  void complain() {
    if (++complaints_ > std::max(size_, least_patience)) rebuild();
  }

  // The gap between events near the head sets the length of a day.
  void rebuild() {
    complaints_ = 0;
    std::vector<QueuedEvent> all;
    all.reserve(size_);
    today_.give(all);
    for (auto& page : pages_) {
      all.insert(all.end(), page.begin(), page.end());
      page.clear();
    }
    far_.give(all);
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
    if (today_.size() == 0) find_today();
  }

  double days_per_ms_ = 16;
  std::int64_t day_ = 0;
  std::size_t size_ = 0, on_pages_ = 0, complaints_ = 0;
  BinaryHeap today_;
  std::vector<std::vector<QueuedEvent>> pages_;
  BinaryHeap far_;
};

static_assert(EventQueue<BinaryHeap> && EventQueue<CalendarQueue>);

/// The faster of the two (docs/performance.md).
using EventQueueInUse = CalendarQueue;

}  // namespace synfire
