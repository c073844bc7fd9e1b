#include "learning/bounds/flex_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/array.hpp"
#include "core/interval.hpp"
#include "core/loops.hpp"
#include "learning/bounds/flex_rules.hpp"
#include "learning/gradient/flex_rows.hpp"
#include "learning/gradient/pools.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning::bounds {
namespace {

/// The channels of a pool brought to those of the convolution: a mean with weights, place by place.
class AlignmentBounds final : public BoundedLayer {
 public:
  AlignmentBounds(const SignalShape& in, const SignalShape& out, bool repeat)
      : in_(in), out_(out), align_(in.features.channels, out.features.channels, repeat) {}
  SignalShape shape() const override { return out_; }
  void bound(const Known& known, Bound<float> output) override {
    turn(known, known.inputs[0].low, output.low);
    turn(known, known.inputs[0].high, output.high);
    for (std::size_t i = 0; i < size_of(out_, known); ++i) {
      const auto wide = Interval<float>::about(output.low[i], output.high[i], 4);
      output.low[i] = wide.low, output.high[i] = wide.high;
    }
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    turn(known, inputs[0], steep);
  }
  void relax(const Functionals& f) override {
    const std::size_t places = out_.steps(f.known.steps) * f.rows() * out_.features.places();
    align_.to_own(places, f.of_output, f.of_inputs[0]);
  }

 private:
  void turn(const Known& known, const float* from, float* to) const {
    align_.to_all(out_.steps(known.steps) * known.samples * out_.features.places(), from, to);
  }
  SignalShape in_, out_;
  ChannelAlignment<float> align_;
};

/// Z = P - threshold; where a place has one mask, of the mean of the pool over its own channels.
class ThresholdBounds final : public BoundedLayer {
 public:
  ThresholdBounds(const SignalShape& in, const SignalShape& out, std::vector<float> threshold)
      : in_(in), out_(out), threshold_(std::move(threshold)) {}
  SignalShape shape() const override { return out_; }
  void bound(const Known& known, Bound<float> output) override {
    const std::size_t size = out_.features.size();
    for_each_mean(known.steps, known.samples, [&](std::size_t to, std::size_t from, std::size_t count) {
      double low = 0, high = 0;
      for (std::size_t c = 0; c < count; ++c)
        low += double(known.inputs[0].low[from + c]), high += double(known.inputs[0].high[from + c]);
      const auto wide = Interval<float>::about(float(low / double(count)), float(high / double(count)), 1) -
                        Interval<float>(threshold_[to % size]);
      output.low[to] = wide.low, output.high[to] = wide.high;
    });
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    for_each_mean(known.steps, known.samples, [&](std::size_t to, std::size_t from, std::size_t count) {
      float sum = 0;
      for (std::size_t c = 0; c < count; ++c) sum += inputs[0][from + c];
      steep[to] = sum / float(count);
    });
  }
  void relax(const Functionals& f) override {
    const std::size_t size = out_.features.size();
    for_each_mean(f.known.steps, f.rows(), [&](std::size_t to, std::size_t from, std::size_t count) {
      std::fill_n(f.of_inputs[0] + from, count, f.of_output[to] / float(count));
      f.constants[to / size % f.rows()] -= double(f.of_output[to]) * double(threshold_[to % size]);
    });
  }

