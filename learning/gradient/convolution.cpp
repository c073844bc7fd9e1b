#include "learning/gradient/convolution.hpp"

#include <map>
#include <mutex>

#include "core/array.hpp"
#include "core/error.hpp"
#include "learning/gradient/dnnl.hpp"

namespace synfire::learning {
namespace {

using dnnl::memory;

/// What oneDNN makes for one number of maps, when it is first asked for.
struct Plan {
  dnnl::convolution_forward::primitive_desc forward, forward_biased;
  dnnl::convolution_backward_data::primitive_desc by_input;
  dnnl::convolution_backward_weights::primitive_desc by_weights;
  dnnl::convolution_forward run_forward, run_forward_biased;
  dnnl::convolution_backward_data run_by_input;
  dnnl::convolution_backward_weights run_by_weights;
};

/// Shapes of one number of maps, weights in the order that oneDNN likes best.
struct Shapes {
  Shapes(const ConvolutionShape& shape, Precision precision, std::size_t count)
      : strides{dim(shape.stride), dim(shape.stride)},
        before{dim(shape.padding), dim(shape.padding)},
        after{behind(shape, shape.in.height, shape.out.height),
              behind(shape, shape.in.width, shape.out.width)},
        bias({dim(shape.out.channels)}, memory::data_type::f32, memory::format_tag::x) {
    const auto maps = [&](const FeatureShape& of, memory::data_type type) {
      return memory::desc({dim(count), dim(of.channels), dim(of.height), dim(of.width)}, type,
                          memory::format_tag::nhwc);
    };
    const auto type = type_of(precision), wide = memory::data_type::f32;
    in = maps(shape.in, type), out = maps(shape.out, type);
    wide_in = maps(shape.in, wide), wide_out = maps(shape.out, wide);
    weights = kernel(shape, type, memory::format_tag::any);
    wide_weights = kernel(shape, wide, memory::format_tag::any);
  }
  static memory::desc kernel(const ConvolutionShape& shape, memory::data_type type, memory::format_tag tag) {
    return {
        {dim(shape.out.channels), dim(shape.in.channels), dim(shape.kernel), dim(shape.kernel)}, type, tag};
  }
  static memory::dim behind(const ConvolutionShape& shape, std::size_t in, std::size_t out) {
    return dim((out - 1) * shape.stride + shape.kernel) - dim(in) - dim(shape.padding);
  }

  memory::dims strides, before, after;
  memory::desc in, out, wide_in, wide_out, weights, wide_weights, bias;
};

}  // namespace

template <> struct Convolution<float>::Kernels {
  static constexpr auto direct = dnnl::algorithm::convolution_direct;

  ConvolutionShape shape;
  Precision precision = Precision::single;
  std::mutex mutex;
  std::map<std::size_t, Plan> plans;
  std::vector<memory> weights;  // brought into the orders that the plans want

  memory::desc given_weights() const {
    return Shapes::kernel(shape, memory::data_type::f32, memory::format_tag::ohwi);
  }

  Plan& with_forward(std::size_t maps) {
    Plan& made = plans[maps];
    if (made.run_forward) return made;
    const Shapes s(shape, precision, maps);
    const auto training = dnnl::prop_kind::forward_training;
    made.forward = {{training, direct, s.in, s.weights, s.wide_out, s.strides, s.before, s.after},
                    own_scratchpad(),
                    processor()};
    made.forward_biased = {{training, direct, s.in, made.forward.weights_desc(), s.bias, s.wide_out,
                            s.strides, s.before, s.after},
                           own_scratchpad(),
                           processor()};
    made.run_forward = dnnl::convolution_forward(made.forward);
    made.run_forward_biased = dnnl::convolution_forward(made.forward_biased);
    return made;
  }
  // oneDNN chooses backward kernels by a forward one whose output is of their type.
  dnnl::convolution_forward::primitive_desc hint(const Shapes& s) const {
    return {{dnnl::prop_kind::forward_training, direct, s.in, s.weights, s.out, s.strides, s.before, s.after},
            own_scratchpad(),
            processor()};
  }
  Plan& with_by_input(std::size_t maps) {
    Plan& made = plans[maps];
    if (made.run_by_input) return made;
    const Shapes s(shape, precision, maps);
    made.by_input = {{direct, s.wide_in, s.weights, s.out, s.strides, s.before, s.after},
                     own_scratchpad(),
                     processor(),
                     hint(s)};
    made.run_by_input = dnnl::convolution_backward_data(made.by_input);
    return made;
  }
  Plan& with_by_weights(std::size_t maps) {
    const std::lock_guard lock(mutex);
    Plan& made = plans[maps];
    if (made.run_by_weights) return made;
    const Shapes s(shape, precision, maps);
    made.by_weights = {{direct, s.in, s.wide_weights, s.out, s.strides, s.before, s.after},
                       own_scratchpad(),
                       processor(),
                       hint(s)};
    made.run_by_weights = dnnl::convolution_backward_weights(made.by_weights);
    return made;
  }

  // One copy serves all numbers of maps that want the same order.
  const memory& bring(const memory& given, const memory::desc& wanted) {
    for (const memory& there : weights)
      if (there.get_desc() == wanted) return there;
    memory& made = weights.emplace_back(wanted, processor());
    memory from = given;
    dnnl::reorder(from, made).execute(stream(), from, made);
    stream().wait();
    return made;
  }
  const memory& brought(const memory::desc& wanted) const {
    for (const memory& there : weights)
      if (there.get_desc() == wanted) return there;
    throw Error(ErrorKind::internal, "a convolution was not prepared for so many maps");
  }

  // The direct kernel reads and writes all weights for each map, which does not pay where a map has few
  // places (docs/performance.md).
  bool weights_by_product() const {
    const std::size_t most_places = type_of(precision) == memory::data_type::bf16 ? 64 : 16;
    constexpr std::size_t least_weights = std::size_t(1) << 19;
    return shape.out.places() <= most_places && shape.weights() >= least_weights;
  }
};

template <>
Convolution<float>::Convolution(const ConvolutionShape& shape, Precision precision)
    : shape_(shape), kernels_(std::make_unique<Kernels>()) {
  kernels_->shape = shape;
  kernels_->precision = precision;
}
template <> Convolution<float>::~Convolution() = default;

template <>
void Convolution<float>::prepare_forward(const float* weights, std::span<const std::size_t> maps) {
  const memory given = view(kernels_->given_weights(), weights);
  for (const std::size_t count : maps)
    kernels_->bring(given, kernels_->with_forward(count).forward.weights_desc());
}
template <>
void Convolution<float>::prepare_by_input(const float* weights, std::span<const std::size_t> maps) {
  const memory given = view(kernels_->given_weights(), weights);
  for (const std::size_t count : maps)
    kernels_->bring(given, kernels_->with_by_input(count).by_input.weights_desc());
}
template <> void Convolution<float>::release() { kernels_->weights = {}; }

template <>
void Convolution<float>::forward(std::size_t maps, const float* in, const float* bias, float* out) const {
  const Plan& plan = kernels_->plans.at(maps);
  const auto& how = bias != nullptr ? plan.forward_biased : plan.forward;
  const void* narrow = rounded(kernels_->precision, in, maps * shape_.in.size(), Place::left);
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, view(how.src_desc(), narrow)},
                                            {DNNL_ARG_WEIGHTS, kernels_->brought(how.weights_desc())},
                                            {DNNL_ARG_DST, view(how.dst_desc(), out)}};
  if (bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, view(how.bias_desc(), bias));
  execute(bias != nullptr ? plan.run_forward_biased : plan.run_forward, how.scratchpad_desc(),
          std::move(arguments));
}

