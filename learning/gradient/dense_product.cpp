#include "learning/gradient/dense_product.hpp"

#include <algorithm>
#include <functional>

#include "core/loops.hpp"

namespace synfire::learning {
namespace {

// Rows that go through all connections together. Each is a column of a block then, so that a connection is a
// product of neighbouring numbers.
constexpr std::size_t lanes = 64, group = 16;

// block [width, lanes] = the transpose of `count` rows; lanes behind them are 0.
template <class Real>
void to_block(const Real* rows, std::size_t width, std::size_t count, Real* __restrict block) {
  if (count < lanes) std::fill_n(block, width * lanes, Real(0));
  for (std::size_t first = 0; first < width; first += group)
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t i = first; i < std::min(width, first + group); ++i)
        block[i * lanes + r] = rows[r * width + i];
}
template <class Real>
void from_block(const Real* block, std::size_t width, std::size_t count, bool adds, Real* rows) {
  for (std::size_t first = 0; first < width; first += group)
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t i = first; i < std::min(width, first + group); ++i)
        rows[r * width + i] = (adds ? rows[r * width + i] : Real(0)) + block[i * lanes + r];
}

// Width of the lanes that `count` rows need.
std::size_t used(std::size_t count) { return (count + group - 1) / group * group; }

// Some neighbouring lanes, which a register holds.
template <class Real> struct Vector {
  static constexpr std::size_t size = 64 / sizeof(Real);
  typedef Real Type __attribute__((vector_size(64), aligned(sizeof(Real)), may_alias));
};

// Weighted sums of rows of a block, so many vectors of their lanes.
template <std::size_t vectors, class Real>
SYNFIRE_INLINE inline void add_up(std::span<const std::uint32_t> others, const Real* weights,
                                  const Real* block, Real* sums) {
  using V = typename Vector<Real>::Type;
  V part[vectors] = {};
  for (std::size_t k = 0; k < others.size(); ++k) {
    const V* values = reinterpret_cast<const V*>(block + others[k] * lanes);
    const Real weight = weights[k];
    for (std::size_t v = 0; v < vectors; ++v) part[v] += weight * values[v];
  }
  for (std::size_t v = 0; v < vectors; ++v) reinterpret_cast<V*>(sums)[v] = part[v];
}

// Halves are added to halves: no sum waits for the one before.
template <class Real> Real sum_of(Real* values, std::size_t count) {
  for (std::size_t half = count / 2; half > 0; half /= 2)
    for (std::size_t l = 0; l < half; ++l) values[l] += values[l + half];
  return values[0];
}

// For each of `others`, adds products of the lanes of its row and of `with`, so many vectors of them, to the
// lanes of one vector.
template <std::size_t vectors, class Real>
SYNFIRE_INLINE inline void add_products(std::span<const std::uint32_t> others, const Real* with,
                                        const Real* block, Real* sums) {
  using V = typename Vector<Real>::Type;
  V factor[vectors];
  for (std::size_t v = 0; v < vectors; ++v) factor[v] = reinterpret_cast<const V*>(with)[v];
  for (std::size_t k = 0; k < others.size(); ++k) {
    const V* values = reinterpret_cast<const V*>(block + others[k] * lanes);
    V part = reinterpret_cast<const V*>(sums)[k];
    for (std::size_t v = 0; v < vectors; ++v) part += factor[v] * values[v];
    reinterpret_cast<V*>(sums)[k] = part;
  }
}

}  // namespace

template <class Real>
KeptConnections<Real>::KeptConnections(const Weights<Real>& weights)
    : targets_(weights.shape[0]), sources_(weights.shape[1]) {
  of_targets_.begins.push_back(0);
  of_sources_.begins.assign(sources_ + 1, 0);
  for (std::size_t t = 0; t < targets_; ++t) {
    for (std::size_t s = 0; s < sources_; ++s) {
      const std::size_t i = t * sources_ + s;
      if (weights.pruned.empty() ? weights.values[i] == 0 : weights.pruned[i] != 0) continue;
      of_targets_.others.push_back(static_cast<std::uint32_t>(s));
      of_targets_.weights.push_back(weights.values[i]);
      ++of_sources_.begins[s + 1];
    }
    of_targets_.begins.push_back(of_targets_.others.size());
  }
  for (std::size_t s = 0; s < sources_; ++s) of_sources_.begins[s + 1] += of_sources_.begins[s];
  of_sources_.others.resize(of_targets_.others.size());
  of_sources_.weights.resize(of_targets_.others.size());
  std::vector<std::size_t> next(of_sources_.begins.begin(), of_sources_.begins.end() - 1);
  for (std::size_t t = 0; t < targets_; ++t)
    for (std::size_t k = of_targets_.begins[t]; k < of_targets_.begins[t + 1]; ++k) {
      const std::size_t place = next[of_targets_.others[k]]++;
      of_sources_.others[place] = static_cast<std::uint32_t>(t);
      of_sources_.weights[place] = of_targets_.weights[k];
    }
}