 private:
  // visit(element, the first of those that it is the mean of, how many these are)
  template <class Visit> void for_each_mean(std::size_t steps, std::size_t rows, const Visit& visit) const {
    const std::size_t count = in_.features.size() / out_.features.size();
    const std::size_t elements = out_.steps(steps) * rows * out_.features.size();
    for (std::size_t i = 0; i < elements; ++i) visit(i, i * count, count);
  }
  SignalShape in_, out_;
  std::vector<float> threshold_;
};

/// M = f(Z + eta(t)) of the kinds that draw nothing.
template <class F> class MaskBounds final : public BoundedLayer {
 public:
  MaskBounds(const SignalShape& in, const SignalShape& out, F f, std::vector<float> context)
      : in_(in), out_(out), f_(f), context_(std::move(context)) {}
  SignalShape shape() const override { return out_; }

  void bound(const Known& known, Bound<float> output) override {
    for_each_step(known.steps, known.samples, [&](std::size_t to, std::size_t from, float eta) {
      const auto z =
          Interval<float>(known.inputs[0].low[from], known.inputs[0].high[from]) + Interval<float>(eta);
      const Range range = f_.range(z.low, z.high);
      output.low[to] = std::max(0.0f, range.low - slack),
      output.high[to] = std::min(1.0f, range.high + slack);
    });
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    for_each_step(known.steps, known.samples, [&](std::size_t to, std::size_t from, float eta) {
      const float slope = f_.steepest(known.inputs[0].low[from] + eta, known.inputs[0].high[from] + eta);
      steep[to] = slope == 0 || inputs[0][from] == 0 ? 0 : slope * inputs[0][from];
    });
  }
  void relax(const Functionals& f) override {
    const std::size_t features = in_.features.size();
    std::fill_n(f.of_inputs[0], in_.steps(f.known.steps) * f.rows() * features, 0.0f);
    for (std::size_t t = 0; t < out_.steps(f.known.steps); ++t)
      for (std::size_t row = 0; row < f.rows(); ++row)
        for (std::size_t i = 0; i < features; ++i) {
          const float a = f.of_output[(t * f.rows() + row) * features + i];
          if (a == 0) continue;
          const std::size_t step = in_.constant ? 0 : t;
          const std::size_t at = (step * f.known.samples + row / f.functions) * features + i;
          const float eta = context_[t % context_.size()];
          const Lines lines = f_.lines(f.known.inputs[0].low[at] + eta, f.known.inputs[0].high[at] + eta);
          const float slope = a > 0 ? lines.low_slope : lines.high_slope;
          const float offset = a > 0 ? lines.low_offset - slack : lines.high_offset + slack;
          f.of_inputs[0][(step * f.rows() + row) * features + i] += a * slope;
          f.constants[row] += double(a) * (double(offset) + double(slope) * double(eta));
        }
  }

 private:
  static constexpr float slack = 1e-6f;  // of functions with values of 0 to 1 in single precision

  template <class Visit>
  void for_each_step(std::size_t steps, std::size_t samples, const Visit& visit) const {
    const std::size_t row = samples * in_.features.size();
    for (std::size_t t = 0; t < out_.steps(steps); ++t)
      for (std::size_t i = 0; i < row; ++i)
        visit(t * row + i, (in_.constant ? 0 : t) * row + i, context_[t % context_.size()]);
  }
  SignalShape in_, out_;
  F f_;
  std::vector<float> context_;  // eta of each step
};

/// A mask that is frozen: it reads nothing of its input.
class FrozenMask final : public BoundedLayer {
 public:
  FrozenMask(const SignalShape& in, const SignalShape& out, std::vector<float> mask)
      : in_(in), out_(out), mask_(std::move(mask)) {}
  SignalShape shape() const override { return out_; }
  void bound(const Known& known, Bound<float> output) override {
    for (std::size_t i = 0; i < size_of(out_, known); ++i)
      output.low[i] = output.high[i] = mask_[i % mask_.size()];
  }
  void steepness(const Known& known, Bound<const float>, std::span<const float* const>,
                 float* steep) override {
    std::fill_n(steep, size_of(out_, known), 0.0f);
  }
  void relax(const Functionals& f) override { relax_by_constants(f, out_, std::span(&in_, 1)); }

