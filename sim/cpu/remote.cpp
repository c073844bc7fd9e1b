#include "sim/cpu/remote.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace synfire {
namespace {

Bytes packed(const Totals& totals) {
  Bytes bytes;
  BytesWriter writer(bytes);
  const RunResult& r = totals.result;
  writer.put_all(std::vector<std::uint64_t>{r.neuron_updates, r.synaptic_events, r.drive_events, r.synapses,
                                            r.synapse_bytes, r.neuron_bytes, r.shards, r.messages,
                                            r.message_bytes, r.peak_rss_bytes});
  writer.put(r.build_s);
  writer.put(r.wall_s);
  writer.put_all(totals.populations);
  return bytes;
}

Totals unpacked(const Bytes& bytes) {
  BytesReader reader(bytes);
  Totals totals;
  RunResult& r = totals.result;
  const auto counts = reader.take_all<std::uint64_t>();
  std::size_t next = 0;
  for (std::uint64_t* const place : {&r.neuron_updates, &r.synaptic_events, &r.drive_events, &r.synapses,
                                     &r.synapse_bytes, &r.neuron_bytes})
    *place = counts.at(next++);
  r.shards = counts.at(next++);
  for (std::uint64_t* const place : {&r.messages, &r.message_bytes, &r.peak_rss_bytes})
    *place = counts.at(next++);
  r.build_s = reader.take<double>();
  r.wall_s = reader.take<double>();
  totals.populations = reader.take_all<PopulationTotals>();
  return totals;
}

}  // namespace

Remote::Remote(Ranks& ranks, const Plan& plan, const NetworkDescription& network)
    : ranks_(ranks), exchange_(ranks, plan, network), reports_(ranks.size()), watch_(ranks) {
  const bool first = writes();
  for (unsigned rank = first ? 1 : 0; rank < (first ? ranks.size() : 1); ++rank) {
    listening_.emplace_back();
    listening_.back().rank = rank;
    listen(listening_.back());
  }
  if (first) {
    collector_ = std::make_unique<Collector>(ranks);
  } else {
    forwarder_ = std::make_unique<Forwarder>(ranks, [this] { advance(); });
  }
}

Remote::~Remote() {
  for (const Outgoing& message : outgoing_) ranks_.cancel(message.ticket);
  for (const Listening& from : listening_) ranks_.cancel(from.ticket);
}

ChunkSink& Remote::start(Recorder* recorder) {
  if (forwarder_) return *forwarder_;
  collector_->begin(*recorder);
  return *recorder;
}

bool Remote::advance() {
  if (busy_.test(std::memory_order_relaxed) || busy_.test_and_set(std::memory_order_acquire)) return false;
  struct Release {
    std::atomic_flag& busy;
    ~Release() { busy.clear(std::memory_order_release); }
  } const release{busy_};
  ranks_.poll();
  bool moved = exchange_.advance();
  moved |= control();
  moved |= forwarder_ ? forwarder_->advance() : collector_->advance();
  watch_.look();
  look_for_silence(moved);
  return moved;
}

// Ranks of other machines cannot be watched; they must be heard. Once a stop is asked for they answer soon.
void Remote::look_for_silence(bool moved) {
  using namespace std::chrono_literals;
  if (until_clock_-- > 0 && !moved) return;
  until_clock_ = 1024;
  const auto now = std::chrono::steady_clock::now();
  if (moved) last_move_ = now;
  const auto limit = hurries_ ? 30s : 600s;
  if (now - last_move_ < limit) return;
  unsigned silent = 0;
  if (writes())
    for (unsigned rank = ranks_.size(); rank-- > 1;)
      if (!reports_[rank]) silent = rank;
  throw BrokenRun(
      ErrorKind::resource,
      fmt::format("nothing has come for {} s, not even from {}; the file holds the run up to its last "
                  "flush",
                  limit.count(), ranks_.name(silent)),
      ranks_.rank());
}

void Remote::listen(Listening& from) {
  from.ticket =
      ranks_.receive(from.rank, Ranks::Channel::control, std::as_writable_bytes(std::span(&from.control, 1)));
}

void Remote::tell(unsigned rank, const Control& control) {
  Outgoing& message = outgoing_.emplace_back();
  message.control = control;
  message.ticket = ranks_.send(rank, Ranks::Channel::control, std::as_bytes(std::span(&message.control, 1)));
}

