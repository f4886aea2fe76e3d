// bev_intervals.sort - sorts (cell, point), stable, and ranks the places where the cell changes.
// Cost: ceil(bits of the grid / 8) sort passes over 8 bytes a point, then about 20 bytes a point.
#include <bit>

#include "common.cuh"
#include "primitives.hpp"
#include "tiles.cuh"

namespace vmk {

namespace {

// A dropped point gets the cell behind the last one, so that all of them come last.
__global__ void __launch_bounds__(kBlock)
    write_cells(const int32_t* __restrict__ cells, int64_t p, uint32_t grid,
                uint32_t* __restrict__ keys, int32_t* __restrict__ points, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= p) return;
  const int32_t cell = cells[i];
  const bool past = cell >= 0 && static_cast<uint32_t>(cell) >= grid;
  if (past) note(log, kBadCell, 0, i, cell);
  keys[i] = cell < 0 || past ? grid : static_cast<uint32_t>(cell);
  points[i] = static_cast<int32_t>(i);
}

__device__ inline bool starts_interval(const uint32_t* keys, uint32_t grid, int64_t i) {
  return keys[i] != grid && (i == 0 || keys[i] != keys[i - 1]);
}

__global__ void __launch_bounds__(kBlock)
    count_intervals(const uint32_t* __restrict__ keys, int64_t p, uint32_t grid,
                    int64_t* __restrict__ counts) {
  count_tile(blockIdx.x, p, &counts[blockIdx.x],
             [&](int64_t i) { return starts_interval(keys, grid, i); });
}

// The counts and the end of the last interval, written by the thread of the last kept point.
__device__ void finish(const BevIntervals& a, int64_t kept, int64_t intervals, DataErrors* log) {
  a.counts[0] = kept;
  a.counts[1] = intervals;
  if (intervals <= a.interval_capacity) a.starts[intervals] = static_cast<int32_t>(kept);
  if (kept > a.order_capacity) note(log, kFewKept, 0, a.order_capacity, kept);
  if (intervals > a.interval_capacity)
    note(log, kFewIntervals, 0, a.interval_capacity, intervals);
}

__global__ void __launch_bounds__(kBlock)
    write_intervals(const uint32_t* __restrict__ keys, const int32_t* __restrict__ points,
                    const int64_t* __restrict__ bases, BevIntervals a, DataErrors* log) {
  const auto grid = static_cast<uint32_t>(a.grid);
  rank_tile(
      blockIdx.x, a.p, bases[blockIdx.x],
      [&](int64_t i) { return starts_interval(keys, grid, i); },
      [&](int64_t i, bool first, int64_t rank) {
        if (keys[i] == grid) return;
        if (i < a.order_capacity) a.order[i] = points[i];
        if (first && rank < a.interval_capacity) {
          a.starts[rank] = static_cast<int32_t>(i);
          a.intervals[rank] = static_cast<int32_t>(keys[i]);
        }
        if (i == a.p - 1 || keys[i + 1] == grid) finish(a, i + 1, rank + first, log);
      });
}

}  // namespace

void bev_intervals_sort(Device& any, const BevIntervals& a) {
  CudaDevice& device = cuda_device(any);
  // What stands when no point is kept.
  device.fill(a.counts, 0, 2 * sizeof(int64_t));
  device.fill(a.starts, 0, sizeof(int32_t));
  if (a.p == 0) return;
  const auto grid = static_cast<uint32_t>(a.grid);
  auto* unsorted = device.scratch<uint32_t>(a.p);
  auto* keys = device.scratch<uint32_t>(a.p);
  auto* unsorted_points = device.scratch<int32_t>(a.p);
  auto* points = device.scratch<int32_t>(a.p);
  VMK_LAUNCH(device, write_cells, blocks(a.p), kBlock, a.cells, a.p, grid, unsorted,
             unsorted_points, device.data_errors());
  sort_pairs(device, unsorted, keys, unsorted_points, points, a.p,
             static_cast<int>(std::bit_width(grid)));
  const int64_t tiles = ceil_div(a.p, kTile);
  auto* bases = device.scratch<int64_t>(tiles);
  VMK_LAUNCH(device, count_intervals, blocks(a.p, kTile), kBlock, keys, a.p, grid, bases);
  exclusive_sum(device, bases, bases, tiles);
  VMK_LAUNCH(device, write_intervals, blocks(a.p, kTile), kBlock, keys, points, bases, a,
             device.data_errors());
}

}  // namespace vmk
