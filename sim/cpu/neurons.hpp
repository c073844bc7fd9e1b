// A range of neurons of one model, kept as structure of arrays and advanced by one vectorised loop.
#pragma once

#include <cstring>

#include "core/loops.hpp"
#include "core/soa.hpp"
#include "sim/backend.hpp"
#include "sim/values.hpp"

namespace synfire {

/// Appends the positions of the non-zero bytes, eight at a time.
inline void append_set(std::span<const std::uint8_t> fired, std::vector<std::uint32_t>& positions) {
  const std::size_t words = fired.size() / 8;
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t eight;
    std::memcpy(&eight, fired.data() + 8 * w, 8);
    for (; eight != 0; eight &= eight - 1)  // every byte is 0 or 1
      positions.push_back(static_cast<std::uint32_t>(8 * w + std::size_t(__builtin_ctzll(eight)) / 8));
  }
  for (std::size_t i = 8 * words; i < fired.size(); ++i)
    if (fired[i] != 0) positions.push_back(static_cast<std::uint32_t>(i));
}

template <class M> class CpuNeurons final : public Emitter {
  using Parameters = typename M::Parameters;
  using State = typename M::State;
  using Input = typename M::Input;
  using Constants = typename M::Constants;

 public:
  CpuNeurons(const BuildContext& context, const PopulationDescription& population, Range range)
      : state_(range.count), input_(range.count), fired_(range.count, 0) {
    const ParameterSampler<M> sampler(context, population);
    varied_ = sampler.varies();
    shared_ = sampler.parameters(range.first);
    shared_constants_ = M::constants(shared_, context.grid.dt_ms());
    if (varied_) {
      parameters_ = Columns<Parameters, float>(range.count);
      constants_ = Columns<Constants, float>(range.count);
    }
    for (std::uint32_t i = 0; i < range.count; ++i) {
      const Parameters p = varied_ ? sampler.parameters(range.first + i) : shared_;
      state_.set(i, sampler.initial(range.first + i, p));
      if (!varied_) continue;
      parameters_.set(i, p);
      constants_.set(i, M::constants(p, context.grid.dt_ms()));
    }
  }

  void step(Step, std::vector<std::uint32_t>& spikes) override {
    if (varied_) {
      update<true>();
    } else {
      update<false>();
    }
    append_set(fired_, spikes);
  }

  std::span<float> input(std::size_t receptor) override { return input_.column(receptor); }
  std::span<const float> state(std::size_t variable) const override { return state_.column(variable); }
  std::size_t bytes() const override {
    constexpr std::size_t varied_members =
        Columns<Parameters, float>::count + Columns<Constants, float>::count;
    const std::size_t members =
        Columns<State, float>::count + Columns<Input, float>::count + (varied_ ? varied_members : 0);
    return fired_.size() * (members * sizeof(float) + 1);
  }

 private:
  template <bool varied> void update() {
    run_loop([this]() SYNFIRE_INLINE {
      // Everything is copied into locals: a byte stored through `fired` might else have changed it.
      const auto state = state_.pointers();
      const auto input = input_.pointers();
      const auto parameters = parameters_.pointers();
      const auto constants = constants_.pointers();
      const Parameters shared = shared_;
      const Constants shared_constants = shared_constants_;
      std::uint8_t* const fired = fired_.data();
      const std::size_t size = fired_.size();
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) {
        State s = gather<State>(state, i);
        const Input in = gather<Input>(input, i);
        if constexpr (varied) {
          fired[i] = M::step(s, gather<Parameters>(parameters, i), gather<Constants>(constants, i), in);
        } else {
          fired[i] = M::step(s, shared, shared_constants, in);
        }
        scatter(state, i, s);
        scatter(input, i, Input{});
      }
    });
  }

  bool varied_ = false;
  Parameters shared_{};
  Constants shared_constants_{};
  Columns<State, float> state_;
  Columns<Input, float> input_;
  Columns<Parameters, float> parameters_;
  Columns<Constants, float> constants_;
  LargeVector<std::uint8_t> fired_;
};

}  // namespace synfire
