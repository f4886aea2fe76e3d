#include "bev_plan.hpp"

#include <algorithm>
#include <atomic>

namespace vmk {

namespace {

bool interval_is_sound(const BevPlan& plan, int64_t i) {
  const int32_t cell = plan.intervals[i];
  return cell >= 0 && cell < plan.grid && (i == 0 || cell > plan.intervals[i - 1]) &&
         plan.starts[i + 1] >= plan.starts[i];
}

struct Boundary {
  int64_t cell, interval;  // of the first interval at or behind the cell
};

// The first cell with at least `work` cells and points before it.
Boundary boundary_of(const BevPlan& plan, int64_t work) {
  int64_t low = 0, high = plan.intervals_n;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (int64_t{plan.starts[middle]} - plan.starts[0] + plan.intervals[middle] < work)
      low = middle + 1;
    else
      high = middle;
  }
  const int64_t first = low == 0 ? 0 : int64_t{plan.intervals[low - 1]} + 1;
  const int64_t points = int64_t{plan.starts[low]} - plan.starts[0];
  const int64_t last = low == plan.intervals_n ? plan.grid : int64_t{plan.intervals[low]};
  return {std::clamp(work - points, first, last), low};
}

}  // namespace

int64_t check_intervals(const BevPlan& plan) {
  if (plan.intervals_n == 0) return 0;
  if (plan.starts[0] < 0 || plan.starts[plan.intervals_n] > plan.kept)
    fail(VMK_INVALID_ARGUMENT, "Cannot pool: starts runs from %d to %d, order has %lld rows",
         plan.starts[0], plan.starts[plan.intervals_n], static_cast<long long>(plan.kept));
  int64_t longest = 0;
  for (int64_t i = 0; i < plan.intervals_n; ++i) {
    if (!interval_is_sound(plan, i))
      fail(VMK_INVALID_ARGUMENT,
           "Cannot pool: interval %lld is cell %d from %d to %d; cells must ascend below %lld",
           static_cast<long long>(i), plan.intervals[i], plan.starts[i], plan.starts[i + 1],
           static_cast<long long>(plan.grid));
    longest = std::max<int64_t>(longest, plan.starts[i + 1] - plan.starts[i]);
  }
  return longest;
}

void check_order(const BevPlan& plan) {
  for (int64_t i = 0; i < plan.kept; ++i)
    if (plan.order[i] < 0 || plan.order[i] >= plan.p)
      fail(VMK_INVALID_ARGUMENT, "Cannot pool: order[%lld] = %d, there are %lld points",
           static_cast<long long>(i), plan.order[i], static_cast<long long>(plan.p));
}

int64_t chunk_count(const BevPlan& plan) {
  const int64_t points =
      plan.intervals_n == 0 ? 0 : int64_t{plan.starts[plan.intervals_n]} - plan.starts[0];
  return (points + plan.grid + kChunkWork - 1) / kChunkWork;
}

BevChunk chunk_of(const BevPlan& plan, int64_t index) {
  if (plan.intervals_n == 0)
    return {index * kChunkWork, std::min((index + 1) * kChunkWork, plan.grid), 0, 0};
  const Boundary from = boundary_of(plan, index * kChunkWork);
  if (index + 1 == chunk_count(plan))
    return {from.cell, plan.grid, from.interval, plan.intervals_n};
  const Boundary to = boundary_of(plan, (index + 1) * kChunkWork);
  return {from.cell, to.cell, from.interval, to.interval};
}

int32_t* cells_of_points(CpuDevice& device, const BevPlan& plan) {
  int32_t* cells = device.scratch<int32_t>(plan.p);
  device.pool.for_ranges(plan.p, 1 << 16, [&](int64_t begin, int64_t end) {
    std::fill(cells + begin, cells + end, -1);
  });
  device.pool.for_ranges(plan.intervals_n, 512, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int32_t j = plan.starts[i]; j < plan.starts[i + 1]; ++j)
        // Relaxed, not plain: a plan from elsewhere may name a point twice.
        std::atomic_ref<int32_t>(cells[plan.order[j]])
            .store(plan.intervals[i], std::memory_order_relaxed);
  });
  return cells;
}

}  // namespace vmk