 private:
  SignalShape in_, out_;
  std::vector<float> mask_;
};

/// Y = M C + (1 - M) P from C, P (aligned), M and the layer's own input, of which only the bounds are read.
class MixBounds final : public BoundedLayer, public FlexMix {
 public:
  MixBounds(const layer::Flex& p, const SignalShape& in, const SignalShape& branches, const SignalShape& mask,
            const std::vector<float>& weights, FlexRule rule)
      : in_(in),
        branches_(branches),
        mask_(mask),
        out_{branches.features, branches.constant && mask.constant},
        window_{whole(p.kernel), whole(p.stride), whole(p.padding)},
        rule_(rule),
        averages_(p.pool == 1),
        align_(in.features.channels, branches.features.channels, p.align == 1) {
    take_weights(weights);
  }
  SignalShape shape() const override { return out_; }
  void clear(std::size_t parts) override { sums_.assign(parts, {}); }
  FlexWidths widths() const override {
    FlexWidths total;
    std::size_t count = 0;
    for (const Sums& sums : sums_) {
      count += sums.count;
      for (std::size_t k = 0; k < 3; ++k) {
        total.by_rule[k] += sums.widths.by_rule[k];
        total.steepness[k] += sums.widths.steepness[k];
      }
    }
    for (auto* all : {&total.by_rule, &total.steepness})
      for (double& each : *all) each /= double(std::max<std::size_t>(count, 1));
    return total;
  }

  void bound(const Known& known, Bound<float> output) override {
    const std::size_t features = branches_.features.size();
    std::vector<Range> joint(features);
    Sums& sums = sums_[known.part];
    for_each_map(known.steps, known.samples, [&](std::size_t out, std::size_t branch, std::size_t mask) {
      find_joint(known, branch, mask, joint);
      for (std::size_t i = 0; i < features; ++i) {
        const Range c = range_of(known, conv, branch * features + i),
                    p = range_of(known, pool, branch * features + i);
        const Range m = mask_of(known, mask, i);
        const Range apart = mix_apart(c, p, m);
        const Range by_difference = mix_by_difference(p, difference(c, p), m);
        const Range all = common(joint[i], apart);
        const std::array<const Range*, 3> ranges = {&apart, &by_difference, &all};
        for (std::size_t k = 0; k < 3; ++k)
          sums.widths.by_rule[k] += double(ranges[k]->high) - double(ranges[k]->low);
        const Range& chosen = *ranges[std::size_t(rule_)];
        const float room = rounding(1) * (std::max(std::abs(c.low), std::abs(c.high)) +
                                          std::max(std::abs(p.low), std::abs(p.high)));
        output.low[out * features + i] = chosen.low - room;
        output.high[out * features + i] = chosen.high + room;
      }
      sums.count += features;
    });
  }

  void steepness(const Known& known, Bound<const float>, std::span<const float* const> inputs,
                 float* steep) override {
    const std::size_t features = branches_.features.size();
    Sums& sums = sums_[known.part];
    for_each_map(known.steps, known.samples, [&](std::size_t out, std::size_t branch, std::size_t mask) {
      for (std::size_t i = 0; i < features; ++i) {
        const std::size_t at = branch * features + i;
        const Range d = difference(range_of(known, conv, at), range_of(known, pool, at));
        const Range m = mask_of(known, mask, i);
        const float routed = inputs[2][mask * mask_.features.size() + mask_index(i)];
        const std::array<float, 3> terms = {
            m.high * inputs[conv][at], (1 - m.low) * inputs[pool][at],
            routed == 0 ? 0 : std::max(std::abs(d.low), std::abs(d.high)) * routed};
        for (std::size_t k = 0; k < 3; ++k) sums.widths.steepness[k] += double(terms[k]);
        steep[out * features + i] = terms[0] + terms[1] + terms[2];
      }
    });
  }

