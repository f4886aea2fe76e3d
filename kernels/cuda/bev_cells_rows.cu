// bev_cells.rows - one thread a point.
// Cost: 12 bytes read and 4 written a point. The arithmetic is that of the CPU library, operation
// by operation (one subtraction, one IEEE division), so that both put a point into the same cell.
#include "common.cuh"

namespace vmk {

namespace {

struct BevGrid {
  float low[3], size[3];
  int extent[3];
};

__global__ void __launch_bounds__(kBlock)
    find_cells(const float* __restrict__ points, int64_t p, int64_t per_batch, BevGrid grid,
               bool truncate, int32_t* __restrict__ cells) {
  const int64_t i = thread_index();
  if (i >= p) return;
  int at[3];
  bool inside = true;
  for (int axis = 0; axis < 3; ++axis) {
    const float x = (points[i * 3 + axis] - grid.low[axis]) / grid.size[axis];
    // Truncation moves the lower border of cell 0 down by a cell; within [0, n) the two are equal.
    const bool above = truncate ? x > -1.0f : x >= 0.0f;
    const bool kept = above && x < static_cast<float>(grid.extent[axis]);  // false for NaN
    at[axis] = kept ? static_cast<int>(x) : 0;
    inside = inside && kept;
  }
  const auto batch = static_cast<int>(i / per_batch);
  const int cell = ((batch * grid.extent[2] + at[2]) * grid.extent[0] + at[0]) * grid.extent[1] + at[1];
  cells[i] = inside ? cell : -1;
}

}  // namespace

void bev_cells_rows(Device& any, const BevCells& a) {
  CudaDevice& device = cuda_device(any);
  BevGrid grid;
  for (int axis = 0; axis < 3; ++axis) {
    grid.low[axis] = a.low[axis];
    grid.size[axis] = a.size[axis];
    grid.extent[axis] = a.extent[axis];
  }
  VMK_LAUNCH(device, find_cells, blocks(a.p), kBlock, a.points, a.p, a.p / a.batches, grid,
             a.rounding == VMK_TRUNCATE, a.cells);
}

}  // namespace vmk
