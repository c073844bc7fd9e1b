#include "learning/gradient/filled_receptors.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "networks/layer_kinds.hpp"

namespace synfire::learning {

template <class Real>
FilledReceptors<Real>::FilledReceptors(const LayerDescription& layer, const ModelInfo& info,
                                       std::size_t neurons, std::size_t receptors,
                                       const LayerContext& context)
    : neurons_(neurons), receptors_(receptors), precision_(context.precision) {
  const auto kaiming_uniform = 0.0, zero = double(layer::starts.size() - 1);
  const auto begin = [&](const std::string& what, std::vector<std::size_t> shape, double start,
                         std::size_t fan_in) {
    weights_.push_back(begin_weights<Real>(layer, context, what, shape, start, fan_in, neurons));
    return weights_.size() - 1;
  };
  for (const FilledReceptor& described : layer.receptors) {
    const std::string& receptor = info.receptors[described.receptor].name;
    Filled filled{described.receptor - 1, 0, {}};
    for (const std::size_t source : described.sources) {
      const bool is_state = source > 0;
      const std::string& name = is_state ? info.state[source - 1].name : info.receptors[0].name;
      filled.sources.push_back({is_state, is_state ? source - 1 : 0,
                                begin(fmt::format("{}.{}", receptor, name), {neurons, neurons},
                                      kaiming_uniform, neurons * described.sources.size())});
    }
    filled.bias = begin(receptor + ".bias", {neurons}, zero, neurons);
    weights_[filled.bias].decays = false;
    filled_.push_back(std::move(filled));
  }
  sums_ = std::vector<OrderedSum<Real>>(weights_.size());
}

template <class Real> void FilledReceptors<Real>::add_weights(std::vector<Weights<Real>*>& all) {
  for (auto& each : weights_) all.push_back(&each);
}

template <class Real>
void FilledReceptors<Real>::begin(const Pass& pass, std::span<const std::size_t> samples,
                                  SpareArrays<Real>& spare) {
  parts_.resize(pass.parts);
  products_.resize(weights_.size());
  for (std::size_t k = 0; k < weights_.size(); ++k)
    if (weights_[k].shape.size() == 2) products_[k].begin(weights_[k], precision_, pass.backward);
  if (!pass.backward) return;
  for (std::size_t k = 0; k < weights_.size(); ++k) sums_[k].begin(samples, weights_[k].gradient, spare);
}
template <class Real> void FilledReceptors<Real>::gather(const Pass& pass) {
  for (auto& sum : sums_) sum.finish(pass);
}

template <class Real> void FilledReceptors<Real>::begin_part(const Pass& pass, const Piece<Real>& piece) {
  if (!any()) return;
  Kept& kept = parts_[piece.part];
  kept.steps = pass.steps, kept.size = piece.samples * neurons_;
  kept.values.resize(filled_.size() * kept.steps * kept.size);
  kept.none.assign(kept.size, Real(0));
  kept.nowhere.resize(kept.size);
  kept.inputs.assign(receptors_, kept.none.data());
  kept.d_inputs.assign(receptors_, kept.nowhere.data());
}

template <class Real>
void FilledReceptors<Real>::hear(const Piece<Real>& piece, std::size_t t, std::size_t count, const Real* x) {
  const std::size_t rows = count * piece.samples;
  for (std::size_t k = 0; k < filled_.size(); ++k) {
    Real* z = values(parts_[piece.part], k, t);
    const auto& bias = weights_[filled_[k].bias].values;
    for (std::size_t row = 0; row < rows; ++row) std::copy(bias.begin(), bias.end(), z + row * neurons_);
    for (const Source& source : filled_[k].sources)
      if (!source.is_state) products_[source.weights].forward_values(x, rows, true, z);
  }
}

template <class Real>
void FilledReceptors<Real>::recall(const Piece<Real>& piece, std::size_t t, const Real* states) {
  for (std::size_t k = 0; k < filled_.size(); ++k)
    for (const Source& source : filled_[k].sources)
      if (source.is_state)
        products_[source.weights].forward_values(states + source.column * piece.samples * neurons_,
                                                 piece.samples, true, values(parts_[piece.part], k, t));
}

template <class Real> const Real* const* FilledReceptors<Real>::inputs(std::size_t part, std::size_t t) {
  if (!any()) return nullptr;
  Kept& kept = parts_[part];
  for (std::size_t k = 0; k < filled_.size(); ++k) kept.inputs[filled_[k].receptor] = values(kept, k, t);
  return kept.inputs.data();
}
template <class Real> Real* const* FilledReceptors<Real>::d_inputs(std::size_t part, std::size_t t) {
  if (!any()) return nullptr;
  Kept& kept = parts_[part];
  for (std::size_t k = 0; k < filled_.size(); ++k) kept.d_inputs[filled_[k].receptor] = values(kept, k, t);
  return kept.d_inputs.data();
}

template <class Real>
void FilledReceptors<Real>::recall_backward(const Piece<Real>& piece, std::size_t t, Real* d_states) const {
  for (std::size_t k = 0; k < filled_.size(); ++k)
    for (const Source& source : filled_[k].sources)
      if (source.is_state)
        products_[source.weights].by_input(values(parts_[piece.part], k, t), piece.samples, true,
                                           d_states + source.column * piece.samples * neurons_);
}

template <class Real>
void FilledReceptors<Real>::hear_backward(const Piece<Real>& piece, std::size_t t, std::size_t count,
                                          Real* d_x) const {
  for (std::size_t k = 0; k < filled_.size(); ++k)
    for (const Source& source : filled_[k].sources)
      if (!source.is_state)
        products_[source.weights].by_input(values(parts_[piece.part], k, t), count * piece.samples, true,
                                           d_x);
}

template <class Real>
void FilledReceptors<Real>::by_weights(const Piece<Real>& piece, const Real* x, const Real* states,
                                       std::size_t columns) {
  const auto term_of = [&](std::size_t weights, const auto& write) {
    auto term = sums_[weights].open(piece.part);
    write(term.values);
    sums_[weights].add(std::move(term));
  };
  for (std::size_t k = 0; k < filled_.size(); ++k) {
    const Kept& kept = parts_[piece.part];
    term_of(filled_[k].bias, [&](Real* gradient) { by_bias(kept, k, gradient); });
    for (const Source& source : filled_[k].sources)
      term_of(source.weights, [&](Real* gradient) {
        const auto& product = products_[source.weights];
        if (source.is_state)
          return by_states(kept, k, states + source.column * kept.size, columns, product, gradient);
        product.by_weights_of_values(x, values(kept, k, 0), kept.steps * piece.samples, false, gradient);
      });
  }
}

template <class Real>
void FilledReceptors<Real>::by_bias(const Kept& kept, std::size_t k, Real* gradient) const {
  std::vector<double> sums(neurons_);
  const Real* dz = values(kept, k, 0);
  for (std::size_t i = 0; i < kept.steps * kept.size; i += neurons_)
    for (std::size_t n = 0; n < neurons_; ++n) sums[n] += double(dz[i + n]);
  std::copy(sums.begin(), sums.end(), gradient);
}

// Columns of a state lie apart from step to step: a few steps at a time are brought together, so that they
// stay in the cache and the product has many rows to go along.
template <class Real>
void FilledReceptors<Real>::by_states(const Kept& kept, std::size_t k, const Real* states,
                                      std::size_t columns, const DenseProduct<Real>& product,
                                      Real* gradient) const {
  constexpr std::size_t wanted_rows = 512;
  const std::size_t samples = kept.size / neurons_,
                    together = std::clamp<std::size_t>(wanted_rows / samples, 1, kept.steps);
  LargeVector<Real> column(together * kept.size);
  for (std::size_t t = 0; t < kept.steps; t += together) {
    const std::size_t count = std::min(together, kept.steps - t);
    for (std::size_t step = 0; step < count; ++step)
      std::copy_n(states + (t + step) * columns * kept.size, kept.size, column.data() + step * kept.size);
    product.by_weights_of_values(column.data(), values(kept, k, t), count * samples, t > 0, gradient);
  }
}

template class FilledReceptors<float>;
template class FilledReceptors<double>;

}  // namespace synfire::learning
