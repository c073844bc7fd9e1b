// Matrix products: oneDNN in single precision, Eigen in double precision, which checks use. All run on the
// thread that calls them.
#pragma once

#include <cstddef>

namespace synfire::learning {

enum class Transposed : bool { no, yes };

/// What the factors of products are rounded to; sums are single precision. A processor without products of
/// bf16 rounds alike and multiplies in single precision. Nothing is rounded in double precision.
enum class Precision { single, bf16 };

/// C [m, n] = op(A) op(B) + beta C, all with the last index fastest and without gaps; op(A) is [m, k]. In
/// bf16 beta is 0 or 1.
template <class Real>
void multiply(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n, std::size_t k,
              const Real* a, const Real* b, Real beta, Real* c, Precision precision = Precision::single);

/// Whether this processor multiplies bf16 by itself.
bool has_bf16_products();

/// Keeps the libraries below from starting threads of their own: parts of a batch are what is shared out.
void keep_to_this_thread();

}  // namespace synfire::learning
