#include "io/hdf5_chunk_tree.hpp"

#include <vector>

namespace synfire::hdf5::detail {

namespace {

constexpr std::size_t head_bytes = 24;

struct Node {
  std::uint64_t address;
  int level;
};

/// A node's bytes if they are in the file and are those of an index of chunks at this level; -1 for any.
std::span<const std::uint8_t> node_at(ByteFile& file, const Node& node, std::size_t entry_bytes) {
  constexpr std::size_t kind_at = 4, level_at = 5, count_at = 6;
  if (node.address > file.size()) return {};
  file.seek(node.address);
  const auto head = file.peek(head_bytes);
  if (head.size() < head_bytes || std::memcmp(head.data(), "TREE", 4) != 0 || head[kind_at] != 1) return {};
  if (node.level >= 0 && head[level_at] != node.level) return {};
  const std::size_t whole = head_bytes + little_endian<std::uint16_t>(&head[count_at]) * entry_bytes;
  const auto all = file.peek(whole);
  return all.size() < whole ? std::span<const std::uint8_t>() : all.first(whole);
}

}  // namespace

bool has_chunks_of(ByteFile& file, std::uint64_t root, std::size_t dimensions, std::uint64_t bytes) {
  constexpr std::uint64_t nothing = ~std::uint64_t{0};
  const std::size_t key_bytes = 8 + 8 * dimensions, entry_bytes = key_bytes + 8;
  if (root == nothing) return true;
  std::vector<Node> ahead{{root, -1}};
  // No more nodes than fit into the file: in a damaged one, many may lead to the same.
  for (std::uint64_t left = file.size() / head_bytes; !ahead.empty(); --left) {
    if (left == 0) return false;
    const auto node = node_at(file, ahead.back(), entry_bytes);
    ahead.pop_back();
    if (node.empty()) return false;
    const int level = node[5];
    for (std::size_t at = head_bytes; at < node.size(); at += entry_bytes) {
      if (level > 0)
        ahead.push_back({little_endian<std::uint64_t>(&node[at + key_bytes]), level - 1});
      else if (little_endian<std::uint32_t>(&node[at]) != bytes)
        return false;
    }
  }
  return true;
}

}  // namespace synfire::hdf5::detail
