#include "learning/gradient/products.hpp"

#include <map>
#include <tuple>

#include <Eigen/Core>
#include <fmt/format.h>

#include "core/array.hpp"
#include "core/error.hpp"
#include "learning/gradient/bf16.hpp"
#include "learning/gradient/dnnl.hpp"

namespace synfire::learning {

// Of the OpenMP library that oneDNN is linked with; its header needs a compiler that was asked for OpenMP.
extern "C" void omp_set_num_threads(int threads);

void keep_to_this_thread() { omp_set_num_threads(1); }

using dnnl::memory;

const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  thread_local dnnl::stream mine(processor());
  return mine;
}

memory view(const memory::desc& shape, const void* data) {
  return {shape, processor(), const_cast<void*>(data)};  // NOLINT: what is only read is not written
}

dnnl::primitive_attr own_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void execute(const dnnl::primitive& primitive, const memory::desc& scratchpad,
             std::unordered_map<int, memory> arguments) {
  thread_local LargeVector<char> scratch;
  if (scratch.size() < scratchpad.get_size()) scratch.resize(scratchpad.get_size());
  arguments.emplace(DNNL_ARG_SCRATCHPAD, view(scratchpad, scratch.data()));
  primitive.execute(stream(), arguments);
  stream().wait();
}

bool has_bf16_products() {
  static const bool has =
      (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
  return has;
}

memory::data_type type_of(Precision precision) {
  return precision == Precision::bf16 && has_bf16_products() ? memory::data_type::bf16
                                                             : memory::data_type::f32;
}

const void* rounded(Precision precision, const float* values, std::size_t count, Place place) {
  if (precision == Precision::single) return values;
  if (has_bf16_products()) {
    thread_local LargeVector<std::uint16_t> narrow[2];
    auto& to = narrow[static_cast<std::size_t>(place)];
    if (to.size() < count) to.resize(count);
    to_bf16(values, count, to.data());
    return to.data();
  }
  thread_local LargeVector<float> wide[2];
  auto& to = wide[static_cast<std::size_t>(place)];
  if (to.size() < count) to.resize(count);
  for (std::size_t i = 0; i < count; ++i) to[i] = from_bf16(to_bf16(values[i]));
  return to.data();
}

namespace {

void multiply_single(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n,
                     std::size_t k, const float* a, const float* b, float beta, float* c) {
  const auto letter = [](Transposed t) { return t == Transposed::yes ? 'T' : 'N'; };
  const auto lda = dim(a_transposed == Transposed::yes ? m : k);
  const auto ldb = dim(b_transposed == Transposed::yes ? k : n);
  const auto status = dnnl_sgemm(letter(a_transposed), letter(b_transposed), dim(m), dim(n), dim(k), 1.0f, a,
                                 lda, b, ldb, beta, c, dim(n));
  if (status != dnnl_success)
    throw Error(ErrorKind::internal,
                fmt::format("oneDNN could not multiply [{}, {}] by [{}, {}]", m, k, k, n));
}

/// Making one takes longer than a small product, so each thread keeps those that it used.
struct Product {
  dnnl::matmul::primitive_desc how;
  dnnl::matmul run;
};

const Product& product(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n,
                       std::size_t k, bool adds) {
  using Key = std::tuple<bool, bool, std::size_t, std::size_t, std::size_t, bool>;
  constexpr std::size_t most = 256;
  thread_local std::map<Key, Product> made;
  const Key key{a_transposed == Transposed::yes, b_transposed == Transposed::yes, m, n, k, adds};
  const auto found = made.find(key);
  if (found != made.end()) return found->second;
  if (made.size() >= most) made.clear();
  const auto type = type_of(Precision::bf16);
  const auto shape = [&](std::size_t rows, std::size_t columns, Transposed t) {
    return memory::desc({dim(rows), dim(columns)}, type,
                        t == Transposed::yes ? memory::format_tag::ba : memory::format_tag::ab);
  };
  auto attributes = own_scratchpad();
  if (adds) {
    dnnl::post_ops add;
    add.append_sum(1.0f);
    attributes.set_post_ops(add);
  }
  const memory::desc result({dim(m), dim(n)}, memory::data_type::f32, memory::format_tag::ab);
  Product product;
  product.how = {{shape(m, k, a_transposed), shape(k, n, b_transposed), result}, attributes, processor()};
  product.run = dnnl::matmul(product.how);
  return made.emplace(key, std::move(product)).first->second;
}

}  // namespace

void multiply_rounded(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n,
                      std::size_t k, const float* a, const float* b, bool adds, float* c) {
  multiply_single(a_transposed, b_transposed, m, n, k, a, b, adds ? 1.0f : 0.0f, c);
}
void multiply_rounded(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n,
                      std::size_t k, const std::uint16_t* a, const std::uint16_t* b, bool adds, float* c) {
  const Product& with = product(a_transposed, b_transposed, m, n, k, adds);
  execute(with.run, with.how.scratchpad_desc(),
          {{DNNL_ARG_SRC, view(with.how.src_desc(), a)},
           {DNNL_ARG_WEIGHTS, view(with.how.weights_desc(), b)},
           {DNNL_ARG_DST, view(with.how.dst_desc(), c)}});
}

template <>
void multiply(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n, std::size_t k,
              const float* a, const float* b, float beta, float* c, Precision precision) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (std::size_t i = 0; i < m * n; ++i) c[i] *= beta;
    return;
  }
  const void* left = rounded(precision, a, m * k, Place::left);
  const void* right = rounded(precision, b, k * n, Place::right);
  if (type_of(precision) == memory::data_type::f32) {
    multiply_single(a_transposed, b_transposed, m, n, k, static_cast<const float*>(left),
                    static_cast<const float*>(right), beta, c);
    return;
  }
  multiply_rounded(a_transposed, b_transposed, m, n, k, static_cast<const std::uint16_t*>(left),
                   static_cast<const std::uint16_t*>(right), beta != 0, c);
}

template <>
void multiply(Transposed a_transposed, Transposed b_transposed, std::size_t m, std::size_t n, std::size_t k,
              const double* a, const double* b, double beta, double* c, Precision) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto rows = [](std::size_t size) { return static_cast<Eigen::Index>(size); };
  const bool ta = a_transposed == Transposed::yes, tb = b_transposed == Transposed::yes;
  const Eigen::Map<const Matrix> A(a, rows(ta ? k : m), rows(ta ? m : k)),
      B(b, rows(tb ? n : k), rows(tb ? k : n));
  Eigen::Map<Matrix> C(c, rows(m), rows(n));
  const Matrix left = ta ? Matrix(A.transpose()) : Matrix(A), right = tb ? Matrix(B.transpose()) : Matrix(B);
  if (beta == 0) C.setZero();
  C *= beta;
  C.noalias() += left * right;
}

}  // namespace synfire::learning
