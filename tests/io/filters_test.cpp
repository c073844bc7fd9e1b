#include "io/events/filters.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "io/events/readers.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::camera;
using test::error_of;
using test::noise_events;
using test::read_all;
using test::reader_of;

const SensorInfo small = camera(20, 12);

std::vector<Event> filtered(const std::vector<Event>& events, std::vector<EventFilter> filters,
                            const SensorInfo& sensor = small, std::size_t at_once = 777) {
  FilteredReader reader(reader_of(events, sensor), std::move(filters));
  return read_all(reader, at_once);
}

Refractory refractory(std::int64_t period_us) {
  Refractory filter;
  filter.period_us = period_us;
  return filter;
}
BackgroundActivity background(std::int64_t support_us) {
  BackgroundActivity filter;
  filter.support_us = support_us;
  return filter;
}
Flip flip(bool x, bool y) {
  Flip filter;
  filter.x = x;
  filter.y = y;
  return filter;
}
TimeWindow window(std::int64_t from_us, std::optional<std::int64_t> until_us) {
  TimeWindow filter;
  filter.from_us = from_us;
  filter.until_us = until_us;
  return filter;
}
TimeScale scale(double factor) {
  TimeScale filter;
  filter.factor = factor;
  return filter;
}

TEST(Filters, BlocksOfAnySizeGiveTheSame) {
  const auto events = noise_events(5000, small);
  const std::vector<EventFilter> chain{flip(true, false), background(40),  window(2000, 15000),
                                       Crop{2, 3, 11, 8}, refractory(100), StartAtZero{},
                                       Downsample{3}};
  const auto whole = filtered(events, chain, small, 100000);
  ASSERT_GT(whole.size(), 100U);
  for (const std::size_t at_once : {1U, 7U, 1000U}) EXPECT_EQ(filtered(events, chain, small, at_once), whole);
}

TEST(Filters, CropKeepsExactlyTheRectangle) {
  const auto events = noise_events(3000, small);
  const Crop crop{4, 1, 9, 6};
  std::vector<Event> wanted;
  for (Event e : events)
    if (e.x >= 4 && e.x < 13 && e.y >= 1 && e.y < 7) {
      e.x = static_cast<std::uint16_t>(e.x - 4);
      e.y = static_cast<std::uint16_t>(e.y - 1);
      wanted.push_back(e);
    }
  EXPECT_EQ(filtered(events, {crop}), wanted);
  EXPECT_EQ(FilterChain({crop}, {20, 12}).extent(), (Extent{9, 6}));
  const auto everything = filtered(events, {Crop{0, 0, 20, 12}});
  EXPECT_EQ(everything, events);
}

TEST(Filters, WindowCountsFromTheFirstEvent) {
  const std::vector<Event> events{
      {500, 1, 1, 1}, {510, 1, 1, 1}, {519, 1, 1, 1}, {520, 1, 1, 1}, {600, 1, 1, 1}};
  EXPECT_EQ(filtered(events, {window(10, 20)}), (std::vector<Event>{events[1], events[2]}));
  EXPECT_EQ(filtered(events, {window(20, std::nullopt)}), (std::vector<Event>{events[3], events[4]}));
  // Also behind a filter that drops the first.
  EXPECT_EQ(filtered(events, {refractory(15), window(10, 21)}), (std::vector<Event>{events[2]}));
  EXPECT_EQ(filtered(events, {window(20, std::nullopt), StartAtZero{}, window(0, 80)}),
            (std::vector<Event>{{0, 1, 1, 1}}));
}

