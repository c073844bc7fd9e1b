// Neurons: the models of the engine, over all steps at once or, where their spikes come back to them, step by
// step.
#include <algorithm>

#include <fmt/format.h>

#include "learning/gradient/neuron_layer.hpp"
#include "learning/gradient/ordered_sum.hpp"
#include "learning/gradient/products.hpp"
#include "learning/gradient/spike_products.hpp"

namespace synfire::learning {
namespace {

/// Neurons that do not hear each other: a block of them goes through all steps while it lies in the cache. Of
/// a pass nothing is kept but its input, from which the way back computes the states again.
template <class Real> class FreeNeurons final : public NeuronLayer<Real> {
  using Base = NeuronLayer<Real>;
  using typename Base::Step;

 public:
  using Base::Base;

  bool again() const override { return true; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    Block block(*this, pass);
    const std::size_t all = this->neurons_of(piece);
    std::uint64_t spikes = 0;
    for (std::size_t first = 0; first < all; first += block.width) {
      const std::size_t size = std::min(block.width, all - first);
      this->neurons_->start(block.state(0), block.width, size);
      for (std::size_t t = 0; t < pass.steps; ++t) {
        Real* after = block.state((t + 1) % 2);
        const Step step = prepare(pass, piece, block, t, first, size, block.state(t % 2));
        this->neurons_->forward(step, after, block.spikes.data(), block.margin(0));
        Real* to = piece.output + (this->out_.constant ? 0 : t) * all + first;
        std::copy_n(this->membrane_ ? after : block.spikes.data(), size, to);
        if (this->neurons_->spikes()) spikes += this->count(block.spikes.data(), size);
      }
    }
    this->spikes_[piece.part] = spikes;
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    Block block(*this, pass);
    const std::size_t all = this->neurons_of(piece);
    for (std::size_t first = 0; first < all; first += block.width) {
      const std::size_t size = std::min(block.width, all - first);
      this->neurons_->start(block.state(0), block.width, size);
      for (std::size_t t = 0; t < pass.steps; ++t) {
        const Step step = prepare(pass, piece, block, t, first, size, block.state(t));
        this->neurons_->forward(step, block.state(t + 1), block.spikes.data(), block.margin(t));
      }
      reverse(pass, piece, block, first, size);
    }
  }

 private:
  /// Room for a block of neurons over all steps.
  struct Block {
    Block(const FreeNeurons& layer, const Pass& pass) : states(layer.neurons_->states()) {
      constexpr std::size_t bytes = std::size_t(1) << 18, least = 64, most = 1024;
      const std::size_t columns = (pass.steps + 1) * states + pass.steps + 4;
      width = std::clamp(bytes / sizeof(Real) / columns / least * least, least, most);
      trajectory.resize((pass.steps + 1) * states * width);
      margins.resize(pass.steps * width);
      for (auto* array : {&spikes, &slopes, &d_spikes, &d_input}) array->assign(width, Real(0));
      d_states.resize(states * width);
      noise.resize(layer.neurons_->noises() * width);
    }
    Real* state(std::size_t t) { return trajectory.data() + t * states * width; }
    Real* margin(std::size_t t) { return margins.data() + t * width; }

    std::size_t states, width;
    LargeVector<Real> trajectory, margins, spikes, slopes, d_spikes, d_input, d_states, noise;
  };

  Step prepare(const Pass& pass, const Piece<Real>& piece, Block& block, std::size_t t, std::size_t first,
               std::size_t size, const Real* before) const {
    const std::size_t all = this->neurons_of(piece);
    if (this->neurons_->noises() > 0)
      this->draw(pass, piece, t, first, size, block.width, block.noise.data());
    return {block.width, size, piece.inputs[0] + (this->in_.constant ? 0 : t) * all + first, before,
            block.noise.data()};
  }

  void reverse(const Pass& pass, const Piece<Real>& piece, Block& block, std::size_t first,
               std::size_t size) {
    const std::size_t all = this->neurons_of(piece);
    std::fill(block.d_states.begin(), block.d_states.end(), Real(0));
    Real* d_in = piece.d_inputs[0] == nullptr ? nullptr : piece.d_inputs[0] + first;
    if (this->in_.constant && d_in != nullptr) std::fill_n(d_in, size, Real(0));
    for (std::size_t t = pass.steps; t-- > 0;) {
      const Step step = prepare(pass, piece, block, t, first, size, block.state(t));
      const Real* d_out = piece.d_output + (this->out_.constant ? 0 : t) * all + first;
      if (this->membrane_) {
        for (std::size_t i = 0; i < size; ++i) block.d_states[i] += d_out[i];
      }
      if (this->neurons_->spikes())
        this->surrogate_.slopes(std::span<const Real>(block.margin(t), size),
                                std::span(block.slopes.data(), size));
      const typename Base::Neurons::Reverse how{
          block.slopes.data(), this->membrane_ ? block.d_spikes.data() : d_out, this->detach_reset_};
      for (std::size_t k = 0; k < this->learned_.size(); ++k)
        this->sums_[piece.part][k] +=
            this->neurons_->by_parameter(step, how, block.d_states.data(), this->indices_[k]);
      Real* to = d_in == nullptr || this->in_.constant ? block.d_input.data() : d_in + t * all;
      this->neurons_->backward(step, how, block.d_states.data(), to);
      if (this->in_.constant && d_in != nullptr)
        for (std::size_t i = 0; i < size; ++i) d_in[i] += block.d_input[i];
      if (this->truncate_ > 0 && t % this->truncate_ == 0)
        std::fill(block.d_states.begin(), block.d_states.end(), Real(0));
    }
    this->by_start(piece, block.d_states.data(), block.width, size);
  }
};

/// Neurons whose spikes reach all of them in the next step through weights [to, from].
template <class Real> class RecurrentNeurons final : public NeuronLayer<Real> {
  using Base = NeuronLayer<Real>;
  using typename Base::Step;

 public:
  RecurrentNeurons(const LayerDescription& layer, const SignalShape& in, const LayerContext& context)
      : Base(layer, in, context) {
    const std::size_t size = in.features.size();
    recurrent_ = begin_weights<Real>(layer, context, "recurrent", {size, size}, 0, size, size);
  }

  std::vector<Weights<Real>*> weights() override {
    auto all = Base::weights();
    all.push_back(&recurrent_);
    return all;
  }
  void begin(const Pass& pass, std::span<const std::size_t> samples, SpareArrays<Real>& spare) override {
    Base::begin(pass, samples, spare);
    parts_.resize(pass.parts);
    if (pass.backward) recurrent_sum_.begin(samples, recurrent_.gradient, spare);
    turned_.begin();
  }
  void gather(const Pass& pass) override {
    Base::gather(pass);
    recurrent_sum_.finish(pass);
  }
  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    Kept& kept = parts_[piece.part];
    const std::size_t all = this->neurons_of(piece), states = this->neurons_->states(), steps = pass.steps;
    kept.input.resize(steps * all);
    kept.spikes.resize(steps * all);
    kept.margins.resize(steps * all);
    kept.states.resize((steps + 1) * states * all);
    kept.noise.resize(this->neurons_->noises() * all);
    this->neurons_->start(kept.states.data(), all, all);
    for (std::size_t t = 0; t < steps; ++t) {
      Real* x = kept.input.data() + t * all;
      std::copy_n(piece.inputs[0] + (this->in_.constant ? 0 : t) * all, all, x);
      if (t > 0) hear(piece, kept.spikes.data() + (t - 1) * all, x);
      Real* spikes = kept.spikes.data() + t * all;
      Real* after = kept.states.data() + (t + 1) * states * all;
      this->neurons_->forward(step_of(pass, piece, kept, t), after, spikes, kept.margins.data() + t * all);
      std::copy_n(this->membrane_ ? after : spikes, all, piece.output + (this->out_.constant ? 0 : t) * all);
      this->spikes_[piece.part] += this->count(spikes, all);
    }
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    Kept& kept = parts_[piece.part];
    const std::size_t all = this->neurons_of(piece), steps = pass.steps;
    kept.d_input.resize(steps * all);
    LargeVector<Real> d_states(this->neurons_->states() * all), d_spikes(all), slopes(all);
    std::fill(d_states.begin(), d_states.end(), Real(0));
    for (std::size_t t = steps; t-- > 0;) {
      const Real* d_out = piece.d_output + (this->out_.constant ? 0 : t) * all;
      if (this->membrane_) {
        std::fill(d_spikes.begin(), d_spikes.end(), Real(0));
        for (std::size_t i = 0; i < all; ++i) d_states[i] += d_out[i];
      } else {
        std::copy_n(d_out, all, d_spikes.data());
      }
      const bool heard = t + 1 < steps && (this->truncate_ == 0 || (t + 1) % this->truncate_ != 0);
      if (heard)
        multiply(Transposed::no, Transposed::no, piece.samples, features(), features(),
                 kept.d_input.data() + (t + 1) * all, recurrent_.values.data(), Real(1), d_spikes.data());
      this->surrogate_.slopes(std::span<const Real>(kept.margins.data() + t * all, all), std::span(slopes));
      const Step step = step_of(pass, piece, kept, t);
      const typename Base::Neurons::Reverse how{slopes.data(), d_spikes.data(), this->detach_reset_};
      for (std::size_t k = 0; k < this->learned_.size(); ++k)
        this->sums_[piece.part][k] +=
            this->neurons_->by_parameter(step, how, d_states.data(), this->indices_[k]);
      this->neurons_->backward(step, how, d_states.data(), kept.d_input.data() + t * all);
      if (this->truncate_ > 0 && t % this->truncate_ == 0)
        std::fill(d_states.begin(), d_states.end(), Real(0));
    }
    this->by_start(piece, d_states.data(), all, all);
    by_recurrent(piece, kept.spikes.data(), kept.d_input.data() + all, (steps - 1) * piece.samples);
    if (piece.d_inputs[0] == nullptr) return;
    if (!this->in_.constant) {
      std::copy_n(kept.d_input.data(), steps * all, piece.d_inputs[0]);
      return;
    }
    std::fill_n(piece.d_inputs[0], all, Real(0));
    for (std::size_t t = 0; t < steps; ++t)
      for (std::size_t i = 0; i < all; ++i) piece.d_inputs[0][i] += kept.d_input[t * all + i];
  }

