// quantize.rows - one thread a point.
// Cost: reads 4 C and writes 16 bytes a point. The arithmetic is that of the CPU library, operation
// by operation (one subtraction, one IEEE division), so that both put a point into the same voxel.
#include "coords.cuh"

namespace vmk {

namespace {

struct Grid {
  float voxel[3], origin[3];
};

__device__ inline void note_point(DataErrors* log, int axis, int64_t row, float value,
                                  float cell) {
  note(log, kBadPoint, axis, row, __float_as_int(value));
  if (isfinite(value)) note(log, kFarVoxel, axis, row, __float_as_int(cell));
}

__global__ void __launch_bounds__(kBlock)
    quantize_points(const float* __restrict__ points, const int32_t* __restrict__ batch,
                    int32_t* __restrict__ coords, int64_t n, int64_t c, Grid grid, bool floor,
                    DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const int b = batch ? batch[i] : 0;
  if (!batch_fits(b)) note(log, kBadPoint, 0, i, b);
  int at[3];
  for (int axis = 0; axis < 3; ++axis) {
    const float value = points[i * c + axis];
    const float scaled = (value - grid.origin[axis]) / grid.voxel[axis];
    const float cell = floor ? floorf(scaled) : rintf(scaled);
    // Written so that NaN fails it too.
    const bool fits = cell >= VMK_COORD_MIN && cell <= VMK_COORD_MAX;
    if (!fits) note_point(log, axis + 1, i, value, cell);
    at[axis] = fits ? static_cast<int>(cell) : 0;
  }
  set_coord(coords, i, {batch_fits(b) ? b : 0, at[0], at[1], at[2]});
}

}  // namespace

void quantize_rows(Device& any, const Quantize& a) {
  CudaDevice& device = cuda_device(any);
  const Grid grid{{a.voxel[0], a.voxel[1], a.voxel[2]}, {a.origin[0], a.origin[1], a.origin[2]}};
  VMK_LAUNCH(device, quantize_points, blocks(a.n), kBlock, a.points, a.batch, a.coords, a.n, a.c,
             grid, a.rounding == VMK_FLOOR, device.data_errors());
}

}  // namespace vmk