  /// Y = P + M D with planes for the product (equations 3.16 and 3.17 put together).
  void relax(const Functionals& f) override {
    const std::size_t features = branches_.features.size();
    for (std::size_t k : {conv, pool})
      std::fill_n(f.of_inputs[k], branches_.steps(f.known.steps) * f.rows() * features, 0.0f);
    std::fill_n(f.of_inputs[2], mask_.steps(f.known.steps) * f.rows() * mask_.features.size(), 0.0f);
    std::fill_n(f.of_inputs[3], in_.steps(f.known.steps) * f.rows() * in_.features.size(), 0.0f);
    std::vector<Planes> planes(features);
    const std::size_t samples = f.known.samples;
    for_each_map(f.known.steps, samples, [&](std::size_t out, std::size_t branch, std::size_t mask) {
      for (std::size_t i = 0; i < features; ++i) {
        const std::size_t at = branch * features + i;
        planes[i] = product_planes(mask_of(f.known, mask, i),
                                   difference(range_of(f.known, conv, at), range_of(f.known, pool, at)));
      }
      for (std::size_t k = 0; k < f.functions; ++k) {
        const float* a = f.of_output + (out * f.functions + k) * features;
        float* to_conv = f.of_inputs[conv] + (branch * f.functions + k) * features;
        float* to_pool = f.of_inputs[pool] + (branch * f.functions + k) * features;
        float* to_mask = f.of_inputs[2] + (mask * f.functions + k) * mask_.features.size();
        double sum = 0;
        for (std::size_t i = 0; i < features; ++i) {
          const bool rising = a[i] > 0;
          const float by_d = rising ? planes[i].low_d : planes[i].high_d;
          to_conv[i] += a[i] * by_d;
          to_pool[i] += a[i] * (1 - by_d);
          to_mask[mask_index(i)] += a[i] * (rising ? planes[i].low_m : planes[i].high_m);
          sum += double(a[i]) * double(rising ? planes[i].low_offset : planes[i].high_offset);
        }
        f.constants[out % samples * f.functions + k] += sum;
      }
    });
  }

 private:
  static constexpr std::size_t conv = 0, pool = 1;
  struct Sums {
    FlexWidths widths;
    std::size_t count = 0;
  };

  // A channel of the output pools one or two channels of the input: their numbers and parts, and the weights
  // [place under the kernel, channel of the output] of the convolution there.
  struct Source {
    std::vector<std::uint32_t> channel;
    std::vector<float> share, weights;
  };
  void take_weights(const std::vector<float>& all) {
    const std::size_t in = in_.features.channels, out = branches_.features.channels;
    const std::size_t area = window_.kernel * window_.kernel;
    for (Source& source : sources_) {
      source.channel.resize(out), source.share.resize(out), source.weights.resize(area * out);
    }
    for (std::size_t o = 0; o < out; ++o) {
      const auto [low, high, weight] = align_.source(o);
      const std::array channels = {low, high};
      // The last channels of an input have no neighbour: then one source is all of it.
      const std::array<float, 2> shares = {low == high ? 1 : 1 - weight, low == high ? 0 : weight};
      for (std::size_t s = 0; s < 2; ++s) {
        sources_[s].channel[o] = channels[s], sources_[s].share[o] = shares[s];
        for (std::size_t j = 0; j < area; ++j)
          sources_[s].weights[j * out + o] = all[(o * area + j) * in + channels[s]];
      }
    }
  }

  static Range range_of(const Known& known, std::size_t input, std::size_t at) {
    return {known.inputs[input].low[at], known.inputs[input].high[at]};
  }
  std::size_t mask_index(std::size_t i) const {
    return mask_.features.channels == branches_.features.channels ? i : i / branches_.features.channels;
  }
  Range mask_of(const Known& known, std::size_t map, std::size_t i) const {
    return range_of(known, 2, map * mask_.features.size() + mask_index(i));
  }
  static Range difference(const Range& c, const Range& p) { return {c.low - p.high, c.high - p.low}; }

  // visit(map of the output, map of the branches, map of the mask): a step of a sample.
  template <class Visit> void for_each_map(std::size_t steps, std::size_t samples, const Visit& visit) const {
    for (std::size_t t = 0; t < out_.steps(steps); ++t)
      for (std::size_t b = 0; b < samples; ++b)
        visit(t * samples + b, (branches_.constant ? 0 : t) * samples + b,
              (mask_.constant ? 0 : t) * samples + b);
  }

