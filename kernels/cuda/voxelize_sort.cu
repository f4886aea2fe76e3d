// voxelize.sort - sorts (key, row) and ranks the places where the key changes.
// Cost: 8 passes of the radix sort over 12 bytes a row, then about 60 bytes a row. Sorting instead
// of hashing makes rows, order and inverse the same in every run.
#include "coords.cuh"
#include "primitives.hpp"
#include "tiles.cuh"

namespace vmk {

namespace {

__global__ void __launch_bounds__(kBlock)
    write_keys(const int32_t* __restrict__ coords, int64_t n, uint64_t* __restrict__ keys,
               int32_t* __restrict__ rows, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const uint64_t key = checked_key(coords, i, log, kBadVoxelizeRow);
  keys[i] = key == kNoKey ? 0 : key;  // something valid: what follows must stay in bounds
  rows[i] = static_cast<int32_t>(i);
}

__device__ inline bool starts_voxel(const uint64_t* keys, int64_t i) {
  return i == 0 || keys[i] != keys[i - 1];
}

__global__ void __launch_bounds__(kBlock)
    count_voxels(const uint64_t* __restrict__ keys, int64_t n, int64_t* __restrict__ counts) {
  count_tile(blockIdx.x, n, &counts[blockIdx.x], [&](int64_t i) { return starts_voxel(keys, i); });
}

__global__ void __launch_bounds__(kBlock)
    write_voxels(const uint64_t* __restrict__ keys, const int64_t* __restrict__ bases, Voxelize a,
                 DataErrors* log) {
  rank_tile(
      blockIdx.x, a.n, bases[blockIdx.x], [&](int64_t i) { return starts_voxel(keys, i); },
      [&](int64_t i, bool first, int64_t rank) {
        const int64_t m = first ? rank : rank - 1;
        a.inverse[a.order[i]] = static_cast<int32_t>(m);
        if (first) a.starts[m] = static_cast<int32_t>(i);
        if (first && m < a.capacity) set_coord(a.voxels, m, coord_of(keys[i]));
        if (i < a.n - 1) return;
        a.starts[m + 1] = static_cast<int32_t>(a.n);
        *a.count = m + 1;
        if (m >= a.capacity) note(log, kFewVoxels, 0, a.capacity, m + 1);
      });
}

}  // namespace

void voxelize_sort(Device& any, const Voxelize& a) {
  CudaDevice& device = cuda_device(any);
  if (a.n == 0) {
    device.fill(a.starts, 0, sizeof(int32_t));
    device.fill(a.count, 0, sizeof(int64_t));
    return;
  }
  auto* unsorted = device.scratch<uint64_t>(a.n);
  auto* keys = device.scratch<uint64_t>(a.n);
  auto* rows = device.scratch<int32_t>(a.n);
  VMK_LAUNCH(device, write_keys, blocks(a.n), kBlock, a.coords, a.n, unsorted, rows,
             device.data_errors());
  sort_pairs(device, unsorted, keys, rows, a.order, a.n, kKeyBits);
  const int64_t tiles = ceil_div(a.n, kTile);
  auto* bases = device.scratch<int64_t>(tiles);
  VMK_LAUNCH(device, count_voxels, blocks(a.n, kTile), kBlock, keys, a.n, bases);
  exclusive_sum(device, bases, bases, tiles);
  VMK_LAUNCH(device, write_voxels, blocks(a.n, kTile), kBlock, keys, bases, a,
             device.data_errors());
}

}  // namespace vmk
