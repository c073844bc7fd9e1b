// Places that learn whether to convolve or to pool.
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "core/array.hpp"
#include "core/loops.hpp"
#include "core/random.hpp"
#include "learning/gradient/convolution.hpp"
#include "learning/gradient/flex_rows.hpp"
#include "learning/gradient/layers.hpp"
#include "learning/gradient/ordered_sum.hpp"
#include "learning/gradient/pools.hpp"
#include "learning/gradient/rank_parts.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

/// Y = M C + (1 - M) P. The logits of M come from a chain of ordinary layers behind P - threshold or the
/// input; each batch norm in it needs a round more, as it does alone.
template <class Real> class FlexLayer final : public Layer<Real> {
 public:
  FlexLayer(const LayerDescription& layer, const ConvolutionShape& shape, const SignalShape& in,
            const LayerContext& context)
      : p_(values_of<layer::Flex>(layer.what)),
        in_(in),
        out_{shape.out, in.constant && p_.context == 0},
        mask_shape_{shape.out.height, shape.out.width, p_.granularity == 1 ? 1 : shape.out.channels},
        window_{shape.kernel, shape.stride, shape.padding},
        convolution_(shape, context.precision),
        align_(in.features.channels, shape.out.channels, p_.align == 1),
        activation_(static_cast<MaskActivation>(whole(p_.activation))),
        smooth_(context.smooth != nullptr),
        draws_(context.seed, "layer/" + layer.name + ".mask"),
        noise_(context.seed, "layer/" + layer.name + ".context") {
    const std::size_t area = shape.kernel * shape.kernel, channels = shape.out.channels;
    const std::size_t fan_in = area * in.features.channels;
    weights_ = begin_weights<Real>(layer, context, "weight",
                                   {channels, shape.kernel, shape.kernel, in.features.channels}, p_.init,
                                   fan_in, area * channels);
    if (p_.bias != 0) bias_ = begin_bias<Real>(layer, context, channels, p_.init, fan_in);
    if (by_threshold()) threshold_ = array(layer, "threshold", Real(p_.threshold));
    if (p_.frozen_after > 0) {
      mean_ = array(layer, "mask", Real(0.5));
      frozen_ = array(layer, "frozen", Real(0));
      frozen_->shape = {1}, frozen_->values = {Real(0)}, frozen_->gradient = {Real(0)};
    }
    make_chain(layer, context);
  }

  SignalShape shape() const override { return out_; }
  std::vector<Weights<Real>*> weights() override {
    std::vector<Weights<Real>*> all{&weights_};
    if (bias_) all.push_back(&*bias_);
    if (threshold_) all.push_back(&*threshold_);
    for (auto& link : chain_)
      for (auto* each : link->weights()) all.push_back(each);
    return all;
  }
  std::vector<Weights<Real>*> buffers() override {
    std::vector<Weights<Real>*> all;
    if (mean_) all = {&*mean_, &*frozen_};
    for (auto& link : chain_)
      for (auto* each : link->buffers()) all.push_back(each);
    return all;
  }

  void begin_epoch(std::uint64_t epoch) override {
    if (!mean_ || is_frozen() || double(epoch) < p_.frozen_after) return;
    for (Real& m : mean_->values) m = m >= Real(0.5) ? Real(1) : Real(0);
    frozen_->values[0] = Real(1);
  }

  void begin(const Pass& pass, std::span<const std::size_t> samples, SpareArrays<Real>& spare) override {
    samples_.assign(samples.begin(), samples.end());
    kept_.resize(pass.parts);
    for (Kept& kept : kept_) kept.sums = {}, kept.cost = 0;
    if (is_frozen()) {
      fixed_.resize(out_.features.size());
      spread(mean_->values.data(), fixed_.data());
    } else {
      for (auto& link : chain_) link->begin(pass, samples, spare);
    }
    if (!pass.backward) return;
    weight_sum_.begin(samples, weights_.gradient, spare);
    if (bias_) bias_sum_.begin(samples, bias_->gradient, spare);
    if (is_frozen()) return;
    if (threshold_) threshold_sum_.begin(samples, threshold_->gradient, spare);
    if (mean_ && pass.training) mean_sum_.begin(samples, mean_->gradient, spare);
  }
  void before_forward(const Pass& pass) override {
    convolution_.prepare_forward(weights_.values.data(), maps(pass));
    if (!is_frozen())
      for (auto& link : chain_) link->before_forward(pass);
  }
  void after_forward(const Pass& pass) override {
    convolution_.release();
    if (!is_frozen())
      for (auto& link : chain_) link->after_forward(pass);
  }
  void before_backward(const Pass& pass) override {
    convolution_.prepare_by_input(weights_.values.data(), maps(pass));
    if (!is_frozen())
      for (auto& link : chain_) link->before_backward(pass);
  }
  int rounds(const Pass& pass) const override {
    return pass.training && !is_frozen() ? int(norms_.size()) + 1 : 1;
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int round) override {
    if (round == 0) compute_branches(pass, piece);
    if (!is_frozen()) run_chain(pass, piece, round);
    if (round + 1 == rounds(pass)) mix(pass, piece);
  }
  void after_forward_round(const Pass& pass, int round) override {
    if (round + 1 < rounds(pass)) {
      chain_[norms_[std::size_t(round)]]->after_forward_round(pass, 0);
      return;
    }
    gather_sums(pass);
    if (mean_ && pass.training && !pass.repeated && !is_frozen()) renew_mean(pass);
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int round) override {
    if (round == 0) {
      unmix(pass, piece);
      back_through_convolution(pass, piece);
    }
    if (!is_frozen()) run_chain_back(pass, piece, round);
    if (round + 1 == rounds(pass)) back_through_pool(pass, piece);
  }
  void after_backward_round(const Pass& pass, int round) override {
    if (!pass.training && !is_frozen())
      for (const std::size_t norm : norms_) chain_[norm]->after_backward_round(pass, 0);
    if (round + 1 < rounds(pass))
      chain_[norms_[norms_.size() - 1 - std::size_t(round)]]->after_backward_round(pass, 0);
  }
  void gather(const Pass& pass) override {
    weight_sum_.finish(pass);
    if (bias_) bias_sum_.finish(pass);
    convolution_.release();
    if (is_frozen()) {
      if (threshold_) std::ranges::fill(threshold_->gradient, Real(0));
      for (auto& link : chain_)
        for (auto* each : link->weights()) std::ranges::fill(each->gradient, Real(0));
      return;
    }
    if (threshold_) threshold_sum_.finish(pass);
    for (auto& link : chain_) link->gather(pass);
  }
  bool reads_output() const override { return false; }
  double cost(std::size_t part) const override { return kept_[part].cost; }
  std::optional<Routing> routing() const override { return routing_; }

 private:
  struct Work {
    LargeVector<Real> mask, slope, full, d_mask, d_own;
    std::vector<double> draws;
  };
  struct Kept {
    LargeVector<Real> conv, pool;         // of each input map
    LargeVector<Real> all;                // the pool with all channels of the output, where these are others
    std::vector<LargeVector<Real>> link;  // what each link of the chain reads, and the logits
    LargeVector<Real> d_conv, d_pool;     // the pool's with all channels of the output
    std::vector<LargeVector<Real>> d_link;
    Work work;
    RoutingSums sums{};
    double cost = 0;
  };

  bool by_threshold() const { return p_.logits == 0; }
  bool is_frozen() const { return frozen_ && frozen_->values[0] != Real(0); }
  bool competes(const Pass& pass) const { return p_.learning == 1 && pass.training; }
  std::size_t rows(const Pass& pass, const Piece<Real>& piece) const {
    return in_.steps(pass.steps) * piece.samples;
  }
  std::size_t pool_size() const { return out_.features.places() * in_.features.channels; }
  bool aligned() const { return align_.is_identity(); }

  Weights<Real> array(const LayerDescription& layer, std::string_view what, Real value) const {
    Weights<Real> made;
    made.name = fmt::format("{}.{}", layer.name, what);
    made.shape = {mask_shape_.height, mask_shape_.width, mask_shape_.channels};
    made.values.assign(mask_shape_.size(), value);
    made.gradient.assign(mask_shape_.size(), Real(0));
    made.decays = false;
    return made;
  }

  void add_link(const LayerDescription& layer, const LayerContext& context, std::string_view kind,
                const SignalShape& from, std::map<std::string, double> parameters = {}) {
    LayerDescription link;
    link.what = {std::string(kind), std::move(parameters), layer.what.where};
    link.name = fmt::format("{}.logits{}", layer.name, chain_.size() + 1);
    if (kind == layer::BatchNorm::describe().name) norms_.push_back(chain_.size());
    chain_.push_back(make_layer<Real>(link, std::span(&from, 1), context));
  }
  void make_chain(const LayerDescription& layer, const LayerContext& context) {
    SignalShape at{mask_shape_, in_.constant};
    if (by_threshold()) {
      if (p_.norm != 0) add_link(layer, context, layer::BatchNorm::describe().name, at);
      return;
    }
    at = in_;
    for (std::size_t block = 0; block < whole(p_.blocks); ++block) {
      const bool first = block == 0, last = block + 1 == whole(p_.blocks);
      add_link(layer, context, layer::Conv::describe().name, at,
               {{"channels", double(last ? mask_shape_.channels : out_.features.channels)},
                {"kernel", first ? p_.kernel : 3},
                {"stride", first ? p_.stride : 1},
                {"padding", first ? p_.padding : 1}});
      at = chain_.back()->shape();
      add_link(layer, context, layer::LeakyRelu::describe().name, at);
      if (p_.norm != 0) add_link(layer, context, layer::BatchNorm::describe().name, at);
    }
  }

  std::vector<std::size_t> maps(const Pass& pass) const {
    return map_counts(samples_, in_.steps(pass.steps));
  }

  // --- branches

  void compute_branches(const Pass& pass, const Piece<Real>& piece) {
    Kept& kept = kept_[piece.part];
    const std::size_t count = rows(pass, piece);
    kept.conv.resize(count * out_.features.size());
    kept.pool.resize(count * pool_size());
    kept.link.resize(chain_.size() + 1);
    convolution_.forward(count, piece.inputs[0], bias_ ? bias_->values.data() : nullptr, kept.conv.data());
    for (std::size_t r = 0; r < count; ++r) {
      const Real* from = piece.inputs[0] + r * in_.features.size();
      Real* to = kept.pool.data() + r * pool_size();
      run_loop([&]() SYNFIRE_INLINE {
        p_.pool == 0 ? max_pool(in_.features, out_.features, window_, from, to)
                     : average_pool(in_.features, out_.features, window_, from, to);
      });
    }
    if (!aligned()) {
      kept.all.resize(count * out_.features.size());
      for (std::size_t r = 0; r < count; ++r)
        align_.to_all(out_.features.places(), kept.pool.data() + r * pool_size(),
                      kept.all.data() + r * out_.features.size());
    }
    if (!by_threshold() || is_frozen()) return;
    kept.link[0].resize(count * mask_shape_.size());
    for (std::size_t r = 0; r < count; ++r)
      above_threshold(kept, r, kept.link[0].data() + r * mask_shape_.size());
  }
  const Real* pool_of(const Kept& kept, std::size_t row) const {
    return (aligned() ? kept.pool : kept.all).data() + row * out_.features.size();
  }
  // z = P - threshold, P being the mean over its channels where they share a mask.
  void above_threshold(const Kept& kept, std::size_t row, Real* __restrict z) const {
    const Real* __restrict threshold = threshold_->values.data();
    if (mask_shape_.channels == out_.features.channels) {
      const Real* __restrict p = pool_of(kept, row);
      const std::size_t size = mask_shape_.size();
      run_loop([=]() SYNFIRE_INLINE {
        SYNFIRE_INDEPENDENT
        for (std::size_t i = 0; i < size; ++i) z[i] = p[i] - threshold[i];
      });
      return;
    }
    const std::size_t channels = in_.features.channels;
    const Real* pool = kept.pool.data() + row * pool_size();
    for (std::size_t place = 0; place < mask_shape_.places(); ++place) {
      Real sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += pool[place * channels + c];
      z[place] = sum / Real(channels) - threshold[place];
    }
  }
  // --- the chain of layers that gives the logits

  bool is_norm(std::size_t k) const { return std::ranges::find(norms_, k) != norms_.end(); }

  // As far as the next norm, whose means of the whole batch must be known first.
  void run_chain(const Pass& pass, const Piece<Real>& piece, int round) {
    Kept& kept = kept_[piece.part];
    int inner = round == 0 ? 0 : 1;
    for (std::size_t k = round == 0 ? 0 : norms_[std::size_t(round) - 1]; k < chain_.size(); ++k, inner = 0) {
      const Real* from = k == 0 && !by_threshold() ? piece.inputs[0] : kept.link[k].data();
      kept.link[k + 1].resize(rows(pass, piece) * chain_[k]->shape().features.size());
      chain_[k]->forward(
          pass,
          {piece.part, piece.samples, piece.first, std::span(&from, 1), kept.link[k + 1].data(), nullptr, {}},
          inner);
      if (pass.training && inner == 0 && is_norm(k)) return;
    }
  }
  void run_chain_back(const Pass& pass, const Piece<Real>& piece, int round) {
    Kept& kept = kept_[piece.part];
    int inner = round == 0 ? 0 : 1;
    const std::size_t end = round == 0 ? chain_.size() : norms_[norms_.size() - std::size_t(round)] + 1;
    for (std::size_t k = end; k-- > 0; inner = 0) {
      const bool outside = k == 0 && !by_threshold();
      const Real* from = outside ? piece.inputs[0] : kept.link[k].data();
      const std::size_t size = k > 0     ? chain_[k - 1]->shape().features.size()
                               : outside ? in_.features.size()
                                         : mask_shape_.size();
      kept.d_link[k].resize(rows(pass, piece) * size);
      Real* to = outside && piece.d_inputs[0] == nullptr ? nullptr : kept.d_link[k].data();
      chain_[k]->backward(pass,
                          {piece.part, piece.samples, piece.first, std::span(&from, 1),
                           kept.link[k + 1].data(), kept.d_link[k + 1].data(), std::span(&to, 1)},
                          inner);
      if (pass.training && inner == 0 && is_norm(k)) return;
    }
  }

  // --- the mask

  // eta of a sample in a step.
  Real context(const Pass& pass, std::size_t sample, std::size_t t) const {
    if (p_.context == 0) return 0;
    const std::size_t step = pass.first_step() + t, all = pass.sequence();
    if (p_.context == 2)
      return all == 1 ? Real(0) : Real(p_.context_size * (2 * double(step) / double(all - 1) - 1));
    RandomStream stream(noise_, pass.iteration << 24 | sample, std::uint32_t(step));
    return Real(p_.context_size * stream.normal());
  }

  void spread(const Real* of_places, Real* of_elements) const {
    const std::size_t channels = out_.features.channels;
    if (mask_shape_.channels == channels) {
      std::copy_n(of_places, mask_shape_.size(), of_elements);
    } else {
      for (std::size_t place = 0; place < mask_shape_.places(); ++place)
        std::fill_n(of_elements + place * channels, channels, of_places[place]);
    }
  }

  // mask[i] = f(z[i] + eta) and its slope.
  void activate(const Pass& pass, const Piece<Real>& piece, std::size_t b, std::size_t t, Work& work) const {
    const std::size_t size = mask_shape_.size(), row = (in_.constant ? 0 : t) * piece.samples + b;
    const Real* z = kept_[piece.part].link[chain_.size()].data() + row * size;
    const Real eta = context(pass, piece.first + b, t);
    work.mask.resize(size), work.slope.resize(size);
    Real *m = work.mask.data(), *s = work.slope.data();
    soft_mask(activation_, p_.backward == 1, size, z, eta, m, s);
    if (activation_ == MaskActivation::hard_sigmoid || activation_ == MaskActivation::sigmoid) return;
    // Checks keep what the slope belongs to; of `binary` that is the step itself.
    if (smooth_ && activation_ != MaskActivation::binary) return;
    if (activation_ == MaskActivation::stochastic && pass.training) {
      work.draws.resize(size);
      first_uniforms(draws_, pass.iteration << 24 | (piece.first + b), std::uint32_t(t * size), work.draws);
      for (std::size_t i = 0; i < size; ++i) m[i] = work.draws[i] < double(m[i]) ? Real(1) : Real(0);
      return;
    }
    for (std::size_t i = 0; i < size; ++i) m[i] = z[i] + eta > Real(0) ? Real(1) : Real(0);
  }
  // The mask with all channels.
  const Real* full_mask(const Pass& pass, const Piece<Real>& piece, std::size_t b, std::size_t t,
                        Work& work) const {
    if (is_frozen()) return fixed_.data();
    activate(pass, piece, b, t, work);
    if (mask_shape_.channels == out_.features.channels) return work.mask.data();
    work.full.resize(out_.features.size());
    spread(work.mask.data(), work.full.data());
    return work.full.data();
  }

  // --- both together

  void mix(const Pass& pass, const Piece<Real>& piece) {
    Kept& kept = kept_[piece.part];
    kept.sums = {};
    Work& work = kept.work;
    const bool averages = mean_ && pass.training && !is_frozen();
    std::optional<typename OrderedSum<Real>::Term> masks;
    if (averages) {
      masks = mean_sum_.open(piece.part);
      std::fill_n(masks->values, mask_shape_.size(), Real(0));
    }
    for_each_row(pass, piece, [&](std::size_t b, std::size_t t, std::size_t in, std::size_t out) {
      const Real* m = full_mask(pass, piece, b, t, work);
      const Real* p = pool_of(kept, in);
      mix_row(out_.features.size(), kept.conv.data() + in * out_.features.size(), p, m,
              piece.output + out * out_.features.size(), kept.sums);
      if (averages)
        for (std::size_t i = 0; i < mask_shape_.size(); ++i) masks->values[i] += work.mask[i];
    });
    if (averages) mean_sum_.add(std::move(*masks));
  }
  // visit(sample, step, row of the input, row of the output)
  template <class Visit>
  void for_each_row(const Pass& pass, const Piece<Real>& piece, const Visit& visit) const {
    for (std::size_t t = 0; t < out_.steps(pass.steps); ++t)
      for (std::size_t b = 0; b < piece.samples; ++b)
        visit(b, t, (in_.constant ? 0 : t) * piece.samples + b, t * piece.samples + b);
  }
  double elements(const Pass& pass) const {
    return double(pass.samples * out_.steps(pass.steps) * out_.features.size());
  }
  void gather_sums(const Pass& pass) {
    std::vector<std::vector<double>> parts;
    for (const Kept& kept : kept_) parts.emplace_back(kept.sums.begin(), kept.sums.end());
    if (pass.ranks != nullptr) pass.ranks->share(parts);
    RoutingSums all{};
    for (const auto& part : parts)
      for (std::size_t k = 0; k < all.size(); ++k) all[k] += part[k] / elements(pass);
    routing_ = {all[0], 1 - 4 * all[1], all[2], all[3], all[4]};
  }
  // The part that is renewed is that of a batch norm's statistics.
  void renew_mean(const Pass& pass) {
    mean_sum_.finish(pass);
    const Real count = Real(pass.samples * out_.steps(pass.steps));
    for (std::size_t i = 0; i < mean_->size(); ++i)
      mean_->values[i] += Real(0.1) * (mean_->gradient[i] / count - mean_->values[i]);
  }

  // --- and back

  void unmix(const Pass& pass, const Piece<Real>& piece) {
    Kept& kept = kept_[piece.part];
    const std::size_t size = out_.features.size(), masked = mask_shape_.size(), count = rows(pass, piece);
    kept.d_conv.resize(count * size), kept.d_pool.resize(count * size);
    kept.d_link.resize(chain_.size() + 1);
    kept.d_link.back().resize(is_frozen() ? 0 : count * masked);
    Work& work = kept.work;
    work.d_mask.resize(size);
    const Real share = competes(pass) ? Real(0) : Real(1);  // of the loss in what moves the mask
    for_each_row(pass, piece, [&](std::size_t b, std::size_t t, std::size_t in, std::size_t out) {
      const bool first = !in_.constant || t == 0;  // else steps add up
      const Real* m = full_mask(pass, piece, b, t, work);
      const Real* p = pool_of(kept, in);
      const Real *c = kept.conv.data() + in * size, *dy = piece.d_output + out * size;
      Real *d_conv = kept.d_conv.data() + in * size, *d_pool = kept.d_pool.data() + in * size;
      first ? unmix_row<true>(size, share, c, p, m, dy, d_conv, d_pool, work.d_mask.data())
            : unmix_row<false>(size, share, c, p, m, dy, d_conv, d_pool, work.d_mask.data());
      if (is_frozen()) return;
      add_terms(pass, c, p, m, d_conv, d_pool, work.d_mask.data(), kept.cost);
      Real* d_logits = kept.d_link.back().data() + in * masked;
      if (first) std::fill_n(d_logits, masked, Real(0));
      to_logits(work, d_logits);
    });
  }
  // What the layer itself wants of its mask.
  void add_terms(const Pass& pass, const Real* c, const Real* p, const Real* m, Real* d_conv, Real* d_pool,
                 Real* d_mask, double& cost) const {
    if (!pass.training) return;
    if (!competes(pass) && p_.target_weight == 0 && p_.binary_weight == 0 && p_.route_weight == 0) return;
    const double rows = double(pass.samples * out_.steps(pass.steps)), all = elements(pass);
    const Real target = Real(p_.target_weight / all), binary = Real(4 * p_.binary_weight / all),
               route = Real(p_.route_weight / rows), rate = Real(competes(pass) ? p_.rate / rows : 0);
    for (std::size_t i = 0; i < out_.features.size(); ++i) {
      const Real d = c[i] - p[i], far = std::abs(d), off = m[i] - Real(p_.target);
      const Real open = m[i] * (Real(1) - m[i]), tilt = Real(1) - 2 * m[i];
      cost += double(target * off * off + (binary + route * far) * open);
      d_mask[i] +=
          2 * target * off + (binary + route * far) * tilt - rate * (std::abs(c[i]) - std::abs(p[i]));
      const Real push = d > Real(0) ? route * open : (d < Real(0) ? -route * open : Real(0));
      d_conv[i] += push;
      d_pool[i] -= push;
    }
  }
  void to_logits(const Work& work, Real* d_logits) const {
    const std::size_t channels = out_.features.channels / mask_shape_.channels;  // that share a mask
    const Real* d_mask = work.d_mask.data();
    if (channels == 1) {
      const Real* slope = work.slope.data();
      run_loop([=, size = mask_shape_.size()]() SYNFIRE_INLINE {
        SYNFIRE_INDEPENDENT
        for (std::size_t i = 0; i < size; ++i) d_logits[i] += slope[i] * d_mask[i];
      });
      return;
    }
    for (std::size_t place = 0; place < mask_shape_.places(); ++place) {
      Real sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += d_mask[place * channels + c];
      d_logits[place] += work.slope[place] * sum;
    }
  }

  void back_through_convolution(const Pass& pass, const Piece<Real>& piece) {
    const Kept& kept = kept_[piece.part];
    const std::size_t count = rows(pass, piece), channels = out_.features.channels;
    auto term = weight_sum_.open(piece.part);
    convolution_.by_weights(count, piece.inputs[0], kept.d_conv.data(), term.values);
    weight_sum_.add(std::move(term));
    if (bias_) {
      auto of_bias = bias_sum_.open(piece.part);
      std::fill_n(of_bias.values, channels, Real(0));
      for (std::size_t r = 0; r < count * out_.features.places(); ++r)
        for (std::size_t c = 0; c < channels; ++c) of_bias.values[c] += kept.d_conv[r * channels + c];
      bias_sum_.add(std::move(of_bias));
    }
    if (piece.d_inputs[0] != nullptr) convolution_.by_input(count, kept.d_conv.data(), piece.d_inputs[0]);
  }

  void back_through_pool(const Pass& pass, const Piece<Real>& piece) {
    Kept& kept = kept_[piece.part];
    const std::size_t count = rows(pass, piece);
    const bool live = !is_frozen(), through_pool = live && by_threshold() && !competes(pass);
    if (live && by_threshold()) back_to_threshold(piece, count);
    if (piece.d_inputs[0] == nullptr) return;
    const bool element = mask_shape_.channels == out_.features.channels;
    if (through_pool && element) add(kept.d_link[0].data(), count * mask_shape_.size(), kept.d_pool.data());
    LargeVector<Real>& d_own = kept.work.d_own;
    d_own.resize(pool_size());
    for (std::size_t r = 0; r < count; ++r) {
      align_.to_own(out_.features.places(), kept.d_pool.data() + r * out_.features.size(), d_own.data());
      if (through_pool && !element) add_to_mean(kept.d_link[0].data() + r * mask_shape_.size(), d_own.data());
      const Real* from = piece.inputs[0] + r * in_.features.size();
      Real* to = piece.d_inputs[0] + r * in_.features.size();
      run_loop([&]() SYNFIRE_INLINE {
        p_.pool == 0 ? max_pool_back(in_.features, out_.features, window_, from,
                                     kept.pool.data() + r * pool_size(), d_own.data(), to)
                     : average_pool_back(in_.features, out_.features, window_, d_own.data(), to);
      });
    }
    if (live && !by_threshold() && !competes(pass))
      add(kept.d_link[0].data(), count * in_.features.size(), piece.d_inputs[0]);
  }
  static void add(const Real* __restrict from, std::size_t size, Real* __restrict to) {
    run_loop([=]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
    });
  }
  // Through z = mean of P - threshold.
  void add_to_mean(const Real* d, Real* d_own) const {
    const std::size_t channels = in_.features.channels;
    for (std::size_t place = 0; place < mask_shape_.places(); ++place)
      for (std::size_t c = 0; c < channels; ++c) d_own[place * channels + c] += d[place] / Real(channels);
  }
  void back_to_threshold(const Piece<Real>& piece, std::size_t count) {
    auto term = threshold_sum_.open(piece.part);
    std::fill_n(term.values, threshold_->size(), Real(0));
    const Real* from = kept_[piece.part].d_link[0].data();
    const std::size_t size = threshold_->size();
    run_loop([=, to = term.values]() SYNFIRE_INLINE {
      for (std::size_t r = 0; r < count; ++r) SYNFIRE_INDEPENDENT
      for (std::size_t i = 0; i < size; ++i) to[i] -= from[r * size + i];
    });
    threshold_sum_.add(std::move(term));
  }

  layer::Flex p_;
  SignalShape in_, out_;
  FeatureShape mask_shape_;
  Window window_;
  Convolution<Real> convolution_;
  ChannelAlignment<Real> align_;
  MaskActivation activation_;
  bool smooth_;
  RandomKey draws_, noise_;
  Weights<Real> weights_;
  std::optional<Weights<Real>> bias_, threshold_, mean_, frozen_;
  std::vector<std::unique_ptr<Layer<Real>>> chain_;
  std::vector<std::size_t> norms_;  // where they stand in the chain
  OrderedSum<Real> weight_sum_, bias_sum_, threshold_sum_, mean_sum_;
  std::vector<std::size_t> samples_;
  std::vector<Kept> kept_;  // of each part
  LargeVector<Real> fixed_;
  std::optional<Routing> routing_ = Routing{};
};

