// Philox by hand: the compiler does not see that a product of two 32-bit words in 64-bit lanes is one
// instruction, and moves words between lanes of both widths instead, which takes four times as long.
#include "core/cpu.hpp"
#include "core/random.hpp"

#if SYNFIRE_HAS_WIDE
// Intrinsics of g++ 12 leave on purpose undefined what their masks do not choose (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

namespace synfire {
namespace {

constexpr long long multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
constexpr std::uint32_t weyl0 = 0x9E3779B9u, weyl1 = 0xBB67AE85u;

// Words lie in the lower halves of 64-bit lanes; what the upper halves hold is never read.
SYNFIRE_WIDE void philox_wide(PhiloxBlocks<16>& block, RandomKey key) {
  const __m512i m0 = _mm512_set1_epi64(multiplier0), m1 = _mm512_set1_epi64(multiplier1);
  __m512i w[4][2];
  for (int row = 0; row < 4; ++row)
    for (int half = 0; half < 2; ++half)
      w[row][half] = _mm512_cvtepu32_epi64(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block.words[row] + 8 * half)));
  __m512i k0 = _mm512_set1_epi64(key.low), k1 = _mm512_set1_epi64(key.high);
  const __m512i step0 = _mm512_set1_epi64(weyl0), step1 = _mm512_set1_epi64(weyl1);
  constexpr int exclusive_or = 0x96;
  for (int round = 0; round < 10; ++round) {
    SYNFIRE_UNROLL
    for (int half = 0; half < 2; ++half) {
      const __m512i product0 = _mm512_mul_epu32(m0, w[0][half]), product1 = _mm512_mul_epu32(m1, w[2][half]);
      w[0][half] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(product1, 32), w[1][half], k0, exclusive_or);
      w[2][half] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(product0, 32), w[3][half], k1, exclusive_or);
      w[1][half] = product1;
      w[3][half] = product0;
    }
    k0 = _mm512_add_epi64(k0, step0);
    k1 = _mm512_add_epi64(k1, step1);
  }
  const __m512i low_words = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  for (int row = 0; row < 4; ++row)  // in one piece, as it will be read
    _mm512_storeu_si512(block.words[row], _mm512_permutex2var_epi32(w[row][0], low_words, w[row][1]));
}

// Four blocks at a time: all of their words stay in registers.
void philox_narrow(PhiloxBlocks<16>& block, RandomKey key) {
  const __m256i m0 = _mm256_set1_epi64x(multiplier0), m1 = _mm256_set1_epi64x(multiplier1);
  const __m256i low_words = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  const __m256i step0 = _mm256_set1_epi64x(weyl0), step1 = _mm256_set1_epi64x(weyl1);
  for (int begin = 0; begin < 16; begin += 8) {
    __m256i w[4][2];
    for (int row = 0; row < 4; ++row)
      for (int half = 0; half < 2; ++half)
        w[row][half] = _mm256_cvtepu32_epi64(
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(block.words[row] + begin + 4 * half)));
    __m256i k0 = _mm256_set1_epi64x(key.low), k1 = _mm256_set1_epi64x(key.high);
    for (int round = 0; round < 10; ++round) {
      SYNFIRE_UNROLL
      for (int half = 0; half < 2; ++half) {
        const __m256i product0 = _mm256_mul_epu32(m0, w[0][half]),
                      product1 = _mm256_mul_epu32(m1, w[2][half]);
        w[0][half] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product1, 32), w[1][half]), k0);
        w[2][half] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(product0, 32), w[3][half]), k1);
        w[1][half] = product1;
        w[3][half] = product0;
      }
      k0 = _mm256_add_epi64(k0, step0);
      k1 = _mm256_add_epi64(k1, step1);
    }
    for (int row = 0; row < 4; ++row)
      for (int half = 0; half < 2; ++half)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(block.words[row] + begin + 4 * half),
                         _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(w[row][half], low_words)));
  }
}

}  // namespace

void philox(PhiloxBlocks<16>& block, RandomKey key) {
  if (cpu_runs_wide_loops()) return philox_wide(block, key);
  philox_narrow(block, key);
}

}  // namespace synfire
#endif