 private:
  struct Kept {
    LargeVector<Real> input, spikes, margins, states, d_input, noise;
  };

  std::size_t features() const { return this->in_.features.size(); }

  // The spikes of the step before add to the input.
  void hear(const Piece<Real>& piece, const Real* spikes, Real* x) {
    const Sparse sparse(spikes, piece.samples, features());
    if (sparse.density() < sparse_forward) {
      multiply_spikes(sparse, spikes, features(), features(),
                      turned_.get(features(), features(), recurrent_.values.data()), x);
    } else {
      multiply(Transposed::no, Transposed::yes, piece.samples, features(), features(), spikes,
               recurrent_.values.data(), Real(1), x);
    }
  }
  // All steps but the first heard the spikes of the one before: one product for all of them.
  void by_recurrent(const Piece<Real>& piece, const Real* spikes, const Real* d_input, std::size_t rows) {
    auto term = recurrent_sum_.open(piece.part);
    weights_gradient(spikes, rows, features(), features(), d_input, term.values);
    recurrent_sum_.add(std::move(term));
  }

  Step step_of(const Pass& pass, const Piece<Real>& piece, Kept& kept, std::size_t t) const {
    const std::size_t all = this->neurons_of(piece);
    if (this->neurons_->noises() > 0) this->draw(pass, piece, t, 0, all, all, kept.noise.data());
    return {all, all, kept.input.data() + t * all, kept.states.data() + t * this->neurons_->states() * all,
            kept.noise.data()};
  }

  Weights<Real> recurrent_;
  TurnedWeights<Real> turned_;
  OrderedSum<Real> recurrent_sum_;
  std::vector<Kept> parts_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_neurons(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                          const LayerContext& context) {
  if (!layer.neurons) return nullptr;
  if (auto made = make_assumed_neurons<Real>(layer, inputs[0], context)) return made;
  if (layer.recurrent) return std::make_unique<RecurrentNeurons<Real>>(layer, inputs[0], context);
  return std::make_unique<FreeNeurons<Real>>(layer, inputs[0], context);
}

template std::unique_ptr<Layer<float>> make_neurons(const LayerDescription&, std::span<const SignalShape>,
                                                    const LayerContext&);
template std::unique_ptr<Layer<double>> make_neurons(const LayerDescription&, std::span<const SignalShape>,
                                                     const LayerContext&);

}  // namespace synfire::learning
