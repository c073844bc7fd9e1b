// Neurons: the models of the engine, over all steps at once or, where their spikes come back to them, step by
// step.
#include <algorithm>

#include <fmt/format.h>

#include "learning/gradient/delays.hpp"
#include "learning/gradient/dense_product.hpp"
#include "learning/gradient/filled_receptors.hpp"
#include "learning/gradient/neuron_layer.hpp"
#include "learning/gradient/ordered_sum.hpp"

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
    Real* next = this->carried_.after(pass, piece.part, block.states * all);
    std::uint64_t spikes = 0;
    for (std::size_t first = 0; first < all; first += block.width) {
      const std::size_t size = std::min(block.width, all - first);
      this->begin_states(pass, piece, first, size, block.width, block.state(0));
      for (std::size_t t = 0; t < pass.steps; ++t) {
        Real* after = block.state((t + 1) % 2);
        const Step step = prepare(pass, piece, block, t, first, size, block.state(t % 2));
        this->neurons_->forward(step, after, block.spikes.data(), block.margin(0));
        Real* to = piece.output + (this->out_.constant ? 0 : t) * all + first;
        std::copy_n(this->membrane_ ? after : block.spikes.data(), size, to);
        if (this->neurons_->spikes()) spikes += this->count(block.spikes.data(), size);
      }
      this->end_states(piece, first, size, block.width, block.state(pass.steps % 2), next);
    }
    this->spikes_[piece.part] = spikes;
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    Block block(*this, pass);
    const std::size_t all = this->neurons_of(piece);
    for (std::size_t first = 0; first < all; first += block.width) {
      const std::size_t size = std::min(block.width, all - first);
      this->begin_states(pass, piece, first, size, block.width, block.state(0));
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
      if (this->truncate_ > 0 && (pass.first_step() + t) % this->truncate_ == 0)
        std::fill(block.d_states.begin(), block.d_states.end(), Real(0));
    }
    if (pass.window == 0) this->by_start(piece, block.d_states.data(), block.width, size);
  }
};

