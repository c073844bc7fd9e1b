// A range of neurons of one model, kept as structure of arrays and advanced by one vectorised loop.
#pragma once

#include <cstring>

#include "core/loops.hpp"
#include "core/soa.hpp"
#include "sim/backend.hpp"
#include "sim/values.hpp"

namespace synfire {

/// Appends the positions of the bytes that are 1 (all others are 0), ascending.
inline void append_set(std::span<const std::uint8_t> fired, std::vector<std::uint32_t>& positions) {
  constexpr std::size_t block = 64;  // most blocks hold no spike
  std::size_t begin = 0;
  for (; begin + block <= fired.size(); begin += block) {
    std::uint64_t words[block / 8], any = 0;
    std::memcpy(words, fired.data() + begin, block);
    for (const std::uint64_t word : words) any |= word;
    if (any == 0) continue;
    for (std::size_t w = 0; w < block / 8; ++w)
      for (std::uint64_t word = words[w]; word != 0; word &= word - 1)
        positions.push_back(
            static_cast<std::uint32_t>(begin + 8 * w + std::size_t(__builtin_ctzll(word)) / 8));
  }
  for (; begin < fired.size(); ++begin)
    if (fired[begin] != 0) positions.push_back(static_cast<std::uint32_t>(begin));
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
    constexpr std::size_t all = Columns<Input, float>::count;
    if (varied_) {
      update<true, all>();
    } else if (last_input_used_) {
      update<false, all>();
    } else {
      update<false, all - 1>();
    }
    append_set(fired_, spikes);
  }

  std::span<float> input(std::size_t receptor) override {
    if (receptor + 1 == Columns<Input, float>::count) last_input_used_ = true;
    return input_.column(receptor);
  }
  std::span<const float> state(std::size_t variable) const override { return state_.column(variable); }
  std::size_t bytes() const override {
    constexpr std::size_t varied_members =
        Columns<Parameters, float>::count + Columns<Constants, float>::count;
    const std::size_t members =
        Columns<State, float>::count + Columns<Input, float>::count + (varied_ ? varied_members : 0);
    return fired_.size() * (members * sizeof(float) + 1);
  }

 private:
  // The last receptor of a model is its current, which few networks use: then it need not be read and
  // cleared.
  template <bool varied, std::size_t inputs> void update() {
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
        const Input in = gather_first<inputs, Input>(input, i);
        if constexpr (varied) {
          fired[i] = M::step(s, gather<Parameters>(parameters, i), gather<Constants>(constants, i), in);
        } else {
          fired[i] = M::step(s, shared, shared_constants, in);
        }
        scatter(state, i, s);
        scatter_first<inputs>(input, i, Input{});
      }
    });
  }

  bool varied_ = false, last_input_used_ = false;
  Parameters shared_{};
  Constants shared_constants_{};
  Columns<State, float> state_;
  Columns<Input, float> input_;
  Columns<Parameters, float> parameters_;
  Columns<Constants, float> constants_;
  LargeVector<std::uint8_t> fired_;
};

}  // namespace synfire
