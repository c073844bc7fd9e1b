#include "learning/gradient/rank_parts.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "core/loops.hpp"

namespace synfire::learning {
namespace {

// The least number of parts, not below `parts`, that so many ranks can share.
std::size_t sharable(std::size_t ranks, std::size_t parts) {
  return ranks * std::bit_ceil((parts + ranks - 1) / ranks);
}

}  // namespace

RankParts::RankParts(Ranks* ranks, std::size_t parts) : ranks_(ranks), end_(parts) {
  if (ranks_ == nullptr) return;
  const std::size_t count = ranks_->size(), fitting = sharable(count, parts);
  if (fitting != parts)
    throw Error(ErrorKind::usage,
                fmt::format("training: {} ranks cannot share {} parts of a batch, each must have 1, 2, 4, 8, "
                            "… of them; --set training.parts={} (in runs to be compared: all of them)",
                            count, parts, fitting));
  begin_ = parts / count * ranks_->rank();
  end_ = begin_ + parts / count;
}

// Ranks have neighbouring ranges, so that one after the other they make the whole.
void RankParts::share_bytes(std::span<std::byte> all, std::size_t begin, std::size_t end) const {
  if (alone()) return;
  const auto own = all.subspan(begin, end - begin);
  Bytes whole;
  for (const Bytes& part : gather(*ranks_, Bytes(own.begin(), own.end())))
    whole.insert(whole.end(), part.begin(), part.end());
  whole = synfire::share(*ranks_, whole);
  if (whole.size() != all.size())
    throw Error(ErrorKind::internal, "the ranks' parts of a batch do not make the whole");
  std::copy(whole.begin(), whole.end(), all.begin());
}

void RankParts::share(std::vector<std::vector<double>>& rows) const {
  if (alone() || rows.empty()) return;
  const std::size_t width = rows.front().size();
  std::vector<double> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  share(std::span(all), width);
  for (std::size_t p = 0; p < rows.size(); ++p)
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(p * width), width, rows[p].begin());
}

// Up the binary tree of the ranks, whose leaves are the trees of OrderedSum, and down again.
template <class Real> void RankParts::add(std::span<Real> sum) const {
  if (alone()) return;
  const unsigned rank = ranks_->rank(), ranks = ranks_->size();
  const auto bytes = std::as_writable_bytes(sum);
  unsigned stride = 1;
  for (; stride < ranks && rank % (2 * stride) == 0; stride *= 2) {
    if (rank + stride >= ranks) continue;
    const Bytes other = receive_bytes(*ranks_, rank + stride);
    const Real* __restrict from = reinterpret_cast<const Real*>(other.data());
    Real* __restrict to = sum.data();
    const std::size_t size = sum.size();
    run_loop([=]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
    });
  }
  if (rank > 0) {
    send_bytes(*ranks_, rank - stride, Bytes(bytes.begin(), bytes.end()));
    const Bytes total = receive_bytes(*ranks_, rank - stride);
    std::copy(total.begin(), total.end(), bytes.begin());
  }
  const Bytes total(bytes.begin(), bytes.end());
  for (unsigned below = rank > 0 ? stride : std::bit_ceil(ranks); below >>= 1;)
    if (rank + below < ranks) send_bytes(*ranks_, rank + below, total);
}

template void RankParts::add(std::span<float>) const;
template void RankParts::add(std::span<double>) const;

}  // namespace synfire::learning