  /// For m at its least and its largest, m w.x + (1 - m) of the pooled place is bounded with both branches'
  /// weights of that place together: with |x - middle| <= r,
  ///   |m w_j + (1 - m) s| r_j in place of |m w_j| r_j + (1 - m) s r_j,
  /// s being the part of the pool that this input has. From below it is enough to take any one place, so the
  /// one with the largest lower bound; from above it is the worst of all places, for an average their sum.
  void find_joint(const Known& known, std::size_t map, std::size_t mask, std::vector<Range>& joint) const {
    const std::size_t channels = branches_.features.channels, features = branches_.features.size();
    const Bound<const float> x{known.inputs[3].low + map * in_.features.size(),
                               known.inputs[3].high + map * in_.features.size()};
    std::vector<Range> of_end(features);
    std::vector<float> best(features), low(features), high(features);
    for (const bool upper : {false, true}) {
      for (std::size_t i = 0; i < features; ++i) {
        const Range c = range_of(known, conv, map * features + i), m = mask_of(known, mask, i);
        const float end = upper ? m.high : m.low;
        of_end[i] = {end * c.low, end * c.high};
      }
      for (const Source& source : sources_) {
        std::fill(best.begin(), best.end(), -std::numeric_limits<float>::infinity());
        std::fill(low.begin(), low.end(), 0.0f);
        std::fill(high.begin(), high.end(), averages_ ? 0.0f : -std::numeric_limits<float>::infinity());
        for_each_place([&](std::size_t o, std::size_t i, std::size_t j) {
          const float* from_low = x.low + i * in_.features.channels;
          const float* from_high = x.high + i * in_.features.channels;
          for (std::size_t c = 0; c < channels; ++c) {
            const std::size_t at = o * channels + c;
            const Range m = mask_of(known, mask, at);
            const float end = upper ? m.high : m.low;
            const float part =
                averages_ ? source.share[c] / float(window_.kernel * window_.kernel) : source.share[c];
            const float l = from_low[source.channel[c]], h = from_high[source.channel[c]];
            const float s = (1 - end) * part, w = end * source.weights[j * channels + c];
            const float middle = s * (0.5f * l + 0.5f * h);
            const float gain = (std::abs(w + s) - std::abs(w)) * (0.5f * h - 0.5f * l);
            if (averages_) {
              low[at] += middle - gain, high[at] += middle + gain;
            } else {
              if (l > best[at]) best[at] = l, low[at] = middle - gain;
              high[at] = std::max(high[at], middle + gain);
            }
          }
        });
        for (std::size_t i = 0; i < features; ++i) of_end[i].low += low[i], of_end[i].high += high[i];
      }
      for (std::size_t i = 0; i < features; ++i)
        joint[i] = upper
                       ? Range{std::min(joint[i].low, of_end[i].low), std::max(joint[i].high, of_end[i].high)}
                       : of_end[i];
    }
  }
  // visit(place of the output, place of the input, place under the kernel)
  template <class Visit> void for_each_place(const Visit& visit) const {
    const FeatureShape &in = in_.features, &out = branches_.features;
    for_each_under(in, out, window_, [&](std::size_t o, std::size_t i) {
      const std::size_t top = o / out.width * window_.stride, left = o % out.width * window_.stride;
      const std::size_t ky = i / in.width + window_.padding - top, kx = i % in.width + window_.padding - left;
      visit(o, i, ky * window_.kernel + kx);
    });
  }

  SignalShape in_, branches_, mask_, out_;
  Window window_;
  FlexRule rule_;
  bool averages_;
  ChannelAlignment<float> align_;
  std::array<Source, 2> sources_;
  std::vector<Sums> sums_;
};

LayerDescription described(const std::string& name, std::string_view kind, const LayerDescription& flex,
                           std::map<std::string, double> parameters) {
  LayerDescription made;
  made.name = name;
  made.what = {std::string(kind), std::move(parameters), flex.what.where};
  return made;
}

std::unique_ptr<BoundedLayer> make_mask(const layer::Flex& p, const SignalShape& in, const SignalShape& out,
                                        const std::vector<float>& context) {
  const auto made = [&]<class F>(F f) -> std::unique_ptr<BoundedLayer> {
    return std::make_unique<MaskBounds<F>>(in, out, f, context);
  };
  const auto activation = static_cast<MaskActivation>(whole(p.activation));
  if (activation == MaskActivation::hard_sigmoid) return made(Ramp{1.0f / 6, 0.5f, {0, 1}});
  if (activation == MaskActivation::sigmoid) return made(Logistic{});
  return made(Step{});  // the others are steps once learning is over
}

}  // namespace

