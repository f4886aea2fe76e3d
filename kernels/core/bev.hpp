#pragma once
// The argument structs of BEV pooling.
#include <array>
#include <cstdint>

#include "voxmark.h"

namespace vmk {

struct BevCells {
  const float* points;
  int32_t* cells;
  int64_t p, batches;
  std::array<float, 3> low, size;
  std::array<int32_t, 3> extent;
  int32_t rounding;
};
struct BevIntervals {
  const int32_t* cells;
  int32_t *order, *starts, *intervals;
  int64_t* counts;
  int64_t p, grid, order_capacity, interval_capacity;
};
struct BevPool {
  const void* feats;
  const int32_t *order, *starts, *intervals;
  void* out;
  int64_t p, kept, intervals_n, c, grid;
  vmk_dtype dtype;      // of feats
  vmk_dtype out_dtype;  // f32, or dtype
};
struct BevPoolBackward {
  const void* grad_out;
  const int32_t *order, *starts, *intervals;
  void* grad_feats;
  int64_t p, kept, intervals_n, c, grid;
  vmk_dtype dtype;  // of both gradients
};
// depths * pixels points a camera.
struct BevPoolFused {
  const void *depth, *feats;
  const int32_t *order, *starts, *intervals;
  void* out;
  int64_t p, kept, intervals_n, c, grid, depths, pixels;
  vmk_dtype dtype;      // of depth and feats
  vmk_dtype out_dtype;  // f32, or dtype
};
struct BevPoolFusedBackward {
  const void *grad_out, *depth, *feats;
  const int32_t *order, *starts, *intervals;
  void *grad_depth, *grad_feats;
  int64_t p, kept, intervals_n, c, grid, depths, pixels, rows;  // rows of feats
  vmk_dtype dtype;  // of all of them
};

}  // namespace vmk
