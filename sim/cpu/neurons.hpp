// A range of neurons of one model, kept as structure of arrays and advanced by one vectorised loop.
#pragma once

#include <cstring>

#include "core/concepts.hpp"
#include "core/loops.hpp"
#include "core/noise.hpp"
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

/// Appends each position as often as its byte says, ascending.
inline void append_counted(std::span<const std::uint8_t> counts, std::vector<std::uint32_t>& positions) {
  for (std::size_t i = 0; i < counts.size(); ++i)
    positions.insert(positions.end(), counts[i], static_cast<std::uint32_t>(i));
}

template <class M> class CpuNeurons final : public Emitter {
  using Parameters = typename M::Parameters;
  using State = typename M::State;
  using Input = typename M::Input;
  using Constants = typename M::Constants;
  using Noise = NoiseOf<M>;

 public:
  CpuNeurons(const BuildContext& context, const PopulationDescription& population, Range range)
      : dt_ms_(context.grid.dt_ms()),
        state_(range.count),
        input_(range.count),
        inputs_(input_.pointers()),
        fired_(range.count, 0),
        first_(range.first),
        context_(&context),
        population_(&population) {
    if constexpr (draws_noise<M>) {
      noise_key_ = context.key(noise_path(population));
      noise_ = Columns<Noise, float>(std::size_t(groups()) * noise::group_size);
    }
    const ParameterSampler<M> sampler(context, population);
    shared_ = sampler.parameters(range.first);
    shared_constants_ = M::constants(shared_, context.grid.dt_ms());
    if (sampler.varies()) vary();
    for (std::uint32_t i = 0; i < range.count; ++i) {
      const Parameters p = varied_ ? sampler.parameters(range.first + i) : shared_;
      state_.set(i, sampler.initial(range.first + i, p));
      if (!varied_) continue;
      parameters_.set(i, p);
      constants_.set(i, M::constants(p, context.grid.dt_ms()));
    }
  }

  void step(Step step, std::vector<std::uint32_t>& spikes) override {
    if constexpr (draws_noise<M>) draw_noise(step);
    constexpr std::size_t all = Columns<Input, float>::count;
    if (varied_) {
      update<true, all>();
    } else if (last_input_used_) {
      update<false, all>();
    } else {
      update<false, all - 1>();
    }
    if constexpr (never_spikes<M>) return;
    if constexpr (spikes_once<M>) {
      append_set(fired_, spikes);
    } else {
      append_counted(fired_, spikes);
    }
  }

  std::span<float> input(std::size_t receptor) override {
    if (receptor + 1 == Columns<Input, float>::count) last_input_used_ = true;
    return {inputs_[receptor], fired_.size()};
  }
  void move_input(std::size_t receptor, float* place) override {
    if (receptor + 1 == inputs_.size()) last_input_used_ = true;
    inputs_[receptor] = place;
  }
  std::span<const float> state(std::size_t variable) const override { return state_.column(variable); }
  bool set_parameter(std::string_view parameter, std::span<const double> values) override {
    bool found = false;
    for_each_field(M::describe(), [&](const auto& f) {
      if (f.name != parameter) return;
      found = true;
      if (values.size() == 1) shared_.*(f.member) = static_cast<float>(values[0]);
      if (values.size() > 1 && !varied_) vary();
      if (!varied_) return;
      for (std::size_t i = 0; i < fired_.size(); ++i) {
        Parameters p = parameters_.get(i);
        p.*(f.member) = static_cast<float>(values[values.size() == 1 ? 0 : i]);
        parameters_.set(i, p);
        constants_.set(i, M::constants(p, dt_ms_));
      }
    });
    shared_constants_ = M::constants(shared_, dt_ms_);
    return found;
  }
  void restart() override {
    if (start_.size() == 0) find_start();
    for (std::size_t m = 0; m < Columns<State, float>::count; ++m) {
      const auto from = start_.column(m);
      std::copy(from.begin(), from.end(), state_.column(m).begin());
    }
  }
  void save(const SavedShare& share) const override {
    for (std::size_t m = 0; m < Columns<State, float>::count; ++m)
      share.put<float>(state_name(m), state_.column(m));
  }
  void load(const LoadedShare& share) override {
    for (std::size_t m = 0; m < Columns<State, float>::count; ++m) {
      const auto saved = share.get<float>(state_name(m));
      std::copy(saved.begin(), saved.end(), state_.column(m).begin());
    }
  }
  std::size_t bytes() const override {
    constexpr std::size_t varied_members =
        Columns<Parameters, float>::count + Columns<Constants, float>::count;
    const std::size_t members =
        Columns<State, float>::count + Columns<Input, float>::count + (varied_ ? varied_members : 0);
    return fired_.size() * (members * sizeof(float) + 1) + noise_.size() * sizeof(Noise) * draws_noise<M>;
  }

 private:
  // By the parameters of the description, whatever they are now.
  void find_start() {
    const ParameterSampler<M> sampler(*context_, *population_);
    const Parameters first = sampler.parameters(first_);
    const bool same = !sampler.varies();
    start_ = Columns<State, float>(fired_.size());
    for (std::uint32_t i = 0; i < fired_.size(); ++i)
      start_.set(i, sampler.initial(first_ + i, same ? first : sampler.parameters(first_ + i)));
  }

  static std::string state_name(std::size_t member) { return "state/" + std::to_string(member); }

  // From one set of parameters for all to one for each.
  void vary() {
    varied_ = true;
    parameters_ = Columns<Parameters, float>(fired_.size());
    constants_ = Columns<Constants, float>(fired_.size());
    for (std::size_t i = 0; i < fired_.size(); ++i) {
      parameters_.set(i, shared_);
      constants_.set(i, shared_constants_);
    }
  }

  // Whole groups are drawn, of which the range may begin and end inside.
  std::uint32_t groups() const {
    const auto end = first_ % noise::group_size + static_cast<std::uint32_t>(fired_.size());
    return (end + noise::group_size - 1) / noise::group_size;
  }

  void draw_noise(Step step) {
    run_loop([this, step]() SYNFIRE_INLINE {
      const auto columns = noise_.pointers();
      const std::uint32_t first = first_ / noise::group_size, count = groups();
      const RandomKey key = noise_key_;
      for (std::uint32_t m = 0; m < columns.size(); ++m)
        for (std::uint32_t g = 0; g < count; ++g)
          noise::draw_group(key, step, first + g, m, columns[m] + std::size_t(g) * noise::group_size);
    });
  }

  // The last receptor of a model is its current, which few networks use: then it need not be read and
  // cleared.
  template <bool varied, std::size_t inputs> void update() {
    run_loop([this]() SYNFIRE_INLINE {
      // Everything is copied into locals: a byte stored through `fired` might else have changed it.
      const auto state = state_.pointers();
      const auto input = inputs_;
      const auto parameters = parameters_.pointers();
      const auto constants = constants_.pointers();
      const auto noise = noise_.pointers();
      const std::size_t drawn_before = first_ % noise::group_size;
      const Parameters shared = shared_;
      const Constants shared_constants = shared_constants_;
      std::uint8_t* const fired = fired_.data();
      const std::size_t size = fired_.size();
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) {
        State s = gather<State>(state, i);
        const Input in = gather_first<inputs, Input>(input, i);
        const Noise drawn = gather<Noise>(noise, i + drawn_before);
        if constexpr (varied) {
          fired[i] =
              advance<M>(s, gather<Parameters>(parameters, i), gather<Constants>(constants, i), in, drawn);
        } else {
          fired[i] = advance<M>(s, shared, shared_constants, in, drawn);
        }
        scatter(state, i, s);
        scatter_first<inputs>(input, i, Input{});
      }
    });
  }

  double dt_ms_;
  bool varied_ = false, last_input_used_ = false;
  Parameters shared_{};
  Constants shared_constants_{};
  Columns<State, float> state_;
  Columns<Input, float> input_;
  std::array<float*, Columns<Input, float>::count> inputs_;  // where each receptor's accumulator lies
  Columns<Parameters, float> parameters_;
  Columns<Constants, float> constants_;
  LargeVector<std::uint8_t> fired_;  // spikes in this step
  std::uint32_t first_ = 0;          // of the range
  RandomKey noise_key_;
  [[no_unique_address]] Columns<Noise, float> noise_;
  const BuildContext* context_;  // what it was made of, which outlives it
  const PopulationDescription* population_;
  Columns<State, float> start_;  // once it has begun anew
};

}  // namespace synfire
