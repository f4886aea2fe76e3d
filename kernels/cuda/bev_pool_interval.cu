// bev_pool.interval - one thread an interval and channel, or four channels: BEVFusion's kernel.
// Cost: every feature read once, every cell written once or twice. One very crowded cell is walked
// by C threads only.
#include "bev_pool.cuh"

namespace vmk {

namespace {

template <class V>
__global__ void __launch_bounds__(kBlock) sum_intervals(BevPool a, DataErrors* log) {
  const int64_t groups = a.c / kWidth<V>;
  const int64_t at = thread_index();
  if (at >= a.intervals_n * groups || intervals_bad(log)) return;
  const int64_t i = at / groups, v = at % groups;
  V sum{};
  for (int64_t j = a.starts[i]; j < a.starts[i + 1]; ++j)
    sum = add(sum, 1.0f, point_features<V>(a, j, groups, v, log));
  store(a.out, a.intervals[i], groups, v, sum);
}

}  // namespace

void bev_pool_interval(Device& any, const BevPool& a) {
  CudaDevice& device = cuda_device(any);
  device.fill(a.out, 0, a.grid * a.c * static_cast<int64_t>(sizeof(float)));
  check_intervals(device, a);
  if (a.c % 4 == 0) {
    VMK_LAUNCH(device, sum_intervals<float4>, blocks(a.intervals_n * a.c / 4), kBlock, a,
               device.data_errors());
  } else {
    VMK_LAUNCH(device, sum_intervals<float>, blocks(a.intervals_n * a.c), kBlock, a,
               device.data_errors());
  }
}

}  // namespace vmk
