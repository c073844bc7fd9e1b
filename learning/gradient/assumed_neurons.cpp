// Neurons that begin each step anew, with something else in place of the membrane of the step before.
#include "learning/gradient/assumed_membrane.hpp"
#include "learning/gradient/neuron_layer.hpp"

namespace synfire::learning {
namespace {

/// A sample goes through all steps while it lies in the cache, since what is assumed depends on all of its
/// neurons. Of a pass nothing is kept but its input, from which the way back computes the rest again. Other
/// state variables than the membrane go on from step to step.
template <class Real> class AssumedNeurons final : public NeuronLayer<Real> {
  using Base = NeuronLayer<Real>;
  using typename Base::Step;

 public:
  AssumedNeurons(const LayerDescription& layer, const SignalShape& in, const LayerContext& context,
                 const AssumedMembrane<Real>& assumed)
      : Base(layer, in, context), assumed_(assumed) {}

  bool again() const override { return true; }
  bool has_windows() const override { return false; }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    Sample sample(*this, 1);
    std::uint64_t spikes = 0;
    const std::size_t all = this->neurons_of(piece);
    for (std::size_t b = 0; b < piece.samples; ++b) {
      start(sample);
      for (std::size_t t = 0; t < pass.steps; ++t) {
        const Step step = prepare(pass, piece, sample, b, t, 0);
        this->neurons_->forward(step, sample.state(1), sample.spikes.data(), sample.margin(0));
        Real* to = piece.output + (this->out_.constant ? 0 : t) * all + b * sample.size;
        std::copy_n(this->membrane_ ? sample.state(1) : sample.spikes.data(), sample.size, to);
        spikes += this->count(sample.spikes.data(), sample.size);
        go_on(sample, 0);
        if (t + 1 < pass.steps) std::copy_n(sample.state(1), sample.states * sample.size, sample.state(0));
      }
    }
    this->spikes_[piece.part] = spikes;
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    Sample sample(*this, pass.steps);
    for (std::size_t b = 0; b < piece.samples; ++b) {
      start(sample);
      for (std::size_t t = 0; t < pass.steps; ++t) {
        const Step step = prepare(pass, piece, sample, b, t, t);
        this->neurons_->forward(step, sample.state(t + 1), sample.spikes.data(), sample.margin(t));
        go_on(sample, t);
      }
      reverse(pass, piece, sample, b);
    }
  }

 private:
  /// Room for a sample over so many steps.
  struct Sample {
    Sample(const AssumedNeurons& layer, std::size_t steps)
        : states(layer.neurons_->states()), size(layer.in_.features.size()) {
      trajectory.resize((steps + 1) * states * size);
      for (auto* array : {&margins, &inputs, &membranes}) array->resize(steps * size);
      for (auto* array : {&first, &spikes, &slopes, &d_spikes, &d_input}) array->assign(size, Real(0));
      d_states.resize(states * size);
      noise.resize(layer.neurons_->noises() * size);
    }
    Real* state(std::size_t t) { return trajectory.data() + t * states * size; }
    Real* margin(std::size_t t) { return margins.data() + t * size; }
    std::span<Real> input(std::size_t t) { return {inputs.data() + t * size, size}; }
    std::span<Real> membrane(std::size_t t) { return {membranes.data() + t * size, size}; }  ///< after step t

    std::size_t states, size;
    LargeVector<Real> trajectory, margins, inputs, membranes, first, spikes, slopes, d_spikes, d_input,
        d_states, noise;
  };

  void start(Sample& sample) const {
    this->neurons_->start(sample.state(0), sample.size, sample.size);
    std::copy_n(sample.state(0), sample.size, sample.first.data());
    std::copy_n(sample.first.data(), sample.size, sample.membrane(0).data());
  }
  // Keeps the membranes after a step, and has the next one begin with the first.
  void go_on(Sample& sample, std::size_t kept) const {
    Real* after = sample.state(kept + 1);
    if (assumed_.remembers()) std::copy_n(after, sample.size, sample.membrane(kept).data());
    std::copy_n(sample.first.data(), sample.size, after);
  }

