#pragma once
// The inner loops of the dense helpers, compiled once per instruction set from dense_kernels.inl.
#include <cstdint>

#include "dense.hpp"
#include "device.hpp"

namespace vmk {

// act(scale * x + shift + residual) of `rows` rows of c columns; residual is f32.
struct AffineRows {
  const float* x;
  int64_t ldx;
  const float *scale, *shift, *residual;  // or nullptr
  int64_t ldr;
  float* out;
  int64_t ldo, rows, c;
  int32_t activation;
  float slope;
};

// n rows of c columns, in f32; out may be x.
struct SoftmaxRows {
  const float* x;
  float* out;
  int64_t n, c;
};
struct NormRows {
  const float *x, *gamma, *beta;
  float* out;
  int64_t n, c;
  float epsilon;
};
// Of a map [kv, m] whose entries have been checked, in f32.
struct ReduceRows {
  const float* feats;
  const int32_t* map;
  float* out;
  int64_t m, kv, c;
  int32_t reduce;
};

struct DenseKernels {
  void (*affine)(const AffineRows&);
  void (*softmax)(const SoftmaxRows&);
  void (*layer_norm)(const NormRows&);
  // Rows [begin, end) of the output.
  void (*map_reduce)(const ReduceRows&, int64_t begin, int64_t end);
};

extern const DenseKernels kDenseBaseline;
#if defined(__x86_64__)
extern const DenseKernels kDenseAvx2;
extern const DenseKernels kDenseAvx512;
#endif

inline const DenseKernels& dense_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == kAvx512) return kDenseAvx512;
  if (isa == kAvx2) return kDenseAvx2;
#endif
  (void)isa;
  return kDenseBaseline;
}

}  // namespace vmk
