// sparse_conv.ref - one thread an output element, sums in double: what the other variants are
// checked against on the device.
#include "conv.cuh"

namespace vmk {

namespace {

__global__ void __launch_bounds__(kBlock) sum_element(Conv a, DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= a.m * a.cout) return;
  const int64_t m = at / a.cout, column = at % a.cout;
  double sum = 0;
  for (int64_t k = 0; k < a.kv; ++k) {
    const int32_t row = a.map[k * a.m + m];
    if (row < 0) continue;
    if (row >= a.n) {
      note(log, kBadMapEntry, 0, m, row);
      continue;
    }
    const float* weight = a.weight + k * a.cin * a.cout + column;
    for (int64_t c = 0; c < a.cin; ++c)
      sum += static_cast<double>(a.feats[row * a.cin + c]) * weight[c * a.cout];
  }
  a.out[at] = a.end.of(sum, at, column);
}

}  // namespace

void sparse_conv_ref(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  const Conv a = conv_of(args);
  VMK_LAUNCH(device, sum_element, blocks(a.m * a.cout), kBlock, a, device.data_errors());
}

}  // namespace vmk
