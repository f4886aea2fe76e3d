#pragma once
// The micro-kernels of weight gradients: rows packed side by side, and C += A^T B over them.
// Compiled once per instruction set from outer_gemm.inl.
#include <cstdint>

#include "device.hpp"

namespace vmk {

struct OuterGemm {
  const float* a;  // [pairs, rows], rows lda apart
  int64_t lda;
  const int32_t* a_rows;  // the rows of a and b that are paired; both nullptr for 0, 1, 2, ...
  const float* b;         // [pairs, n], rows ldb apart
  int64_t ldb;
  const int32_t* b_rows;
  float* c;  // [rows, n], rows ldc apart
  int64_t ldc;
  int64_t pairs, rows, n;  // n is a multiple of kColumnPad
};

struct PackRows {
  const float* from;
  int64_t channels;     // of a row; rows lie side by side
  const int32_t* rows;  // which
  int64_t count;
  float* to;
  int64_t stride;  // of the packed rows
};

struct OuterKernels {
  void (*outer_gemm)(const OuterGemm&);
  void (*pack_rows)(const PackRows&);
};

extern const OuterKernels kOuterBaseline;
#if defined(__x86_64__)
extern const OuterKernels kOuterAvx2;
extern const OuterKernels kOuterAvx512;
#endif

inline const OuterKernels& outer_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == kAvx512) return kOuterAvx512;
  if (isa == kAvx2) return kOuterAvx2;
#endif
  (void)isa;
  return kOuterBaseline;
}

}  // namespace vmk
