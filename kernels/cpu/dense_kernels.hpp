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

struct DenseKernels {
  void (*affine)(const AffineRows&);
  void (*softmax)(const Softmax&);  // of all n rows
  void (*layer_norm)(const LayerNorm&);
  // Rows [begin, end) of the output; map entries have been checked.
  void (*map_reduce)(const MapReduce&, int64_t begin, int64_t end);
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
