// Normalisation over the batch.
#include <algorithm>
#include <cmath>

#include "core/loops.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/rank_parts.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

/// y = gamma a (x - mean) / sqrt(variance + epsilon) + beta for each channel, a = scale threshold. Mean and
/// variance are of all steps, samples and places, or of each step by itself; the batch counts as a whole,
/// which takes a round for the sums of its parts and one for what follows from them.
template <class Real> class BatchNormLayer final : public Layer<Real> {
 public:
  BatchNormLayer(const LayerDescription& layer, const SignalShape& shape, std::size_t steps)
      : shape_(shape), p_(values_of<layer::BatchNorm>(layer.what)), amplitude_(p_.scale * p_.threshold) {
    by_step_ = p_.over == 1;
    const std::size_t groups = by_step_ ? shape.steps(steps) : 1;
    const std::size_t channels = shape.features.channels;
    const auto array = [&](std::string_view name, std::vector<std::size_t> extents, double value) {
      Weights<Real> made;
      made.name = layer.name + "." + std::string(name);
      made.values.assign(extents.size() == 2 ? extents[0] * extents[1] : extents[0], Real(value));
      made.gradient.assign(made.values.size(), Real(0));
      made.shape = std::move(extents);
      made.decays = false;
      return made;
    };
    gamma_ = array("weight", {channels}, 1);
    beta_ = array("bias", {channels}, 0);
    mean_ = array("running_mean", {groups, channels}, 0);
    variance_ = array("running_variance", {groups, channels}, 1);
  }

  SignalShape shape() const override { return shape_; }
  std::vector<Weights<Real>*> weights() override { return {&gamma_, &beta_}; }
  std::vector<Weights<Real>*> buffers() override { return {&mean_, &variance_}; }
  bool again() const override { return true; }
  int rounds(const Pass& pass) const override { return pass.training ? 2 : 1; }

  void begin(const Pass& pass, std::span<const std::size_t>, SpareArrays<Real>&) override {
    all_samples_ = pass.samples;
    groups_ = by_step_ ? shape_.steps(pass.steps) : 1;
    first_ = by_step_ && !shape_.constant ? pass.first_step() * channels() : 0;
    sums_.assign(pass.parts, std::vector<double>(2 * statistics()));
    used_mean_.resize(statistics());
    used_factor_.resize(statistics());
    if (pass.training) return;
    use(std::span(mean_.values).subspan(first_, statistics()),
        std::span(variance_.values).subspan(first_, statistics()));
    mean_slope_.assign(statistics(), Real(0));  // the statistics do not move with the batch
    spread_slope_.assign(statistics(), Real(0));
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int round) override {
    if (pass.training && round == 0) {
      sum(pass, piece, [&](const Real* x, const Real*, std::size_t, double* first, double* second) {
        for (std::size_t c = 0; c < channels(); ++c) {
          first[c] += double(x[c]);
          second[c] += double(x[c]) * double(x[c]);
        }
      });
      return;
    }
    for_each_row(pass, piece, [&](std::size_t at, std::size_t group) SYNFIRE_INLINE {
      const Real* __restrict x = piece.inputs[0] + at;
      Real* __restrict y = piece.output + at;
      const Real* __restrict mean = used_mean_.data() + group;
      const Real* __restrict factor = used_factor_.data() + group;
      const Real* __restrict gamma = gamma_.values.data();
      const Real* __restrict beta = beta_.values.data();
      for (std::size_t c = 0; c < channels(); ++c) y[c] = (x[c] - mean[c]) * (factor[c] * gamma[c]) + beta[c];
    });
  }

  void after_forward_round(const Pass& pass, int round) override {
    if (!pass.training || round > 0) return;
    add_parts(pass);
    std::vector<Real> mean(statistics()), variance(statistics());
    const double count = rows(pass), unbiased = count > 1 ? count / (count - 1) : 1;
    for (std::size_t k = 0; k < statistics(); ++k) {
      const double m = total_[k] / count, v = std::max(0.0, total_[statistics() + k] / count - m * m);
      mean[k] = Real(m), variance[k] = Real(v);
      if (pass.repeated) continue;
      mean_.values[first_ + k] += Real(p_.momentum) * (mean[k] - mean_.values[first_ + k]);
      variance_.values[first_ + k] += Real(p_.momentum) * (Real(v * unbiased) - variance_.values[first_ + k]);
    }
    use(mean, variance);
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int round) override {
    if (round == 0) {
      sum(pass, piece, [&](const Real* x, const Real* d, std::size_t group, double* first, double* second) {
        for (std::size_t c = 0; c < channels(); ++c) {
          first[c] += double(d[c]);
          second[c] += double(d[c]) * double((x[c] - used_mean_[group + c]) * used_factor_[group + c]);
        }
      });
      if (pass.training) return;
    }
    if (piece.d_inputs[0] == nullptr) return;
    for_each_row(pass, piece, [&](std::size_t at, std::size_t group) SYNFIRE_INLINE {
      const Real* __restrict x = piece.inputs[0] + at;
      const Real* __restrict dy = piece.d_output + at;
      Real* __restrict dx = piece.d_inputs[0] + at;
      const Real* __restrict mean = used_mean_.data() + group;
      const Real* __restrict factor = used_factor_.data() + group;
      const Real* __restrict by_mean = mean_slope_.data() + group;
      const Real* __restrict by_spread = spread_slope_.data() + group;
      const Real* __restrict gamma = gamma_.values.data();
      for (std::size_t c = 0; c < channels(); ++c)
        dx[c] = gamma[c] * factor[c] * (dy[c] - by_mean[c] - (x[c] - mean[c]) * by_spread[c]);
    });
  }

  void after_backward_round(const Pass& pass, int round) override {
    if (round > 0) return;
    add_parts(pass);
    const double count = rows(pass);
    std::fill(gamma_.gradient.begin(), gamma_.gradient.end(), Real(0));
    std::fill(beta_.gradient.begin(), beta_.gradient.end(), Real(0));
    mean_slope_.resize(statistics());
    spread_slope_.resize(statistics());
    for (std::size_t k = 0; k < statistics(); ++k) {
      const double d = total_[k], d_normalised = total_[statistics() + k];
      beta_.gradient[k % channels()] += Real(d);
      gamma_.gradient[k % channels()] += Real(d_normalised);
      mean_slope_[k] = Real(d / count);
      // x - mean times factor / a is what is normalised; its own factor stands in used_factor_.
      spread_slope_[k] = Real(d_normalised / count * double(used_factor_[k]) / (amplitude_ * amplitude_));
    }
  }

 private:
  std::size_t channels() const { return shape_.features.channels; }
  std::size_t statistics() const { return groups_ * channels(); }  // of a pass
  double rows(const Pass& pass) const {
    return double(all_samples_ * shape_.features.places() * shape_.steps(pass.steps)) / double(groups_);
  }

  void use(std::span<const Real> mean, std::span<const Real> variance) {
    std::copy(mean.begin(), mean.end(), used_mean_.begin());
    for (std::size_t k = 0; k < variance.size(); ++k)
      used_factor_[k] = Real(amplitude_ / std::sqrt(double(variance[k]) + p_.epsilon));
  }

  // visit(offset of a place's channels, where its statistics begin)
  template <class Visit>
  void for_each_row(const Pass& pass, const Piece<Real>& piece, const Visit& visit) const {
    const std::size_t steps = shape_.steps(pass.steps);
    const std::size_t places = piece.samples * shape_.features.places();
    for (std::size_t t = 0; t < steps; ++t) {
      const std::size_t group = by_step_ ? t * channels() : 0;
      run_loop([&]() SYNFIRE_INLINE {
        for (std::size_t k = 0; k < places; ++k) visit((t * places + k) * channels(), group);
      });
    }
  }
  template <class Visit> void sum(const Pass& pass, const Piece<Real>& piece, const Visit& visit) {
    std::vector<double>& sums = sums_[piece.part];
    std::fill(sums.begin(), sums.end(), 0.0);
    for_each_row(pass, piece, [&](std::size_t at, std::size_t group) SYNFIRE_INLINE {
      visit(piece.inputs[0] + at, piece.d_output == nullptr ? nullptr : piece.d_output + at, group,
            sums.data() + group, sums.data() + statistics() + group);
    });
  }
  void add_parts(const Pass& pass) {
    if (pass.ranks != nullptr) pass.ranks->share(sums_);
    total_.assign(2 * statistics(), 0);
    for (const auto& part : sums_)
      for (std::size_t k = 0; k < part.size(); ++k) total_[k] += part[k];
  }

  SignalShape shape_;
  layer::BatchNorm p_;
  double amplitude_;
  bool by_step_ = false;
  std::size_t groups_ = 1, all_samples_ = 0;  // groups: that share statistics, of a pass
  std::size_t first_ = 0;                     // where running statistics of its steps begin
  Weights<Real> gamma_, beta_, mean_, variance_;
  std::vector<Real> used_mean_, used_factor_, mean_slope_, spread_slope_;
  std::vector<std::vector<double>> sums_;  // of each part: two sums for each group and channel
  std::vector<double> total_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_norm(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                       const LayerContext& context) {
  if (layer.what.name != layer::BatchNorm::describe().name) return nullptr;
  return std::make_unique<BatchNormLayer<Real>>(layer, inputs[0], context.steps);
}

template std::unique_ptr<Layer<float>> make_norm(const LayerDescription&, std::span<const SignalShape>,
                                                 const LayerContext&);
template std::unique_ptr<Layer<double>> make_norm(const LayerDescription&, std::span<const SignalShape>,
                                                  const LayerContext&);

}  // namespace synfire::learning
