// sparse_conv.ref - one thread an output element, sums in double: what the other variants are
// checked against on the device.
#include "conv_call.cuh"

namespace vmk {

namespace {

template <class Element>
__global__ void __launch_bounds__(kBlock) sum_element(ConvCall a, DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= a.m * a.cout) return;
  const auto *feats = static_cast<const Element*>(a.feats),
             *weights = static_cast<const Element*>(a.weight);
  const int64_t m = at / a.cout, column = at % a.cout;
  double sum = 0;
  for (int64_t k = 0; k < a.kv; ++k) {
    const int32_t row = a.map[k * a.m + m];
    if (row < 0) continue;
    if (row >= a.n) {
      note(log, kBadMapEntry, 0, m, row);
      continue;
    }
    const Element* weight = weights + k * a.cin * a.cout + column;
    for (int64_t c = 0; c < a.cin; ++c)
      sum += static_cast<double>(to_float(feats[row * int64_t{a.cin} + c])) *
             to_float(weight[c * a.cout]);
  }
  const float ended = a.end<Element>(sum, at, static_cast<int>(column));
  from_float(ended, static_cast<Element*>(a.out)[at]);
}

}  // namespace

void sparse_conv_ref(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  const ConvCall a = plain_call_of(args);
  with_element(args.dtype, [&](auto element) {
    VMK_LAUNCH(device, sum_element<decltype(element)>, blocks(a.m * a.cout), kBlock, a,
               device.data_errors());
  });
}

}  // namespace vmk