  // Step t, with state and input kept in place `at` of the sample: t itself, or 0 where one place serves all.
  Step prepare(const Pass& pass, const Piece<Real>& piece, Sample& sample, std::size_t b, std::size_t t,
               std::size_t at) const {
    const Real* from = piece.inputs[0] + ((this->in_.constant ? 0 : t) * piece.samples + b) * sample.size;
    const auto number = static_cast<std::int64_t>(pass.iteration * pass.steps + t);
    assumed_.add({from, sample.size}, sample.membrane(at == 0 ? 0 : at - 1), number,
                 static_cast<std::uint32_t>(piece.part), static_cast<std::uint32_t>(b), sample.input(at));
    return again(pass, piece, sample, b, t, at);
  }
  Step again(const Pass& pass, const Piece<Real>& piece, Sample& sample, std::size_t b, std::size_t t,
             std::size_t at) const {
    constexpr std::size_t group = noise::group_size;
    const std::size_t rounded = (sample.size + group - 1) / group * group;
    if (this->neurons_->noises() > 0)
      this->draw(pass, piece, t, b * rounded, sample.size, sample.size, sample.noise.data());
    return {sample.size, sample.size, sample.input(at).data(), sample.state(at), sample.noise.data()};
  }

  void reverse(const Pass& pass, const Piece<Real>& piece, Sample& sample, std::size_t b) {
    const std::size_t size = sample.size;
    std::fill(sample.d_states.begin(), sample.d_states.end(), Real(0));
    Real* d_in = piece.d_inputs[0];
    if (this->in_.constant && d_in != nullptr) std::fill_n(d_in + b * size, size, Real(0));
    for (std::size_t t = pass.steps; t-- > 0;) {
      const std::size_t place = t * piece.samples + b;
      const Real* d_out = piece.d_output + (this->out_.constant ? b : place) * size;
      if (this->membrane_)
        for (std::size_t i = 0; i < size; ++i) sample.d_states[i] += d_out[i];
      this->surrogate_.slopes(std::span<const Real>(sample.margin(t), size), std::span(sample.slopes));
      const typename Base::Neurons::Reverse how{
          sample.slopes.data(), this->membrane_ ? sample.d_spikes.data() : d_out, this->detach_reset_};
      const Step step = again(pass, piece, sample, b, t, t);
      for (std::size_t k = 0; k < this->learned_.size(); ++k)
        this->sums_[piece.part][k] +=
            this->neurons_->by_parameter(step, how, sample.d_states.data(), this->indices_[k]);
      this->neurons_->backward(step, how, sample.d_states.data(), sample.d_input.data());
      if (d_in != nullptr) {
        Real* to = d_in + (this->in_.constant ? b : place) * size;
        for (std::size_t i = 0; i < size; ++i)
          to[i] = (this->in_.constant ? to[i] : Real(0)) + sample.d_input[i];
      }
      step_back(piece, sample, t);
    }
  }

  // From the state that step t began with to that after the step before.
  void step_back(const Piece<Real>& piece, Sample& sample, std::size_t t) {
    const std::size_t size = sample.size;
    if (t == 0) return this->by_start(piece, sample.d_states.data(), size, size);
    if (!this->learned_.empty()) {
      LargeVector<Real> first(sample.d_states.size());
      std::fill(first.begin(), first.end(), Real(0));
      std::copy_n(sample.d_states.data(), size, first.data());
      this->by_start(piece, first.data(), size, size);
    }
    std::fill_n(sample.d_states.data(), size, Real(0));
    if (this->truncate_ > 0 && t % this->truncate_ == 0) {
      std::fill(sample.d_states.begin(), sample.d_states.end(), Real(0));
      return;
    }
    assumed_.reverse(sample.membrane(t - 1), sample.d_input, {sample.d_states.data(), size});
  }

  AssumedMembrane<Real> assumed_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_assumed_neurons(const LayerDescription& layer, const SignalShape& in,
                                                  const LayerContext& context) {
  const auto assumed = AssumedMembrane<Real>::of(
      context.membrane, RandomKey(context.seed, "layer/" + layer.name + "/membrane"));
  if (!assumed) return nullptr;
  const ModelInfo* model = differentiable_model(layer.what.name);
  if (model == nullptr || !model->spikes) return nullptr;
  if (layer.recurrent || !layer.receptors.empty())
    throw Error(
        ErrorKind::input, layer.what.where,
        fmt::format("layer {}: `{}` needs the step before as it was; leave `membrane: {}` of training "
                    "out",
                    layer.name, layer.recurrent ? "recurrent" : "receptors", context.membrane.name));
  return std::make_unique<AssumedNeurons<Real>>(layer, in, context, *assumed);
}

template std::unique_ptr<Layer<float>> make_assumed_neurons(const LayerDescription&, const SignalShape&,
                                                            const LayerContext&);
template std::unique_ptr<Layer<double>> make_assumed_neurons(const LayerDescription&, const SignalShape&,
                                                             const LayerContext&);

}  // namespace synfire::learning
