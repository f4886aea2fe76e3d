#pragma once
// The micro-kernel of the convolutions: C[c_rows] += A[a_rows] * B, rows gathered and scattered
// by index, B dense. Compiled once per instruction set from row_gemm.inl.
#include <cstdint>

#include "device.hpp"

namespace vmk {

// Columns of B and C are padded to a multiple of this, so that no kernel needs a column tail.
constexpr int64_t kColumnPad = 16;

struct RowGemm {
  const float* a;
  int64_t lda;
  const int32_t* a_rows;  // or nullptr for rows 0, 1, 2, ...
  const float* b;         // [k, n], rows ldb apart
  int64_t ldb;
  float* c;
  int64_t ldc;
  const int32_t* c_rows;  // or nullptr; no row twice
  int64_t rows, k, n;     // n is a multiple of kColumnPad
};

// What happens to finished sums on their way to the output: see vmk_sparse_conv.
struct Finish {
  const float* sums;  // [rows, cout], rows ld apart; may be the output itself
  int64_t ld, rows, cout;
  const float *scale, *shift;  // [cout], both or neither
  const void* residual;        // [rows, cout] of dtype, or nullptr
  void* out;                   // [rows, cout] of dtype
  vmk_dtype dtype;
  int32_t activation;
  float slope;
};

struct SimdKernels {
  void (*row_gemm)(const RowGemm&);
  void (*finish)(const Finish&);
  // bf16 or f16 to f32 and back (round to nearest even), n values.
  void (*widen)(const uint16_t* from, vmk_dtype dtype, float* to, int64_t n);
  void (*narrow)(const float* from, vmk_dtype dtype, uint16_t* to, int64_t n);
  // sum += weight * from, n values of bf16 or f16.
  void (*add_widened)(const uint16_t* from, vmk_dtype dtype, float weight, float* sum, int64_t n);
  // Lists the entries of rows[0 .. n) that are not negative: their values, their positions, and
  // in *most the largest. Room for n + kColumnPad entries each. Returns how many there are.
  int64_t (*list_present)(const int32_t* rows, int64_t n, int32_t* values, int32_t* positions,
                          int32_t* most);
  // Runs `rounds` of independent multiply-adds and returns the FLOPs done; sink keeps the result.
  double (*fma_burst)(int64_t rounds, float* sink);
};

extern const SimdKernels kSimdBaseline;
#if defined(__x86_64__)
extern const SimdKernels kSimdAvx2;
extern const SimdKernels kSimdAvx512;
#endif

inline const SimdKernels& simd_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == kAvx512) return kSimdAvx512;
  if (isa == kAvx2) return kSimdAvx2;
#endif
  (void)isa;
  return kSimdBaseline;
}

#if defined(__x86_64__)
// The same product with bf16 inputs in dot-product steps of two; only where the CPU has them.
struct RowGemmBf16 {
  const uint16_t* a;  // rows lda apart
  int64_t lda;
  const int32_t* a_rows;
  const uint32_t* b;  // [k / 2, n] pairs of rows: low half the even row, high half the odd one
  float* c;
  int64_t ldc;
  const int32_t* c_rows;
  int64_t rows, k, n;  // k is even
};
// Whether the CPU has them and gains by them. Of Intel's, Emerald Rapids was measured to start one
// in two cycles, half the products of its f32 multiply-adds: rows widened to f32 are faster there.
// Asked by vendor, not measured at run time: sums must have the same bits on every run.
bool has_fast_bf16_dot(Isa isa);
void row_gemm_bf16(const RowGemmBf16& g);
#endif

inline int64_t padded_columns(int64_t n) {
  return (n + kColumnPad - 1) / kColumnPad * kColumnPad;
}

}  // namespace vmk
