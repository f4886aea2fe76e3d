// bev_pool.interval, bev_pool_fused.interval - one thread an interval and channel, or 16
// bytes of channels: the kernels of BEVFusion and BEVPoolv2.
// Cost: every feature read once, every cell written once or twice. One very crowded cell is walked
// by C threads only: see bev_pool_balanced.cu.
#include "bev_pool.cuh"

namespace vmk {

namespace {

template <class V, class Points, class Out>
__global__ void __launch_bounds__(kBlock)
    sum_intervals(BevPlan plan, Points points, Out* __restrict__ out, int64_t groups,
                  DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= plan.intervals_n * groups || plan_bad(log)) return;
  const int64_t i = at / groups, v = at % groups;
  const V sum = sum_points<V>(plan, points, plan.starts[i], plan.starts[i + 1], groups, v, log);
  store(out, plan.intervals[i], groups, v, sum);
}

template <template <class> class PointsOf, class Args>
void pool(Device& any, const Args& a) {
  CudaDevice& device = cuda_device(any);
  const BevPlan plan = plan_of(a);
  device.fill(a.out, 0, a.grid * a.c * dtype_bytes(a.out_dtype));
  check_plan(device, plan);
  with_pool_types(a, [&](auto element, auto lane, auto sum) {
    using V = decltype(lane);
    using Points = PointsOf<decltype(element)>;
    using Out = decltype(sum);
    const int64_t groups = a.c / kWidth<V>;
    VMK_LAUNCH(device, (sum_intervals<V, Points, Out>), blocks(a.intervals_n * groups), kBlock,
               plan, Points(a), static_cast<Out*>(a.out), groups, device.data_errors());
  });
}

}  // namespace

void bev_pool_interval(Device& any, const BevPool& a) { pool<PlainPoints>(any, a); }
void bev_pool_fused_interval(Device& any, const BevPoolFused& a) { pool<FusedPoints>(any, a); }

}  // namespace vmk
