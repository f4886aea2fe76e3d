// grid_voxelize.sort - places every point, then sorts (cell, point); where the points of a cell
// start is found by binary search.
// Cost: ceil(bits of the cells / 8) sort passes over 8 bytes a point and log2(N) cached reads a
// cell. Sorting instead of counting with atomics makes the order the same in every run.
#include <bit>

#include "common.cuh"
#include "dense.hpp"
#include "primitives.hpp"

namespace vmk {

namespace {

// Whether a point can be placed; notes its first bad column when it cannot.
__device__ inline bool fits(const GridVoxelize& a, const float* p, int64_t i, DataErrors* log) {
  for (int axis = 1; axis < 4; ++axis) {
    if (p[axis] == p[axis]) continue;
    note(log, kBadGridPosition, axis, i, __float_as_int(p[axis]));
    return false;
  }
  if (p[0] >= 0 && p[0] < static_cast<float>(a.batches) && p[0] == floorf(p[0])) return true;
  note(log, kBadGridPosition, 0, i, __float_as_int(p[0]));
  return false;
}

// PVConv rounds to find the cell and floors to find the corners; a corner beyond a whole coordinate
// would have weight 0 and may not exist, so it is left out.
__global__ void __launch_bounds__(kBlock)
    place_points(GridVoxelize a, uint32_t* __restrict__ keys, int32_t* __restrict__ rows,
                 DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= a.n) return;
  const float* p = a.positions + i * 4;
  const bool valid = fits(a, p, i, log);
  const int64_t batch = valid ? static_cast<int64_t>(p[0]) : 0, r = a.resolution;
  int64_t cell = batch;
  int low[3];
  float above[3];
  for (int axis = 0; axis < 3; ++axis) {
    const float most = static_cast<float>(r - 1);
    const float x = valid ? fminf(fmaxf(p[axis + 1], 0.0f), most) : 0.0f;
    cell = cell * r + static_cast<int64_t>(rintf(x));
    low[axis] = static_cast<int>(x);
    above[axis] = x - static_cast<float>(low[axis]);
  }
  a.cell[i] = static_cast<int32_t>(cell);
  keys[i] = static_cast<uint32_t>(cell);
  rows[i] = static_cast<int32_t>(i);
  for (int t = 0; t < 8; ++t) {
    int64_t corner = batch;
    float weight = 1;
    for (int axis = 0; axis < 3; ++axis) {
      const int up = t >> (2 - axis) & 1;
      corner = corner * r + low[axis] + up;
      weight = __fmul_rn(weight, up ? above[axis] : 1 - above[axis]);
    }
    a.index[i * 8 + t] = weight > 0 ? static_cast<int32_t>(corner) : -1;
    a.weight[i * 8 + t] = weight;
  }
}

__global__ void __launch_bounds__(kBlock)
    find_starts(const uint32_t* __restrict__ keys, int64_t n, int64_t cells,
                int32_t* __restrict__ starts) {
  const int64_t cell = thread_index();
  if (cell > cells) return;
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (keys[middle] < cell) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  starts[cell] = static_cast<int32_t>(low);
}

__global__ void __launch_bounds__(kBlock) write_shares(GridVoxelize a) {
  const int64_t i = thread_index();
  if (i >= a.n) return;
  const int32_t cell = a.cell[i];
  a.share[i] = 1.0f / static_cast<float>(a.starts[cell + 1] - a.starts[cell]);
}

}  // namespace

void grid_voxelize_sort(Device& any, const GridVoxelize& a) {
  CudaDevice& device = cuda_device(any);
  if (a.n > 0 && a.cells() == 0)
    fail(VMK_INVALID_ARGUMENT, "Cannot voxelize: row 0 has a batch number, there are 0 batches");
  auto* unsorted = device.scratch<uint32_t>(a.n);
  auto* keys = device.scratch<uint32_t>(a.n);
  auto* rows = device.scratch<int32_t>(a.n);
  VMK_LAUNCH(device, place_points, blocks(a.n), kBlock, a, unsorted, rows, device.data_errors());
  sort_pairs(device, unsorted, keys, rows, a.order, a.n,
             static_cast<int>(std::bit_width(static_cast<uint64_t>(a.cells()))));
  VMK_LAUNCH(device, find_starts, blocks(a.cells() + 1), kBlock, keys, a.n, a.cells(), a.starts);
  VMK_LAUNCH(device, write_shares, blocks(a.n), kBlock, a);
}

}  // namespace vmk