TEST(Filters, DownsamplingKeepsEveryEvent) {
  const auto events = noise_events(3000, small);
  const auto joined = filtered(events, {Downsample{5}});
  ASSERT_EQ(joined.size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    EXPECT_EQ(joined[i], (Event{events[i].t_us, static_cast<std::uint16_t>(events[i].x / 5),
                                static_cast<std::uint16_t>(events[i].y / 5), events[i].on}));
  EXPECT_EQ(FilterChain({Downsample{5}}, {20, 12}).extent(), (Extent{4, 3})) << "12 rows: the last is of two";
  EXPECT_EQ(filtered(events, {Downsample{2}, Downsample{3}}), filtered(events, {Downsample{6}}));
}

TEST(Filters, PolaritiesPartTheEvents) {
  const auto events = noise_events(3000, small);
  const auto on = filtered(events, {Polarity{Polarity::Keep::on}});
  const auto off = filtered(events, {Polarity{Polarity::Keep::off}});
  const auto merged = filtered(events, {Polarity{Polarity::Keep::merged}});
  EXPECT_EQ(on.size() + off.size(), events.size());
  for (const Event& e : on) EXPECT_EQ(e.on, 1);
  for (const Event& e : off) EXPECT_EQ(e.on, 0);
  for (const Event& e : merged) EXPECT_EQ(e.on, 1);
  EXPECT_EQ(merged.size(), events.size());
}

TEST(Filters, FlippingTwiceIsNothing) {
  const auto events = noise_events(500, small);
  for (const Flip& f : {flip(true, false), flip(false, true), flip(true, true)}) {
    EXPECT_NE(filtered(events, {f}), events);
    EXPECT_EQ(filtered(events, {f, f}), events);
  }
  EXPECT_EQ(filtered({{0, 0, 0, 1}}, {flip(true, false)}), (std::vector<Event>{{0, 19, 0, 1}}));
  EXPECT_EQ(filtered({{0, 0, 0, 1}}, {flip(false, true)}), (std::vector<Event>{{0, 0, 11, 1}}));
}

TEST(Filters, TimeIsStretchedAboutTheFirstEvent) {
  const std::vector<Event> events{{1000, 0, 0, 1}, {1003, 0, 0, 1}, {2000, 0, 0, 1}};
  const auto half = filtered(events, {scale(0.5)});
  EXPECT_EQ(half[0].t_us, 1000);
  EXPECT_EQ(half[1].t_us, 1002) << "1.5 rounds to 2";
  EXPECT_EQ(half[2].t_us, 1500);
  constexpr std::int64_t late = std::numeric_limits<std::int64_t>::max() - 1;
  EXPECT_EQ(filtered({{late, 0, 0, 1}}, {scale(1)})[0].t_us, late) << "no digit is lost";
  EXPECT_NE(error_of([&] { filtered({{0, 0, 0, 1}, {late, 0, 0, 1}}, {scale(3)}); }), "");
}

TEST(Filters, BackgroundActivityGoesAndPairsStay) {
  const Event lonely{1000, 3, 3, 1}, first{2000, 10, 5, 1}, partner{2030, 11, 6, 0}, late{2131, 12, 7, 1};
  EXPECT_EQ(filtered({lonely, first, partner, late}, {background(100)}), (std::vector<Event>{partner}))
      << "one after 101 µs has no support any more";
  EXPECT_EQ(filtered({lonely, first, partner, late}, {background(101)}), (std::vector<Event>{partner, late}));
  // The own pixel is no support, nor is one two pixels away; corners of the sensor have fewer neighbours.
  EXPECT_TRUE(filtered({{0, 4, 4, 1}, {1, 4, 4, 1}, {2, 6, 4, 1}}, {background(100)}).empty());
  const std::vector<Event> corners{
      {0, 0, 0, 1}, {1, 1, 1, 1}, {2, 19, 11, 1}, {3, 18, 10, 1}, {4, 19, 10, 0}};
  EXPECT_EQ(filtered(corners, {background(1)}), (std::vector<Event>{corners[1], corners[3], corners[4]}));
  // The last column and the first of the next row are no neighbours.
  EXPECT_TRUE(filtered({{0, 19, 4, 1}, {1, 0, 5, 1}, {2, 19, 3, 1}}, {background(1)}).size() == 0);
}

TEST(Filters, RefractoryPixelsRest) {
  const auto events = noise_events(5000, small);
  const auto kept = filtered(events, {refractory(300)});
  EXPECT_LT(kept.size(), events.size());
  EXPECT_EQ(filtered(kept, {refractory(300)}), kept);
  for (std::size_t i = 0; i < kept.size(); ++i)
    for (std::size_t k = i + 1; k < kept.size() && kept[k].t_us - kept[i].t_us < 300; ++k)
      EXPECT_FALSE(kept[i].x == kept[k].x && kept[i].y == kept[k].y);
  EXPECT_EQ(filtered(events, {refractory(0)}), events);
}

TEST(Filters, DroppedPixelsAreSilent) {
  const auto events = noise_events(3000, small);
  DropPixels drop;
  drop.pixels = {{3, 4}, {19, 11}};
  const auto kept = filtered(events, {drop});
  EXPECT_LT(kept.size(), events.size());
  for (const Event& e : kept) EXPECT_FALSE((e.x == 3 && e.y == 4) || (e.x == 19 && e.y == 11));
  EXPECT_EQ(filtered(kept, {drop}), kept);
}

TEST(Filters, NonsenseIsRefused) {
  const auto refused = [](EventFilter filter, Extent sensor = {20, 12}) {
    return error_of([&] { FilterChain({filter}, sensor); });
  };
  EXPECT_NE(refused(Crop{15, 0, 6, 1}), "");
  EXPECT_NE(refused(Crop{0, 0, 0, 1}), "");
  EXPECT_NE(refused(Crop{4000000000U, 0, 1, 1}), "");
  EXPECT_NE(refused(window(10, 10)), "");
  EXPECT_NE(refused(Downsample{0}), "");
  EXPECT_NE(refused(scale(0)), "");
  EXPECT_NE(refused(scale(std::numeric_limits<double>::infinity())), "");
  EXPECT_NE(refused(refractory(-1)), "");
  EXPECT_NE(refused(background(5), {65535, 65535}), "") << "34 GB of memory";
  EXPECT_NE(error_of([] { FilterChain({Crop{0, 0, 5, 5}, Crop{0, 0, 6, 5}}, {20, 12}); }), "");
}

TEST(Filters, TimesAtTheEndsOf64Bits) {
  constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = -(low + 1);
  const std::vector<Event> events{{low, 1, 1, 1}, {low + 1, 2, 1, 1}, {high, 1, 1, 1}, {high, 2, 2, 1}};
  EXPECT_EQ(filtered(events, {refractory(high)}),
            (std::vector<Event>{events[0], events[1], events[2], events[3]}));
  EXPECT_EQ(filtered(events, {window(0, high)}).size(), 2U);
  EXPECT_EQ(filtered(events, {background(high)}).back(), events[3]);
  EXPECT_NE(error_of([&] { filtered(events, {StartAtZero{}}); }), "");
}

}  // namespace
}  // namespace synfire
