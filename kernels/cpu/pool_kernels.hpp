#pragma once
// The inner loops of BEV pooling, compiled once per instruction set from pool_kernels.inl.
#include <cstdint>

#include "device.hpp"

namespace vmk {

// Division of numbers below 2^31 as a multiplication and a shift.
struct Divisor {
  uint32_t factor;
  int shift;
};

// Sums rows into the cells [first_cell, last_cell); the cells of no interval become 0.
struct PoolSums {
  const void* feats;  // of dtype
  vmk_dtype dtype;
  int64_t c;
  const int32_t* rows;
  const float* scales;  // or nullptr for ones
  const int32_t *starts, *intervals;
  int64_t begin, end;  // intervals; `rows` and `scales` begin at starts[begin]
  int64_t first_cell, last_cell;
  void* out;  // of out_dtype
  vmk_dtype out_dtype;
  bool stream;  // out is f32, c a whole number of cache lines: store around the caches
};

// Feature rows and depths of a list of points.
struct PoolPoints {
  const int32_t* order;
  int64_t n, pixels;
  Divisor per_camera, per_pixel;  // depths * pixels, pixels
  const void* depth;  // of dtype
  vmk_dtype dtype;
  int32_t* rows;
  float* scales;
};

// Gradients of the feature rows [begin, end) and of the depths above them.
struct PoolGradients {
  const float *grad_out, *depth, *feats;
  const int32_t* cells;  // of each point, or -1
  float *grad_depth, *grad_feats;
  int64_t c, depths, pixels, begin, end;
};

struct PoolKernels {
  void (*sum)(const PoolSums&);
  // The largest of n numbers as unsigned ones, so that negative ones come out large.
  uint32_t (*largest)(const int32_t* numbers, int64_t n);
  void (*resolve)(const PoolPoints&);
  // out[i] = table[cells[i]], or 0 where that is -1.
  void (*copy)(const float* table, const int32_t* cells, int64_t n, int64_t c, float* out,
               bool stream);
  void (*gradients)(const PoolGradients&);
};

extern const PoolKernels kPoolBaseline;
#if defined(__x86_64__)
extern const PoolKernels kPoolAvx2;
extern const PoolKernels kPoolAvx512;
#endif

inline const PoolKernels& pool_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == kAvx512) return kPoolAvx512;
  if (isa == kAvx2) return kPoolAvx2;
#endif
  (void)isa;
  return kPoolBaseline;
}

}  // namespace vmk