template <class Real>
void KeptConnections<Real>::product(const List& list, const Real* from, std::size_t width_from,
                                    std::size_t rows, bool adds, Real* to) const {
  const std::size_t width_to = list.begins.size() - 1;
  LargeVector<Real> in(width_from * lanes), out(width_to * lanes);
  for (std::size_t row = 0; row < rows; row += lanes) {
    const std::size_t count = std::min(lanes, rows - row), width = used(count);
    run_loop([&]() SYNFIRE_INLINE {
      to_block(from + row * width_from, width_from, count, in.data());
      for (std::size_t n = 0; n < width_to; ++n) {
        const auto others = list.row(n);
        const Real* weights = list.weights.data() + list.begins[n];
        Real* sums = out.data() + n * lanes;
        if (width == lanes) {
          add_up<lanes / Vector<Real>::size>(others, weights, in.data(), sums);
        } else {
          for (std::size_t first = 0; first < width; first += group)
            add_up<group / Vector<Real>::size>(others, weights, in.data() + first, sums + first);
        }
      }
      from_block(out.data(), width_to, count, adds, to + row * width_to);
    });
  }
}

template <class Real>
void KeptConnections<Real>::by_target(const Real* x, std::size_t rows, bool adds, Real* y) const {
  product(of_targets_, x, sources_, rows, adds, y);
}
template <class Real>
void KeptConnections<Real>::by_source(const Real* dy, std::size_t rows, bool adds, Real* dx) const {
  product(of_sources_, dy, targets_, rows, adds, dx);
}

template <class Real>
void KeptConnections<Real>::gradient(const Real* x, const Real* dy, std::size_t rows, bool adds,
                                     Real* dw) const {
  constexpr std::size_t width = Vector<Real>::size;
  LargeVector<Real> in(sources_ * lanes), out(targets_ * lanes), sums(of_targets_.others.size() * width);
  std::fill(sums.begin(), sums.end(), Real(0));
  for (std::size_t row = 0; row < rows; row += lanes) {
    const std::size_t count = std::min(lanes, rows - row);
    run_loop([&]() SYNFIRE_INLINE {
      to_block(x + row * sources_, sources_, count, in.data());
      to_block(dy + row * targets_, targets_, count, out.data());
      for (std::size_t t = 0; t < targets_; ++t) {
        const Real* d = out.data() + t * lanes;
        Real* to = sums.data() + of_targets_.begins[t] * width;
        if (count > group) {
          add_products<lanes / width>(of_targets_.row(t), d, in.data(), to);
        } else {
          add_products<group / width>(of_targets_.row(t), d, in.data(), to);
        }
      }
    });
  }
  if (!adds) std::fill_n(dw, targets_ * sources_, Real(0));
  for (std::size_t t = 0; t < targets_; ++t)
    for (std::size_t k = of_targets_.begins[t]; k < of_targets_.begins[t + 1]; ++k)
      dw[t * sources_ + of_targets_.others[k]] += sum_of(sums.data() + k * width, width);
}

template <class Real>
void DenseProduct<Real>::begin(const Weights<Real>& weights, Precision precision, bool learns) {
  weights_ = &weights;
  precision_ = precision;
  turned_.begin();
  kept_.reset();
  density_ = 1;
  if (learns && weights.pruned.empty()) return;
  const auto gone = weights.pruned.empty()
                        ? std::count(weights.values.begin(), weights.values.end(), Real(0))
                        : std::count_if(weights.pruned.begin(), weights.pruned.end(), std::identity());
  density_ = 1 - double(gone) / double(weights.size());
  if (density_ < sparse_connections * gain(precision))
    kept_ = std::make_unique<KeptConnections<Real>>(weights);
}

template <class Real> void DenseProduct<Real>::forward(const Real* x, std::size_t rows, bool adds, Real* y) {
  const Sparse spikes(x, rows, in());
  const double by_spikes = spikes.density() / (sparse_forward * gain(precision_)),
               by_connections = density_ / (sparse_connections * gain(precision_));
  if (by_spikes >= 1 || by_connections < by_spikes) return forward_values(x, rows, adds, y);
  if (!adds) std::fill_n(y, rows * out(), Real(0));
  multiply_spikes(spikes, x, in(), out(), turned_.get(out(), in(), weights_->values.data()), y);
}

template <class Real>
void DenseProduct<Real>::forward_values(const Real* x, std::size_t rows, bool adds, Real* y) const {
  if (kept_) return kept_->by_target(x, rows, adds, y);
  multiply(Transposed::no, Transposed::yes, rows, out(), in(), x, weights_->values.data(), Real(adds ? 1 : 0),
           y, precision_);
}

template <class Real>
void DenseProduct<Real>::by_input(const Real* dy, std::size_t rows, bool adds, Real* dx) const {
  if (kept_) return kept_->by_source(dy, rows, adds, dx);
  multiply(Transposed::no, Transposed::no, rows, in(), out(), dy, weights_->values.data(), Real(adds ? 1 : 0),
           dx, precision_);
}

template <class Real>
void DenseProduct<Real>::by_weights(const Real* x, const Real* dy, std::size_t rows, Real* gradient) const {
  if (gradient_of_kept()) return kept_->gradient(x, dy, rows, false, gradient);
  weights_gradient(x, rows, in(), out(), dy, gradient, precision_);
}

template <class Real>
void DenseProduct<Real>::by_weights_of_values(const Real* x, const Real* dy, std::size_t rows, bool adds,
                                              Real* gradient) const {
  if (gradient_of_kept()) return kept_->gradient(x, dy, rows, adds, gradient);
  multiply(Transposed::yes, Transposed::no, out(), in(), rows, dy, x, Real(adds ? 1 : 0), gradient,
           precision_);
}

template class KeptConnections<float>;
template class KeptConnections<double>;
template class DenseProduct<float>;
template class DenseProduct<double>;

}  // namespace synfire::learning
