// kernel_map_transpose.scatter - one thread an entry of the map.
// Cost: 4 KV M bytes read, 4 KV N written twice; the maximum keeps a malformed map deterministic
// and finds it out at the price of a plain store.
#include "common.cuh"

namespace vmk {

namespace {

// One block row an offset.
__global__ void __launch_bounds__(kBlock) scatter_rows(KernelMapTranspose a, DataErrors* log) {
  const int64_t m = thread_index();
  if (m >= a.m) return;
  const int64_t k = blockIdx.y;
  const int32_t row = a.map[k * a.m + m];
  if (row < 0) return;
  if (row >= a.n) return note(log, kBadMapEntry, 0, m, row);
  const int32_t before = atomicMax(&a.out[k * a.n + row], static_cast<int32_t>(m));
  if (before >= 0) note(log, kDoubleRead, 0, row, k);
}

}  // namespace

void kernel_map_transpose_scatter(Device& any, const KernelMapTranspose& a) {
  CudaDevice& device = cuda_device(any);
  device.fill(a.out, 0xff, a.kv * a.n * static_cast<int64_t>(sizeof(int32_t)));
  VMK_LAUNCH(device, scatter_rows, blocks(a.m, kBlock, a.kv), kBlock, a, device.data_errors());
}

}  // namespace vmk
