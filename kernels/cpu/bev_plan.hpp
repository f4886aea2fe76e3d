#pragma once
// A plan of bev_intervals as the pooling ops see it: its checks, and its division into chunks.
#include "device.hpp"

namespace vmk {

struct BevPlan {
  const int32_t *order, *starts, *intervals;
  int64_t kept, intervals_n, p, grid;
};

template <class Args>
BevPlan plan_of(const Args& a) {
  return {a.order, a.starts, a.intervals, a.kept, a.intervals_n, a.p, a.grid};
}

// Throws unless starts and intervals are sound; returns the points of the longest interval.
int64_t check_intervals(const BevPlan& plan);
// Throws if order names a point that is not there. Variants that look at every point anyway call
// this only to name the first of them.
void check_order(const BevPlan& plan);

// Cells [first_cell, last_cell) with the intervals [begin, end) that lie in them.
struct BevChunk {
  int64_t first_cell, last_cell, begin, end;
};
constexpr int64_t kChunkWork = 4096;
// The grid in pieces of kChunkWork cells and points together (a longer interval is not divided):
// cells near a camera hold hundreds of points, most of the others none, so equal numbers of
// cells or of intervals would not be equal work.
int64_t chunk_count(const BevPlan& plan);
BevChunk chunk_of(const BevPlan& plan, int64_t index);

// The cell of each of the p points, -1 for those in no interval. Scratch of the op.
int32_t* cells_of_points(CpuDevice& device, const BevPlan& plan);

}  // namespace vmk
