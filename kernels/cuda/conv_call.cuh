#pragma once
// A convolution as kernels get it, and what ends it. Features and weights are of one element type
// (F32, Tf32, F16, Bf16) that the kernels are templates of.
#include "mma.cuh"

namespace vmk {

struct ConvCall {
  const void *feats, *weight;  // [n, cin] and [kv, cin, columns]
  const int32_t *map, *pairs;
  const int64_t* starts;
  void* out;
  int64_t n, m, kv, p;
  int cin, cout;
  int columns;  // of weight, sums and products: cout, or that and columns of zeros
  const float *scale, *shift;
  const void* residual;
  int activation;
  float slope;
  bool packed;  // weight is (WeightPack)

  // act(scale * sum + shift + residual) of one element; T is float, or double where sums are.
  template <class Element, class T>
  __device__ float end(T sum, int64_t at, int column) const {
    if (scale) sum *= scale[column];
    if (shift) sum += shift[column];
    if (residual) sum += to_float(static_cast<const Element*>(residual)[at]);
    if (activation == VMK_ACT_RELU && sum < 0) sum = 0;
    if (activation == VMK_ACT_LEAKY_RELU && sum < 0) sum *= slope;
    return static_cast<float>(sum);
  }
};

// Ends kCount sums that stand side by side in row m and writes those that are columns of out.
template <class Element, int kCount>
__device__ inline void write_end(const ConvCall& a, int64_t m, int column,
                                 const float (&sum)[kCount]) {
  auto* out = static_cast<Element*>(a.out);
  const int64_t at = m * a.cout + column;
  if (a.cout % kCount == 0) {  // then the whole pack is inside, and aligned
    if (column >= a.cout) return;
    Pack<Element, kCount> pack;
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      from_float(a.end<Element>(sum[i], at + i, column + i), pack.at[i]);
    *reinterpret_cast<Pack<Element, kCount>*>(out + at) = pack;
    return;
  }
#pragma unroll
  for (int i = 0; i < kCount; ++i)
    if (column + i < a.cout) from_float(a.end<Element>(sum[i], at + i, column + i), out[at + i]);
}

// The call with 16-byte aligned rows: features and weights whose channels are no multiple of 8 are
// copied to scratch with zeros behind them.
ConvCall call_of(CudaDevice& device, const SparseConv& args);
// Rows [count, padded_channels] of whole 16-byte vectors: `rows`, or a copy in scratch with zeros
// behind its channels.
const void* whole_vectors(CudaDevice& device, vmk_dtype dtype, const void* rows, int64_t count,
                          int channels, int& padded_channels);
// The call as it is.
ConvCall plain_call_of(const SparseConv& args);

// out = end(sum of `parts` arrays [m, columns] that lie one behind the other), in their order.
void finish_sums(CudaDevice& device, const ConvCall& a, vmk_dtype dtype, const float* sums,
                 int64_t parts);

}  // namespace vmk
