// devoxelize.rows - one thread a point and channel, or a point and four channels.
// Cost: T rows of 4 C bytes read a point, mostly from L2 since neighbours share voxels.
#include "channels.cuh"

namespace vmk {

namespace {

template <class V>
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
    sum = add(sum, weight, load<V>(a.feats, row, groups, v));
  }
  store(a.out, i, groups, v, sum);
}

}  // namespace

void devoxelize_rows(Device& any, const Devoxelize& a) {
  CudaDevice& device = cuda_device(any);
  if (a.c % 4 == 0) {
    VMK_LAUNCH(device, gather_rows<float4>, blocks(a.n * a.c / 4), kBlock, a,
               device.data_errors());
  } else {
    VMK_LAUNCH(device, gather_rows<float>, blocks(a.n * a.c), kBlock, a, device.data_errors());
  }
}

}  // namespace vmk
