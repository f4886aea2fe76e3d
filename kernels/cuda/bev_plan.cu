#include "bev_pool.cuh"

namespace vmk {

namespace {

__global__ void __launch_bounds__(kBlock) check_cells(BevPlan plan, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= plan.intervals_n) return;
  const int32_t cell = plan.intervals[i], begin = plan.starts[i], end = plan.starts[i + 1];
  const bool fits = cell >= 0 && cell < plan.grid && (i == 0 || cell > plan.intervals[i - 1]) &&
                    begin >= 0 && begin <= end && end <= plan.kept;
  if (!fits) note(log, kBadInterval, 0, i, cell);
}

// The interval of the j-th point in interval order, or -1.
__device__ inline int64_t interval_of(const BevPlan& plan, int64_t j) {
  int64_t low = 0, high = plan.intervals_n;  // the first interval that ends behind j
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (plan.starts[middle + 1] <= j) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < plan.intervals_n && plan.starts[low] <= j ? low : -1;
}

__global__ void __launch_bounds__(kBlock)
    write_cell_of_points(BevPlan plan, int32_t* __restrict__ cells, DataErrors* log) {
  const int64_t j = thread_index();
  if (j >= plan.kept || plan_bad(log)) return;
  const int64_t i = interval_of(plan, j);
  if (i < 0) return;
  const int32_t point = plan.order[j];
  if (point < 0 || point >= plan.p) return note(log, kBadGroup, 0, j, point);
  atomicMax(&cells[point], plan.intervals[i]);
}

}  // namespace

void check_plan(CudaDevice& device, const BevPlan& plan) {
  VMK_LAUNCH(device, check_cells, blocks(plan.intervals_n), kBlock, plan, device.data_errors());
}

int32_t* cells_of_points(CudaDevice& device, const BevPlan& plan) {
  auto* cells = device.scratch<int32_t>(plan.p);
  device.fill(cells, 0xff, plan.p * static_cast<int64_t>(sizeof(int32_t)));
  VMK_LAUNCH(device, write_cell_of_points, blocks(plan.kept), kBlock, plan, cells,
             device.data_errors());
  return cells;
}

}  // namespace vmk