FlexPieces make_flex_pieces(const LayerDescription& layer, const SignalShape& input, const Making& making,
                            FlexRule rule) {
  const auto p = values_of<layer::Flex>(layer.what);
  if (p.context == 1)
    throw Error(
        ErrorKind::input, layer.what.where,
        fmt::format("layer {}: with `context: noise` its mask is random, and nothing can be certified",
                    layer.name));
  FlexPieces made;
  std::vector<SignalShape> shapes = {input};
  const auto add = [&](std::string name, std::unique_ptr<BoundedLayer> piece, std::vector<std::size_t> from) {
    shapes.push_back(piece->shape());
    made.pieces.push_back({std::move(name), std::move(piece), std::move(from)});
    return made.pieces.size();
  };
  const auto add_layer = [&](const LayerDescription& description, std::size_t from) {
    return add(description.name, make_bounded(description, std::span(&shapes[from], 1), making), {from});
  };
  const std::map<std::string, double> square = {
      {"kernel", p.kernel}, {"stride", p.stride}, {"padding", p.padding}};
  auto of_conv = square;
  of_conv["channels"] = p.channels, of_conv["bias"] = p.bias;
  const std::size_t conv = add_layer(described(layer.name, layer::Conv::describe().name, layer, of_conv), 0);
  const SignalShape branches = shapes[conv];
  const auto pool_kind = p.pool == 0 ? layer::MaxPool::describe().name : layer::AveragePool::describe().name;
  const std::size_t own_pool = add_layer(described(layer.name + ".pool", pool_kind, layer, square), 0);
  std::size_t pool = own_pool;
  if (input.features.channels != branches.features.channels)
    pool = add(layer.name + ".align",
               std::make_unique<AlignmentBounds>(shapes[own_pool], branches, p.align == 1), {own_pool});

  const bool one_mask = p.granularity == 1;
  SignalShape mask{
      {branches.features.height, branches.features.width, one_mask ? 1 : branches.features.channels},
      input.constant};
  std::size_t at = 0;
  const auto array = [&](std::string_view what) -> const std::vector<float>& {
    return making.arrays.at(fmt::format("{}.{}", layer.name, what))->values;
  };
  const bool frozen = p.frozen_after > 0 && array("frozen")[0] != 0;
  if (frozen) {
    mask.constant = true;
    at = add(layer.name + ".mask", std::make_unique<FrozenMask>(input, mask, array("mask")), {0});
  } else {
    std::size_t links = 0;
    const auto link = [&](std::string_view kind, std::map<std::string, double> parameters) {
      at = add_layer(
          described(fmt::format("{}.logits{}", layer.name, ++links), kind, layer, std::move(parameters)), at);
    };
    if (p.logits == 0) {
      const std::size_t from = one_mask ? own_pool : pool;
      at = add(layer.name + ".above",
               std::make_unique<ThresholdBounds>(shapes[from], mask, array("threshold")), {from});
      if (p.norm != 0) link(layer::BatchNorm::describe().name, {});
    } else {
      for (std::size_t block = 0; block < whole(p.blocks); ++block) {
        const bool first = block == 0, last = block + 1 == whole(p.blocks);
        link(layer::Conv::describe().name,
             {{"channels", double(last ? mask.features.channels : branches.features.channels)},
              {"kernel", first ? p.kernel : 3},
              {"stride", first ? p.stride : 1},
              {"padding", first ? p.padding : 1}});
        link(layer::LeakyRelu::describe().name, {});
        if (p.norm != 0) link(layer::BatchNorm::describe().name, {});
      }
    }
    std::vector<float> context = {0};
    const std::size_t steps = making.context.steps;
    if (p.context == 2 && steps > 1) {
      context.clear();
      for (std::size_t t = 0; t < steps; ++t)
        context.push_back(float(p.context_size * (2 * double(t) / double(steps - 1) - 1)));
    }
    mask.constant = input.constant && p.context == 0;
    at = add(layer.name + ".mask", make_mask(p, shapes[at], mask, context), {at});
  }
  auto mix = std::make_unique<MixBounds>(p, input, branches, mask, array("weight"), rule);
  made.mix = mix.get();
  add(layer.name, std::move(mix), {conv, pool, at, 0});
  return made;
}

}  // namespace synfire::learning::bounds
