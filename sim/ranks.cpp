#include "sim/ranks.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>

#include <fmt/format.h>

namespace synfire {
namespace {

using Channel = Ranks::Channel;

std::size_t wait_for(Ranks& ranks, Ranks::Ticket ticket) {
  LossWatch watch(ranks);
  Patience patience;
  while (true) {
    ranks.poll();
    if (const auto bytes = ranks.finished(ticket)) return *bytes;
    watch.look();
    patience.wait();
  }
}

// What part() threw, as bytes; none when it did not.
Bytes failure_of(const std::function<void()>& part) {
  Bytes bytes;
  const auto describe = [&](ErrorKind kind, const std::string& what) {
    BytesWriter writer(bytes);
    writer.put(kind);
    writer.put_text(what);
  };
  try {
    part();
  } catch (const BrokenRun&) {
    throw;
  } catch (const Error& error) {
    describe(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    describe(ErrorKind::resource, fmt::format("out of memory; run on more machines or a smaller network"));
  } catch (const std::exception& error) {
    describe(ErrorKind::internal, error.what());
  }
  return bytes;
}

unsigned number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? 0 : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

}  // namespace

void LossWatch::look() {
  constexpr unsigned calls_between = 256;
  if (++calls_ % calls_between != 0) return;
  if (const auto gone = ranks_.lost())
    throw BrokenRun(ErrorKind::resource,
                    fmt::format("{} ended before the run did; the file holds the run up to its last flush",
                                ranks_.name(*gone)),
                    *gone == 0 ? 1 : 0);
}

void Patience::wait() {
  constexpr unsigned before_sleeping = 2000;
  if (waited_++ < before_sleeping) return std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::microseconds(200));
}

// Its size goes first.
void send_bytes(Ranks& ranks, unsigned to, const Bytes& bytes) {
  const std::uint64_t size = bytes.size();
  wait_for(ranks, ranks.send(to, Channel::agreement, std::as_bytes(std::span(&size, 1))));
  for_each_piece(size, [&](std::size_t begin, std::size_t count) {
    wait_for(ranks, ranks.send(to, Channel::agreement, std::span(bytes).subspan(begin, count)));
  });
}

Bytes receive_bytes(Ranks& ranks, unsigned from) {
  std::uint64_t size = 0;
  wait_for(ranks, ranks.receive(from, Channel::agreement, std::as_writable_bytes(std::span(&size, 1))));
  Bytes bytes(size);
  for_each_piece(size, [&](std::size_t begin, std::size_t count) {
    wait_for(ranks, ranks.receive(from, Channel::agreement, std::span(bytes).subspan(begin, count)));
  });
  return bytes;
}

std::vector<Bytes> gather(Ranks& ranks, const Bytes& bytes) {
  if (ranks.rank() > 0) {
    send_bytes(ranks, 0, bytes);
    return {};
  }
  std::vector<Bytes> all = {bytes};
  for (unsigned from = 1; from < ranks.size(); ++from) all.push_back(receive_bytes(ranks, from));
  return all;
}

Bytes share(Ranks& ranks, const Bytes& bytes) {
  if (ranks.rank() > 0) return receive_bytes(ranks, 0);
  for (unsigned to = 1; to < ranks.size(); ++to) send_bytes(ranks, to, bytes);
  return bytes;
}

std::int64_t smallest(Ranks& ranks, std::int64_t value) {
  std::vector values = {value};
  agree_on_smallest(&ranks, values);
  return values.front();
}

void agree_on_smallest(Ranks* ranks, std::vector<std::int64_t>& values) {
  if (ranks == nullptr) return;
  Bytes bytes;
  BytesWriter(bytes).put_all(values);
  for (const Bytes& part : gather(*ranks, bytes)) {
    const auto others = BytesReader(part).take_all<std::int64_t>();
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = std::min(values[k], others.at(k));
  }
  bytes.clear();
  BytesWriter(bytes).put_all(values);
  values = BytesReader(share(*ranks, bytes)).take_all<std::int64_t>();
}

void together(Ranks* ranks, const std::function<void()>& part) {
  if (ranks == nullptr) return part();
  const auto failures = gather(*ranks, failure_of(part));
  Bytes first;
  for (unsigned rank = 0; rank < failures.size() && first.empty(); ++rank) first = failures[rank];
  first = share(*ranks, first);
  if (first.empty()) return;
  BytesReader reader(first);
  const auto kind = reader.take<ErrorKind>();
  throw SharedError(kind, reader.take_text());
}

unsigned launched_processes() {
  for (const char* const variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const unsigned processes = number_in(variable); processes > 0) return processes;
  return 0;
}

unsigned launched_as() {
  if (launched_processes() <= 1) return 0;
  for (const char* const variable : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"})
    if (std::getenv(variable) != nullptr) return number_in(variable);
  return 0;
}

}  // namespace synfire
