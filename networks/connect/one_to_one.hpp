#pragma once

#include "networks/connect/checks.hpp"

namespace synfire::connect {

/// Source i feeds target i.
class OneToOne final : public Connector {
 public:
  struct Parameters {};
  static constexpr auto describe() {
    return about("one_to_one", "source i feeds target i", "NEST one_to_one");
  }

  OneToOne(const Parameters&, const ConnectContext& context, const ConnectDescription& connect)
      : size_(context.targets) {
    check_same_size(context, connect);
  }

  void sources_of(std::uint32_t target, std::vector<std::uint32_t>& sources) const override {
    sources.push_back(target);
  }
  double expected_synapses() const override { return size_; }
  bool is_identity() const override { return true; }

 private:
  std::uint32_t size_;
};

}  // namespace synfire::connect
