// devoxelize.rows - one thread a point and channel, or a point and 16 bytes of channels.
// Cost: T rows of C values read a point, mostly from L2 since neighbours share voxels.
#include "channels.cuh"

namespace vmk {

namespace {

template <class T, class V>
__global__ void __launch_bounds__(kBlock) gather_rows(Devoxelize a, DataErrors* log) {
  const int64_t groups = a.c / kWidth<V>;
  const int64_t at = thread_index();
  if (at >= a.n * groups) return;
  const int64_t i = at / groups, v = at % groups;
  V sum{};
  for (int64_t t = 0; t < a.t; ++t) {
    const int32_t row = a.index[i * a.t + t];
    if (row < 0) continue;
    if (row >= a.m) {
      note(log, kBadIndex, 0, i, row);
      continue;
    }
    const float weight = a.weight ? a.weight[i * a.t + t] : 1.0f;
    sum = add(sum, weight, load<V>(static_cast<const T*>(a.feats), row, groups, v));
  }
  store(static_cast<T*>(a.out), i, groups, v, sum);
}

}  // namespace

void devoxelize_rows(Device& any, const Devoxelize& a) {
  CudaDevice& device = cuda_device(any);
  with_lanes(a.dtype, a.c, [&](auto element, auto lane) {
    using T = decltype(element);
    using V = decltype(lane);
    VMK_LAUNCH(device, (gather_rows<T, V>), blocks(a.n * a.c / kWidth<V>), kBlock, a,
               device.data_errors());
  });
}

}  // namespace vmk
