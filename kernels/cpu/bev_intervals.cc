// bev_cells, bev_intervals.
//   ref       a loop in the order of the definition.
//   rows      (cells) the same over ranges of points on all threads.
//   counting  (intervals) a counting sort by cell.
#include <algorithm>
#include <cmath>
#include <map>

#include "device.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

void find_cells(const BevCells& a, int64_t begin, int64_t end) {
  const int64_t per_batch = a.p / a.batches;
  // Truncation moves the lower border of cell 0 down by a cell; within [0, n) the two are equal.
  const float lowest = a.rounding == VMK_TRUNCATE ? -1.0f : 0.0f;
  for (int64_t i = begin; i < end; ++i) {
    std::array<int32_t, 3> at;
    bool inside = true;
    for (int axis = 0; axis < 3; ++axis) {
      const float x = (a.points[i * 3 + axis] - a.low[axis]) / a.size[axis];
      const bool above = a.rounding == VMK_TRUNCATE ? x > lowest : x >= lowest;
      const bool kept = above && x < static_cast<float>(a.extent[axis]);  // false for NaN
      at[axis] = kept ? static_cast<int32_t>(x) : 0;
      inside &= kept;
    }
    const auto batch = static_cast<int32_t>(i / per_batch);
    const int32_t cell =
        ((batch * a.extent[2] + at[2]) * a.extent[0] + at[0]) * a.extent[1] + at[1];
    a.cells[i] = inside ? cell : -1;
  }
}

void bev_cells_ref(Device&, const BevCells& a) { find_cells(a, 0, a.p); }

void bev_cells_rows(Device& device, const BevCells& a) {
  cpu_device(device).pool.for_ranges(a.p, 1 << 14, [&](int64_t begin, int64_t end) {
    find_cells(a, begin, end);
  });
}

void check_cells(const BevIntervals& a) {
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= a.grid)
      fail(VMK_INVALID_ARGUMENT, "Cannot group points: cells[%lld] = %d, the grid has %lld cells",
           static_cast<long long>(i), a.cells[i], static_cast<long long>(a.grid));
}

void check_capacity(const BevIntervals& a, int64_t kept, int64_t intervals) {
  if (kept > a.order_capacity || intervals > a.interval_capacity)
    fail(VMK_CAPACITY,
         "Cannot group points: %lld points are kept in %lld intervals, there is room for %lld in "
         "%lld", static_cast<long long>(kept), static_cast<long long>(intervals),
         static_cast<long long>(a.order_capacity), static_cast<long long>(a.interval_capacity));
}

void bev_intervals_ref(Device&, const BevIntervals& a) {
  check_cells(a);
  std::map<int32_t, std::vector<int32_t>> members;
  int64_t kept = 0;
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= 0) {
      members[a.cells[i]].push_back(static_cast<int32_t>(i));
      ++kept;
    }
  check_capacity(a, kept, static_cast<int64_t>(members.size()));
  int32_t at = 0, interval = 0;
  for (const auto& [cell, points] : members) {
    a.intervals[interval] = cell;
    a.starts[interval++] = at;
    for (const int32_t point : points) a.order[at++] = point;
  }
  a.starts[interval] = at;
  a.counts[0] = at;
  a.counts[1] = interval;
}

void bev_intervals_counting(Device& any, const BevIntervals& a) {
  CpuDevice& device = cpu_device(any);
  check_cells(a);
  int32_t* begin_of = device.scratch<int32_t>(a.grid + 1);
  std::fill(begin_of, begin_of + a.grid + 1, 0);
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= 0) ++begin_of[a.cells[i]];
  int64_t kept = 0, intervals = 0;
  for (int64_t cell = 0; cell < a.grid; ++cell) {
    kept += begin_of[cell];
    intervals += begin_of[cell] > 0;
  }
  check_capacity(a, kept, intervals);
  int32_t at = 0, interval = 0;
  for (int64_t cell = 0; cell < a.grid; ++cell) {
    const int32_t count = begin_of[cell];
    begin_of[cell] = at;
    if (count == 0) continue;
    a.intervals[interval] = static_cast<int32_t>(cell);
    a.starts[interval++] = at;
    at += count;
  }
  a.starts[interval] = at;
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= 0) a.order[begin_of[a.cells[i]]++] = static_cast<int32_t>(i);
  a.counts[0] = kept;
  a.counts[1] = intervals;
}

constexpr Variant<BevCells> kCellList[] = {{"rows", bev_cells_rows}, {"ref", bev_cells_ref}};
constexpr Variant<BevIntervals> kIntervalList[] = {{"counting", bev_intervals_counting},
                                                   {"ref", bev_intervals_ref}};

}  // namespace

const Variants<BevCells> kBevCells = variants(kCellList);
const Variants<BevIntervals> kBevIntervals = variants(kIntervalList);

}  // namespace vmk
