// The only file that asks which compiler is running.
#pragma once

#if defined(__CUDACC__)
#define SYNFIRE_HD __host__ __device__ __forceinline__
#else
// Always inlined, so that a loop compiled for a wider instruction set takes the model with it.
#define SYNFIRE_HD inline __attribute__((always_inline))
#endif

// For lambdas given to run_loop (core/loops.hpp).
#define SYNFIRE_INLINE __attribute__((always_inline))

// A second body of a hot loop for CPUs with AVX-512; chosen at run time by core/loops.hpp. Both bodies do the
// same IEEE operations in the same order per neuron, hence give the same bits.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#define SYNFIRE_HAS_WIDE 1
#define SYNFIRE_WIDE __attribute__((target("arch=x86-64-v4,prefer-vector-width=512")))
#else
#define SYNFIRE_HAS_WIDE 0
#define SYNFIRE_WIDE
#endif

// Writes out a short loop with a constant number of rounds.
#if defined(__CUDACC__)
#define SYNFIRE_UNROLL _Pragma("unroll")
#elif defined(__GNUC__) && !defined(__clang__)
#define SYNFIRE_UNROLL _Pragma("GCC unroll 16")
#else
#define SYNFIRE_UNROLL
#endif

// Keeps a short loop over lanes a loop, so that it becomes vector instructions instead of many scalar ones.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#define SYNFIRE_LANES _Pragma("GCC unroll 1")
#else
#define SYNFIRE_LANES
#endif

// Promises the compiler that iterations of the next loop touch different memory.
#if defined(__clang__)
#define SYNFIRE_INDEPENDENT _Pragma("clang loop vectorize(enable)")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define SYNFIRE_INDEPENDENT _Pragma("GCC ivdep")
#else
#define SYNFIRE_INDEPENDENT
#endif
