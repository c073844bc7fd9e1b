// What all uses of oneDNN have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include <oneapi/dnnl/dnnl.hpp>

#include "learning/gradient/products.hpp"

namespace synfire::learning {

const dnnl::engine& processor();
/// Of the thread that calls.
dnnl::stream& stream();

inline dnnl::memory::dim dim(std::size_t size) { return static_cast<dnnl::memory::dim>(size); }

dnnl::memory view(const dnnl::memory::desc& shape, const void* data);

/// For primitives that are given their working memory.
dnnl::primitive_attr own_scratchpad();
void execute(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad,
             std::unordered_map<int, dnnl::memory> arguments);

/// What factors of products are held as.
dnnl::memory::data_type type_of(Precision precision);

/// Places for rounded factors, of the thread that calls; each use of a place ends the one before.
enum class Place { left, right };
/// The same numbers as the precision has them: `values` itself in single precision.
const void* rounded(Precision precision, const float* values, std::size_t count, Place place);

/// C [m, n] = op(A) op(B), added to what is there where `adds` says so, of factors that are rounded already.
void multiply_rounded(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n,
                      std::size_t k, const float* a, const float* b, bool adds, float* c);
void multiply_rounded(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n,
                      std::size_t k, const std::uint16_t* a, const std::uint16_t* b, bool adds, float* c);

}  // namespace synfire::learning