template <> void Convolution<float>::by_input(std::size_t maps, const float* d_out, float* d_in) const {
  const Plan& plan = kernels_->plans.at(maps);
  const void* narrow = rounded(kernels_->precision, d_out, maps * shape_.out.size(), Place::right);
  execute(plan.run_by_input, plan.by_input.scratchpad_desc(),
          {{DNNL_ARG_DIFF_DST, view(plan.by_input.diff_dst_desc(), narrow)},
           {DNNL_ARG_WEIGHTS, kernels_->brought(plan.by_input.weights_desc())},
           {DNNL_ARG_DIFF_SRC, view(plan.by_input.diff_src_desc(), d_in)}});
}

namespace {

void by_direct(const Plan& plan, const memory::desc& user, const void* in, const void* d_out,
               float* d_weights) {
  const memory::desc made = plan.by_weights.diff_weights_desc();
  memory given = view(user, d_weights);
  memory blocked = made == user ? given : memory(made, processor());
  execute(plan.run_by_weights, plan.by_weights.scratchpad_desc(),
          {{DNNL_ARG_SRC, view(plan.by_weights.src_desc(), in)},
           {DNNL_ARG_DIFF_DST, view(plan.by_weights.diff_dst_desc(), d_out)},
           {DNNL_ARG_DIFF_WEIGHTS, blocked}});
  if (made == user) return;
  dnnl::reorder(blocked, given).execute(stream(), blocked, given);
  stream().wait();
}

// d_weights = d_out^T times the patches of all maps, some maps at a time.
template <class Number>
void by_product(const ConvolutionShape& s, std::size_t maps, const Number* in, const Number* d_out,
                float* d_weights) {
  constexpr std::size_t elements = std::size_t(1) << 22;
  const std::size_t size = s.out.places() * s.patch(),
                    at_once = std::clamp<std::size_t>(elements / size, 1, maps);
  thread_local LargeVector<Number> patches;
  if (patches.size() < at_once * size) patches.resize(at_once * size);
  for (std::size_t m = 0; m < maps; m += at_once) {
    const std::size_t count = std::min(at_once, maps - m);
    unfold(s, count, in + m * s.in.size(), patches.data());
    multiply_rounded(Transposed::yes, Transposed::no, s.out.channels, s.patch(), count * s.out.places(),
                     d_out + m * s.out.size(), patches.data(), m > 0, d_weights);
  }
}

}  // namespace

template <>
void Convolution<float>::by_weights(std::size_t maps, const float* in, const float* d_out,
                                    float* d_weights) const {
  const Precision precision = kernels_->precision;
  const void* x = rounded(precision, in, maps * shape_.in.size(), Place::left);
  const void* d = rounded(precision, d_out, maps * shape_.out.size(), Place::right);
  if (!kernels_->weights_by_product()) {
    by_direct(kernels_->with_by_weights(maps), kernels_->given_weights(), x, d, d_weights);
  } else if (type_of(precision) == memory::data_type::bf16) {
    by_product(shape_, maps, static_cast<const std::uint16_t*>(x), static_cast<const std::uint16_t*>(d),
               d_weights);
  } else {
    by_product(shape_, maps, static_cast<const float*>(x), static_cast<const float*>(d), d_weights);
  }
}

}  // namespace synfire::learning
