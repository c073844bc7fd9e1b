#include "learning/gradient/spike_products.hpp"

#include <algorithm>

#include "core/loops.hpp"

namespace synfire::learning {

template <class Real> Sparse::Sparse(const Real* dense, std::size_t rows, std::size_t columns) {
  begins_.resize(rows + 1);
  begins_[0] = 0;
  columns_.resize(columns * std::min<std::size_t>(rows, 16));
  std::size_t count = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    if (count + columns > columns_.size()) columns_.resize(std::max(2 * columns_.size(), count + columns));
    const Real* from = dense + r * columns;
    std::uint32_t* to = columns_.data();
    run_loop([&]() SYNFIRE_INLINE {
      constexpr std::size_t lanes = 16;  // looked at together, since most have nothing
      std::size_t c = 0;
      for (; c + lanes <= columns; c += lanes) {
        bool any = false;
        for (std::size_t l = 0; l < lanes; ++l) any |= from[c + l] != Real(0);
        if (!any) continue;
        for (std::size_t l = 0; l < lanes; ++l) {
          to[count] = static_cast<std::uint32_t>(c + l);
          count += from[c + l] != Real(0) ? 1 : 0;
        }
      }
      for (; c < columns; ++c) {
        to[count] = static_cast<std::uint32_t>(c);
        count += from[c] != Real(0) ? 1 : 0;
      }
    });
    begins_[r + 1] = count;
  }
  density_ = rows * columns == 0 ? 0 : double(count) / (double(rows) * double(columns));
}

template Sparse::Sparse(const float*, std::size_t, std::size_t);
template Sparse::Sparse(const double*, std::size_t, std::size_t);

template <class Real>
void multiply_spikes(const Sparse& sparse, const Real* x, std::size_t in, std::size_t out, const Real* w,
                     Real* y) {
  run_loop([&]() SYNFIRE_INLINE {
    for (std::size_t r = 0; r < sparse.rows(); ++r) {
      const auto columns = sparse.row(r);
      const Real* row = x + r * in;
      Real* __restrict to = y + r * out;
      std::size_t k = 0;
      // Four at a time: the sum is then read and written once for all of them.
      for (; k + 4 <= columns.size(); k += 4) {
        const std::uint32_t* c = columns.data() + k;
        const Real a = row[c[0]], b = row[c[1]], d = row[c[2]], e = row[c[3]];
        const Real *wa = w + c[0] * out, *wb = w + c[1] * out, *wd = w + c[2] * out, *we = w + c[3] * out;
        SYNFIRE_INDEPENDENT
        for (std::size_t o = 0; o < out; ++o) to[o] += (a * wa[o] + b * wb[o]) + (d * wd[o] + e * we[o]);
      }
      for (; k < columns.size(); ++k) {
        const Real a = row[columns[k]];
        const Real* wa = w + columns[k] * out;
        SYNFIRE_INDEPENDENT
        for (std::size_t o = 0; o < out; ++o) to[o] += a * wa[o];
      }
    }
  });
}

template <class Real>
void add_outer_products(const Sparse& sparse, const Real* x, std::size_t in, std::size_t out, const Real* dy,
                        Real* dw) {
  run_loop([&]() SYNFIRE_INLINE {
    for (std::size_t r = 0; r < sparse.rows(); ++r) {
      const Real* __restrict d = dy + r * out;
      for (const std::uint32_t column : sparse.row(r)) {
        const Real a = x[r * in + column];
        Real* __restrict to = dw + column * out;
        for (std::size_t o = 0; o < out; ++o) to[o] += a * d[o];
      }
    }
  });
}

template <class Real> void transpose(std::size_t rows, std::size_t columns, const Real* from, Real* to) {
  constexpr std::size_t block = 32;
  for (std::size_t r = 0; r < rows; r += block)
    for (std::size_t c = 0; c < columns; c += block)
      for (std::size_t i = r; i < std::min(rows, r + block); ++i)
        for (std::size_t j = c; j < std::min(columns, c + block); ++j)
          to[j * rows + i] = from[i * columns + j];
}

template <class Real>
void weights_gradient(const Real* x, std::size_t rows, std::size_t in, std::size_t out, const Real* dy,
                      Real* gradient, Precision precision) {
  const Sparse sparse(x, rows, in);
  if (sparse.density() >= sparse_backward * gain(precision)) {
    multiply(Transposed::yes, Transposed::no, out, in, rows, dy, x, Real(0), gradient, precision);
    return;
  }
  LargeVector<Real> turned(in * out);
  std::fill(turned.begin(), turned.end(), Real(0));
  add_outer_products(sparse, x, in, out, dy, turned.data());
  transpose(in, out, turned.data(), gradient);
}

template void weights_gradient(const float*, std::size_t, std::size_t, std::size_t, const float*, float*,
                               Precision);
template void weights_gradient(const double*, std::size_t, std::size_t, std::size_t, const double*, double*,
                               Precision);
template void multiply_spikes(const Sparse&, const float*, std::size_t, std::size_t, const float*, float*);
template void multiply_spikes(const Sparse&, const double*, std::size_t, std::size_t, const double*, double*);
template void add_outer_products(const Sparse&, const float*, std::size_t, std::size_t, const float*, float*);
template void add_outer_products(const Sparse&, const double*, std::size_t, std::size_t, const double*,
                                 double*);
template void transpose(std::size_t, std::size_t, const float*, float*);
template void transpose(std::size_t, std::size_t, const double*, double*);

}  // namespace synfire::learning
