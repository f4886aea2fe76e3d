#include "bev_pool.cuh"

namespace vmk {

namespace {

__global__ void __launch_bounds__(kBlock) check_cells(BevPool a, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= a.intervals_n) return;
  const int32_t cell = a.intervals[i], begin = a.starts[i], end = a.starts[i + 1];
  const bool fits = cell >= 0 && cell < a.grid && (i == 0 || cell > a.intervals[i - 1]) &&
                    begin >= 0 && begin <= end && end <= a.kept;
  if (!fits) note(log, kBadInterval, 0, i, cell);
}

}  // namespace

void check_intervals(CudaDevice& device, const BevPool& a) {
  VMK_LAUNCH(device, check_cells, blocks(a.intervals_n), kBlock, a, device.data_errors());
}

}  // namespace vmk
