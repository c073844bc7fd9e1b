#include "io/events/evt3.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include "core/error.hpp"
#include "io/events/prophesee_header.hpp"

namespace synfire {

namespace {

constexpr std::size_t word_bytes = 2;
constexpr std::uint32_t vector_pixels = 12;
constexpr std::uint32_t most_pixels = 2048;
constexpr int high_shift = 12;
constexpr std::int64_t period = 1 << 12;  ///< of the upper part of the time
constexpr std::int64_t last_us = std::int64_t{1} << 40;

enum Type : std::uint32_t {
  addr_y = 0x0,
  addr_x = 0x2,
  vect_base_x = 0x3,
  vect_12 = 0x4,
  vect_8 = 0x5,
  time_low = 0x6,
  time_high = 0x8,
};

HighCounter high_counter() { return {period, period / 2}; }

/// What a word does, by its type. The three that make up most of a recording are decoded without a branch, as
/// their order cannot be foreseen.
struct Effect {
  std::uint64_t keep = ~std::uint64_t{0};  ///< of what is known (Evt3Reader::State)
  std::uint64_t take = 0;                  ///< instead, of the word, copied to bits 16 and 32
  std::uint32_t test = 0, pass = 1;        ///< of the signs that the address is inside; here: never good
  std::ptrdiff_t events = 0;
};
constexpr std::uint64_t spread = std::uint64_t{1} << 16 | std::uint64_t{1} << 32;
constexpr std::uint32_t inside_signs = 0x8000'8000;
constexpr std::array<Effect, 16> effects = [] {
  constexpr std::uint64_t y_bits = std::uint64_t{0x7ff} << 16, low_bits = std::uint64_t{0xfff} << 32;
  std::array<Effect, 16> all{};
  all[addr_y] = {~(std::uint64_t{0xffff} << 16), y_bits, 0, 0, 0};
  all[time_low] = {~(std::uint64_t{0xffff'ffff} << 32), low_bits, 0, 0, 0};
  all[addr_x] = {~std::uint64_t{0}, 0, inside_signs, inside_signs, 1};
  return all;
}();

std::uint32_t word_at(const std::uint8_t* bytes) { return little_endian<std::uint16_t>(bytes); }

struct Run {
  const std::uint8_t* at;
  Event* event;
  std::uint64_t known;
};

/// Takes the frequent words up to `stop`, or to one of another kind or an event outside. `corner`: the last
/// pixel, as y << 16 | x.
inline Run take_frequent(Run run, const std::uint8_t* stop, std::int64_t high_us, std::uint32_t corner) {
  for (; run.at != stop; run.at += word_bytes) {
    const std::uint32_t word = word_at(run.at);
    const Effect& effect = effects[word >> 12];
    run.known = (run.known & effect.keep) | (word * spread & effect.take);
    const std::uint32_t address = static_cast<std::uint32_t>(run.known) | (word & 0x7ff);
    store_event(run.event, high_us + static_cast<std::int64_t>(run.known >> 32),
                address | std::uint64_t{word & 0x800} << 21);
    // x and y have 15 bits each: the bit above stays set where nothing had to be borrowed.
    const std::uint32_t signs = (corner | inside_signs) - address;
    if ((signs & effect.test) != effect.pass) break;
    run.event += effect.events;
  }
  return run;
}

/// The events of a mask, lowest pixel first; `address` is that of its bit 0. `to` has room for four even if
/// there are fewer: most masks have at most four bits, and writing these without asking for each spares a
/// branch that cannot be foreseen.
Event* put_mask(Event* to, std::uint32_t mask, std::int64_t time, std::uint64_t address) {
  const int count = std::popcount(mask);
  const auto put = [&](int i) {
    store_event(to + i, time, address + static_cast<std::uint32_t>(std::countr_zero(mask)));
    mask &= mask - 1;
  };
  put(0), put(1), put(2), put(3);
  for (int i = 4; i < count; ++i) put(i);
  return to + count;
}

}  // namespace

bool is_evt3(const FileHead& head) { return is_raw(head, "EVT3"); }

Evt3Reader::Evt3Reader(const std::string& path, const EventOptions& options)
    : WordReader(path, options, {word_bytes, vector_pixels}), high_(high_counter()) {
  const PropheseeHeader header = read_prophesee_header(file_);
  if (header.encoding != "EVT3") file_.refuse(0, "not EVT 3.0");
  info_ = prophesee_sensor(file_, header, options, "evt3", most_pixels);
  require_size(file_, info_);
}

std::size_t Evt3Reader::skip_untimed(std::span<const std::uint8_t> words) {
  std::size_t at = 0;
  for (; at < words.size(); at += word_bytes) {
    const std::uint32_t type = word_at(words.data() + at) >> 12;
    if (type == time_high) break;
    if (type == addr_x || type == vect_12 || type == vect_8) tell_untimed();
  }
  return at;
}

/// The bits of `mask` whose pixels lie on the sensor.
std::uint32_t Evt3Reader::inside_of(std::uint32_t mask, std::uint32_t pixels) const {
  if (state_.y() >= info_.height || state_.base_x >= info_.width) return 0;
  const std::uint64_t room = info_.width - state_.base_x;
  return room >= pixels ? mask : mask & ((1U << room) - 1);
}

/// All words but the frequent ones, and events outside the sensor; false: damage.
bool Evt3Reader::take_rare(std::uint32_t word, Event*& event) {
  const std::uint32_t type = word >> 12;
  if (type == vect_12 || type == vect_8) {
    const std::uint32_t pixels = type == vect_12 ? 12 : 8;
    const std::uint32_t mask = word & ((1U << pixels) - 1), inside = inside_of(mask, pixels);
    if (inside != mask) [[unlikely]] {
      if (!damage_.lenient()) return false;
      outside_ += static_cast<std::uint64_t>(std::popcount(mask ^ inside));
    }
    event = put_mask(event, inside, state_.time(),
                     state_.vector_on << 32 | std::uint64_t{state_.y()} << 16 | state_.base_x);
    state_.base_x += pixels;
  } else if (type == vect_base_x) {
    state_.base_x = word & 0x7ff;
    state_.vector_on = word >> 11 & 1;
  } else if (type == time_high) {
    const std::int64_t high_us = high_(word & 0xfff) << high_shift;
    if (high_us != state_.high_us) state_.known &= 0xffff'ffff;  // a word for the lower part follows
    state_.high_us = high_us;
  } else if (type == addr_x) {
    if (!damage_.lenient()) return false;
    ++outside_;
  }
  return true;
}

WordReader::Progress Evt3Reader::decode_words(std::span<const std::uint8_t> words, std::span<Event> to) {
  const std::uint8_t* const end = words.data() + words.size();
  const Event* const last = to.data() + to.size() - vector_pixels;
  const auto corner = static_cast<std::uint32_t>((info_.height - 1) << 16 | (info_.width - 1));
  Run run{words.data() + (high_.started() ? 0 : skip_untimed(words)), to.data(), 0};
  while (run.at != end && run.event <= last) {
    const auto most =
        std::min((end - run.at) / static_cast<std::ptrdiff_t>(word_bytes), last - run.event + 1);
    const std::uint8_t* const stop = run.at + most * static_cast<std::ptrdiff_t>(word_bytes);
    run.known = state_.known;
    run = take_frequent(run, stop, state_.high_us, corner);
    state_.known = run.known;
    if (run.at == stop) continue;
    if (!take_rare(word_at(run.at), run.event)) break;
    run.at += word_bytes;
  }
  return {static_cast<std::size_t>(run.at - words.data()), static_cast<std::size_t>(run.event - to.data())};
}

// --- writing
// --------------------------------------------------------------------------------------------------------

Evt3Writer::Evt3Writer(const std::string& path, const EventSink& sink)
    : file_(path), sink_(sink), counter_(high_counter()) {
  check_sensor(path, sink, most_pixels);
  file_.put(raw_header("EVT3", "3.0", sink));
}

void Evt3Writer::put(std::uint32_t type, std::uint32_t bits) {
  put_little_endian(static_cast<std::uint16_t>(type << 12 | bits), bytes_);
}

void Evt3Writer::put_high(std::int64_t high) {
  const auto stored = static_cast<std::uint32_t>(high % period);
  put(time_high, stored);
  if (counter_(stored) != high)
    throw Error(ErrorKind::input, fmt::format("{}: the time {} us steps back further than EVT 3.0 can tell",
                                              file_.path(), high << high_shift));
  high_ = high;
  low_ = 0;  // so a reader takes it
}

/// A reader counts wraps from the first word on: a late start and every gap are walked through.
void Evt3Writer::go_to(std::int64_t time) {
  if (time < 0 || time > last_us)
    throw Error(ErrorKind::input,
                fmt::format("{}: time {} us cannot be stored in EVT 3.0: it goes from 0 to 2^40 us (12 days)",
                            file_.path(), time));
  const std::int64_t high = time >> high_shift, low = time & ((1 << high_shift) - 1);
  if (high_ < 0) put_high(high < period ? high : 0);
  while (high_ != high) put_high(next_high(high_, high, period));
  if (low != low_) put(time_low, static_cast<std::uint32_t>(low));
  low_ = low;
}

/// Writes the front of a row of rising x and equal polarity, as far as one vector or single event goes;
/// returns how many events that is.
std::size_t Evt3Writer::put_row(std::span<const Event> row) {
  const std::uint32_t first = row[0].x, on = std::uint32_t{row[0].on} << 11;
  const auto reach = [&](std::size_t from, std::uint32_t base) {
    std::size_t to = from;
    while (to < row.size() && row[to].x < base + vector_pixels) ++to;
    return to;
  };
  if (reach(0, first) < 3) {  // a vector takes two words
    put(addr_x, on | first);
    return 1;
  }
  put(vect_base_x, on | first);
  std::size_t done = 0;
  for (std::uint32_t base = first; done < row.size() && row[done].x < base + vector_pixels;
       base += vector_pixels) {
    std::uint32_t mask = 0;
    for (const std::size_t to = reach(done, base); done < to; ++done) mask |= 1U << (row[done].x - base);
    put(vect_12, mask);
  }
  return done;
}

void Evt3Writer::write(std::span<const Event> events) {
  bytes_.clear();
  while (!events.empty()) {
    const Event& first = events.front();
    check_event(file_.path(), first, sink_);
    std::size_t count = 1;
    for (; count < events.size(); ++count) {
      const Event &before = events[count - 1], &here = events[count];
      if (here.t_us != first.t_us || here.y != first.y || here.on != first.on || here.x <= before.x) break;
      check_event(file_.path(), here, sink_);
    }
    go_to(first.t_us);
    if (y_ != first.y) put(addr_y, first.y);
    y_ = first.y;
    for (auto row = events.first(count); !row.empty();) row = row.subspan(put_row(row));
    events = events.subspan(count);
  }
  file_.put(bytes_);
}

}  // namespace synfire