/// Neurons that know each other: their spikes reach all of them in the next step through weights [to, from],
/// or receptors are filled from what all of them have.
template <class Real> class RecurrentNeurons final : public NeuronLayer<Real> {
  using Base = NeuronLayer<Real>;
  using typename Base::Step;

 public:
  RecurrentNeurons(const LayerDescription& layer, const SignalShape& in, const LayerContext& context)
      : Base(layer, in, context),
        hears_itself_(layer.recurrent),
        receptors_(layer, *differentiable_model(layer.what.name), in.features.size(),
                   this->neurons_->receptors(), context) {
    const std::size_t size = in.features.size();
    if (!hears_itself_) return;
    if (layer.delays) delayed_.emplace(layer, context, size, size, "recurrent", 0, 1);
    if (delayed_) return;
    recurrent_ = begin_weights<Real>(layer, context, "recurrent", {size, size}, 0, size, size);
  }

  std::vector<Weights<Real>*> weights() override {
    auto all = Base::weights();
    if (delayed_) delayed_->add_weights(all);
    if (hears_itself_ && !delayed_) all.push_back(&recurrent_);
    receptors_.add_weights(all);
    return all;
  }
  void begin_epoch(std::uint64_t epoch) override {
    if (delayed_) delayed_->begin_epoch(epoch);
  }
  void before_forward(const Pass& pass) override {
    if (delayed_) delayed_->prepare(pass, true);
  }
  void after_forward(const Pass& pass) override {
    Base::after_forward(pass);
    if (delayed_ && !pass.backward) delayed_->release();
  }
  void begin(const Pass& pass, std::span<const std::size_t> samples, SpareArrays<Real>& spare) override {
    Base::begin(pass, samples, spare);
    parts_.resize(pass.parts);
    heard_.begin(pass);
    if (delayed_) delayed_->begin(pass, samples, spare);
    const bool at_once = hears_itself_ && !delayed_;
    if (pass.backward && at_once) recurrent_sum_.begin(samples, recurrent_.gradient, spare);
    if (at_once) product_.begin(recurrent_, Precision::single, pass.backward);
    receptors_.begin(pass, samples, spare);
  }
  void gather(const Pass& pass) override {
    Base::gather(pass);
    if (delayed_) delayed_->gather(pass);
    if (hears_itself_ && !delayed_) recurrent_sum_.finish(pass);
    receptors_.gather(pass);
  }
  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    Kept& kept = parts_[piece.part];
    const std::size_t all = this->neurons_of(piece), states = this->neurons_->states(), steps = pass.steps;
    kept.input.resize(steps * all);
    kept.spikes.resize((steps + memory()) * all);
    kept.margins.resize(steps * all);
    kept.states.resize((steps + 1) * states * all);
    kept.noise.resize(this->neurons_->noises() * all);
    this->begin_states(pass, piece, 0, all, all, kept.states.data());
    if (const Real* heard = heard_.before(pass, piece.part))
      std::copy_n(heard, memory() * all, kept.spikes.data());
    if (delayed_) begin_delayed(pass, piece, kept);
    receptors_.begin_part(pass, piece);
    const auto take = [&](std::size_t t) {
      std::copy_n(piece.inputs[0] + (this->in_.constant ? 0 : t) * all, all, kept.input.data() + t * all);
    };
    if (!hears_itself_) {
      for (std::size_t t = 0; t < steps; ++t) take(t);
      receptors_.hear(piece, 0, steps, kept.input.data());
    }
    for (std::size_t t = 0; t < steps; ++t) {
      Real* spikes = kept.spikes.data() + (t + memory()) * all;
      if (hears_itself_) {
        Real* x = kept.input.data() + t * all;
        take(t);
        if (delayed_) {
          hear_delayed(piece, kept, t, x);
        } else if (pass.first_step() + t > 0) {
          product_.forward(spikes - all, piece.samples, true, x);
        }
        receptors_.hear(piece, t, 1, x);
      }
      receptors_.recall(piece, t, kept.states.data() + t * states * all);
      Real* after = kept.states.data() + (t + 1) * states * all;
      this->neurons_->forward(step_of(pass, piece, kept, t), after, spikes, kept.margins.data() + t * all);
      if (delayed_)
        delayed_->push(spikes, std::ptrdiff_t(t) + 1, piece.samples, steps, kept.delayed.data(), kept.room);
      std::copy_n(this->membrane_ ? after : spikes, all, piece.output + (this->out_.constant ? 0 : t) * all);
      this->spikes_[piece.part] += this->count(spikes, all);
    }
    this->end_states(piece, 0, all, all, kept.states.data() + steps * states * all,
                     this->carried_.after(pass, piece.part, states * all));
    if (Real* next = heard_.after(pass, piece.part, memory() * all))
      std::copy_n(kept.spikes.data() + steps * all, memory() * all, next);
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
      const bool cut = this->truncate_ > 0 && (pass.first_step() + t + 1) % this->truncate_ == 0;
      const bool heard = hears_itself_ && !delayed_ && t + 1 < steps && !cut;
      if (heard) product_.by_input(kept.d_input.data() + (t + 1) * all, piece.samples, true, d_spikes.data());
      if (delayed_)
        delayed_->pull(kept.delayed.data(), t + 1, gradient_end(pass, t, this->truncate_), piece.samples,
                       steps, d_spikes.data(), kept.room);
      this->surrogate_.slopes(std::span<const Real>(kept.margins.data() + t * all, all), std::span(slopes));
      const Step step = step_of(pass, piece, kept, t);
      const typename Base::Neurons::Reverse how{slopes.data(), d_spikes.data(), this->detach_reset_,
                                                receptors_.d_inputs(piece.part, t)};
      for (std::size_t k = 0; k < this->learned_.size(); ++k)
        this->sums_[piece.part][k] +=
            this->neurons_->by_parameter(step, how, d_states.data(), this->indices_[k]);
      this->neurons_->backward(step, how, d_states.data(), kept.d_input.data() + t * all);
      receptors_.recall_backward(piece, t, d_states.data());
      if (hears_itself_) receptors_.hear_backward(piece, t, 1, kept.d_input.data() + t * all);
      if (delayed_) keep_delayed(piece, kept, t);
      if (this->truncate_ > 0 && (pass.first_step() + t) % this->truncate_ == 0)
        std::fill(d_states.begin(), d_states.end(), Real(0));
    }
    if (pass.window == 0) this->by_start(piece, d_states.data(), all, all);
    const std::size_t deaf = pass.first_step() > 0 ? 0 : 1;  // steps without spikes before them
    if (delayed_)
      by_delayed(pass, piece, kept);
    else if (hears_itself_)
      by_recurrent(piece, kept.spikes.data() + deaf * all, kept.d_input.data() + deaf * all,
                   (steps - deaf) * piece.samples);
    else
      receptors_.hear_backward(piece, 0, steps, kept.d_input.data());
    receptors_.by_weights(piece, kept.input.data(), kept.states.data(), this->neurons_->states());
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
    LargeVector<Real> input, margins, states, d_input, noise;
    LargeVector<Real> spikes;         // from those of the steps before the first that are heard
    LargeVector<Real> delayed, room;  // [samples, steps, n]: what arrives, then the derivatives by it
  };

  std::size_t features() const { return this->in_.features.size(); }
  // Steps of which spikes are heard in one.
  std::size_t memory() const { return delayed_ ? delayed_->longest() + 1 : 1; }

  // What arrives of spikes before the pass; none were before the first window.
  void begin_delayed(const Pass& pass, const Piece<Real>& piece, Kept& kept) const {
    const std::size_t all = this->neurons_of(piece), before = memory();
    kept.delayed.resize(pass.steps * all);
    std::fill(kept.delayed.begin(), kept.delayed.end(), Real(0));
    if (pass.window == 0) {
      std::fill_n(kept.spikes.data(), before * all, Real(0));
      return;
    }
    for (std::size_t t = 0; t < before; ++t)
      delayed_->push(kept.spikes.data() + t * all, std::ptrdiff_t(t + 1) - std::ptrdiff_t(before),
                     piece.samples, pass.steps, kept.delayed.data(), kept.room);
  }
  void hear_delayed(const Piece<Real>& piece, const Kept& kept, std::size_t t, Real* x) const {
    const std::size_t n = features(), steps = kept.delayed.size() / this->neurons_of(piece);
    for (std::size_t b = 0; b < piece.samples; ++b)
      for (std::size_t i = 0; i < n; ++i) x[b * n + i] += kept.delayed[(b * steps + t) * n + i];
  }
  void keep_delayed(const Piece<Real>& piece, Kept& kept, std::size_t t) const {
    const std::size_t n = features(), all = this->neurons_of(piece), steps = kept.delayed.size() / all;
    for (std::size_t b = 0; b < piece.samples; ++b)
      std::copy_n(kept.d_input.data() + t * all + b * n, n, kept.delayed.data() + (b * steps + t) * n);
  }
  void by_delayed(const Pass& pass, const Piece<Real>& piece, const Kept& kept) {
    const Real* const first = kept.spikes.data();
    const DelayedInput<Real> heard{pass.steps, piece.samples,
                                   first + delayed_->longest() * this->neurons_of(piece), first};
    delayed_->by_weights(piece.part, heard, kept.d_input.data(), delayed_->way_of(heard));
  }

  // What steps heard, row by row: one product for all of them.
  void by_recurrent(const Piece<Real>& piece, const Real* spikes, const Real* d_input, std::size_t rows) {
    auto term = recurrent_sum_.open(piece.part);
    product_.by_weights(spikes, d_input, rows, term.values);
    recurrent_sum_.add(std::move(term));
  }

  Step step_of(const Pass& pass, const Piece<Real>& piece, Kept& kept, std::size_t t) {
    const std::size_t all = this->neurons_of(piece);
    if (this->neurons_->noises() > 0) this->draw(pass, piece, t, 0, all, all, kept.noise.data());
    return {all,
            all,
            kept.input.data() + t * all,
            kept.states.data() + t * this->neurons_->states() * all,
            kept.noise.data(),
            receptors_.inputs(piece.part, t)};
  }

  bool hears_itself_;
  FilledReceptors<Real> receptors_;
  std::optional<DelayedWeights<Real>> delayed_;  // in place of the next
  Weights<Real> recurrent_;
  DenseProduct<Real> product_;
  OrderedSum<Real> recurrent_sum_;
  Carried<Real> heard_;  // spikes
  std::vector<Kept> parts_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_neurons(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                          const LayerContext& context) {
  if (!layer.neurons) return nullptr;
  if (auto made = make_assumed_neurons<Real>(layer, inputs[0], context)) return made;
  if (layer.recurrent || !layer.receptors.empty())
    return std::make_unique<RecurrentNeurons<Real>>(layer, inputs[0], context);
  return std::make_unique<FreeNeurons<Real>>(layer, inputs[0], context);
}

template std::unique_ptr<Layer<float>> make_neurons(const LayerDescription&, std::span<const SignalShape>,
                                                    const LayerContext&);
template std::unique_ptr<Layer<double>> make_neurons(const LayerDescription&, std::span<const SignalShape>,
                                                     const LayerContext&);

}  // namespace synfire::learning
