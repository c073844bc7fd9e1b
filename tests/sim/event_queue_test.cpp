// Both queues give events back in the order of their times, whatever the times are.
#include <set>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "sim/event/queue.hpp"

namespace synfire {
namespace {

template <class Queue> class Queues : public ::testing::Test {};
using Both = ::testing::Types<BinaryHeap, CalendarQueue>;
TYPED_TEST_SUITE(Queues, Both);

/// Pushes and pops `steps` times, against a sorted set; wait(u) gives how far ahead an event lies.
template <class Queue, class Wait> void compare(std::size_t grows_to, int steps, const Wait& wait) {
  Queue queue;
  std::multiset<double> sorted;
  RandomStream stream(RandomKey(3, "queue"), grows_to);
  double now = 0;
  for (int k = 0; k < steps; ++k) {
    const bool push =
        sorted.empty() || (sorted.size() < grows_to && stream.uniform() < (k < steps / 2 ? 0.7 : 0.3));
    if (push) {
      const double time = now + wait(stream);
      queue.push({time, 1});
      sorted.insert(time);
    } else {
      now = queue.pop().time;
      ASSERT_EQ(now, *sorted.begin());
      sorted.erase(sorted.begin());
    }
    ASSERT_EQ(queue.size(), sorted.size());
    ASSERT_EQ(queue.next_time(), sorted.empty() ? std::numeric_limits<double>::infinity() : *sorted.begin());
  }
}

TYPED_TEST(Queues, keep_the_order_of_times) {
  for (const std::size_t size : {1, 3, 50, 2000}) {
    compare<TypeParam>(size, 20'000, [](RandomStream& s) { return s.exponential(); });
    compare<TypeParam>(size, 20'000,
                       [](RandomStream& s) { return s.uniform() < 0.9 ? 1.5 : 1e6 * s.uniform(); });
    compare<TypeParam>(size, 20'000, [](RandomStream& s) { return s.uniform() < 0.5 ? 0.0 : 1e-9; });
    compare<TypeParam>(size, 20'000, [](RandomStream& s) { return std::exp(40 * s.uniform() - 30); });
  }
}

TYPED_TEST(Queues, give_back_everything_of_one_time) {
  TypeParam queue;
  for (std::uint64_t k = 0; k < 1000; ++k) queue.push({2.5, k});
  queue.push({1, 5000});
  EXPECT_EQ(queue.pop().what, 5000u);
  std::set<std::uint64_t> given;
  while (queue.size() > 0) {
    EXPECT_EQ(queue.next_time(), 2.5);
    given.insert(queue.pop().what);
  }
  EXPECT_EQ(given.size(), 1000u);
}

}  // namespace
}  // namespace synfire