bool Remote::control() {
  std::erase_if(outgoing_, [this](const Outgoing& m) { return ranks_.finished(m.ticket).has_value(); });
  bool moved = false;
  for (Listening& from : listening_) {
    if (!ranks_.finished(from.ticket)) continue;
    hear(from);
    listen(from);
    moved = true;
  }
  if (!stop_wanted_.load(std::memory_order_relaxed) || stop_sent_) return moved;
  stop_sent_ = true;
  hurries_ = true;
  if (!writes()) {
    tell(0, {Kind::stop, 0, 0, 0, {}});
  } else {
    for (unsigned rank = 1; rank < ranks_.size(); ++rank) tell(rank, {Kind::pause, 0, 0, 0, {}});
    pauses_ = true;
  }
  return true;
}

void Remote::hear(const Listening& from) {
  switch (from.control.kind) {
    case Kind::stop:
      ask_to_stop();
      break;
    case Kind::pause:
      pauses_ = true;
      hurries_ = true;
      break;
    case Kind::report:
      reports_[from.rank] = from.control;
      if (from.control.error != 0) ask_to_stop();
      break;
    case Kind::verdict:
      verdict_ = from.control;
      forget_stop();  // at once: what comes next may be the stop of another round
      break;
  }
}

template <class Done> void Remote::pump_until(const Done& done) {
  Patience patience;
  start_waiting();
  while (!done()) {
    if (advance()) {
      patience.reset();
    } else {
      patience.wait();
    }
  }
}

Remote::Control Remote::joint_verdict() const {
  Control verdict = *reports_.front();
  verdict.kind = Kind::verdict;
  for (const auto& report : reports_) {
    verdict.least = std::min(verdict.least, report->least);
    verdict.most = std::max(verdict.most, report->most);
    if (verdict.error != 0 || report->error == 0) continue;
    verdict.error = report->error;
    verdict.text = report->text;
  }
  return verdict;
}

// All ranks have come to rest; whoever still wants to stop says so again.
void Remote::forget_stop() {
  stop_wanted_ = false;
  stop_sent_ = false;
  pauses_ = false;
}

Remote::Settled Remote::settle(Step least, Step most, const Error* failure) {
  Control own{Kind::report, 0, least, most, {}};
  if (failure != nullptr) {
    own.error = static_cast<std::int32_t>(failure->kind());
    const std::string_view text = failure->what();
    text.copy(own.text.data(), std::min(text.size(), own.text.size() - 1));
  }
  if (writes()) {
    if (failure != nullptr) ask_to_stop();
    reports_.front() = own;
    pump_until([this] {
      return std::all_of(reports_.begin(), reports_.end(),
                         [](const auto& report) { return report.has_value(); });
    });
    verdict_ = joint_verdict();
    // Before the others hear of it and go on, to further reports.
    reports_.assign(ranks_.size(), std::nullopt);
    forget_stop();
    for (unsigned rank = 1; rank < ranks_.size(); ++rank) tell(rank, *verdict_);
  } else {
    tell(0, own);
    pump_until([this] { return verdict_.has_value(); });
  }
  pump_until([this] { return outgoing_.empty(); });
  const Control verdict = *verdict_;
  verdict_.reset();
  if (verdict.error != 0) throw BrokenRun(static_cast<ErrorKind>(verdict.error), verdict.text.data());
  return {verdict.least, verdict.most};
}

void Remote::bring_records() {
  ++marks_;
  if (forwarder_) forwarder_->mark();
  pump_until([this] { return forwarder_ ? forwarder_->is_through() : collector_->has_come_to(marks_); });
}

void Remote::drain(Step steps) {
  if (forwarder_) forwarder_->close();
  pump_until([this, steps] {
    return exchange_.is_through(steps) && (forwarder_ ? forwarder_->is_through() : collector_->is_through());
  });
}

void Remote::gather(Totals& totals) {
  totals.result.ranks = ranks_.size();
  totals.result.messages = exchange_.messages();
  totals.result.message_bytes = exchange_.bytes_sent();
  const auto all = synfire::gather(ranks_, packed(totals));
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const Totals other = unpacked(all[rank]);
    totals.result.rank_peak_rss_bytes.push_back(other.result.peak_rss_bytes);
    if (rank > 0) totals.add(other);
  }
}

}  // namespace synfire