void check(const LayerDescription& layer, const FeatureShape& in, const layer::Flex& p) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::input, layer.what.where, fmt::format("layer {}: {}", layer.name, why));
  };
  if (2 * p.padding > p.kernel)
    refuse(fmt::format("a padding of {} is more than half of the kernel ({})", p.padding, p.kernel));
  if (double(std::min(in.height, in.width)) + 2 * p.padding < p.kernel)
    refuse(fmt::format("a kernel of {} does not fit into maps of [{}, {}, {}] with {} around", p.kernel,
                       in.height, in.width, in.channels, p.padding));
  if (p.learning == 1 && static_cast<MaskActivation>(whole(p.activation)) == MaskActivation::binary)
    refuse("a `binary` mask has no slope that a competition could follow; use `ste`");
}

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_flex(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                       const LayerContext& context) {
  if (layer.what.name != layer::Flex::describe().name) return nullptr;
  const auto p = values_of<layer::Flex>(layer.what);
  const SignalShape& in = inputs[0];
  check(layer, in.features, p);
  const auto side = [&](std::size_t places) {
    return (places + 2 * whole(p.padding) - whole(p.kernel)) / whole(p.stride) + 1;
  };
  const FeatureShape out{side(in.features.height), side(in.features.width), whole(p.channels)};
  const ConvolutionShape shape{in.features, out, whole(p.kernel), whole(p.stride), whole(p.padding)};
  return std::make_unique<FlexLayer<Real>>(layer, shape, in, context);
}

template std::unique_ptr<Layer<float>> make_flex(const LayerDescription&, std::span<const SignalShape>,
                                                 const LayerContext&);
template std::unique_ptr<Layer<double>> make_flex(const LayerDescription&, std::span<const SignalShape>,
                                                  const LayerContext&);

}  // namespace synfire::learning
