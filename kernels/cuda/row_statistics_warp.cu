// layer_norm.warp, softmax.warp - one warp a row, values of 16 bits widened as they are read.
// Cost: a row is read three times, from the nearest cache after the first, and written once; the
// exponentials of a softmax are made twice, so that none of them is stored in 16 bits.
#include <cmath>

#include "dense.hpp"
#include "mma.cuh"

namespace vmk {

namespace {

constexpr int kWarps = kBlock / kWarpSize;

// Joins the values of all lanes; every lane gets the result.
template <class Join>
__device__ inline float over_warp(float value, Join&& join) {
#pragma unroll
  for (int step = kWarpSize / 2; step > 0; step /= 2)
    value = join(value, __shfl_xor_sync(kFullWarp, value, step));
  return value;
}

__device__ inline float plus(float a, float b) { return a + b; }
// A NaN is not the largest, but its exponential is NaN and so is the sum of the row.
__device__ inline float larger(float a, float b) { return b > a ? b : a; }

__device__ inline int64_t warp_row() {
  return static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarpSize;
}

template <class T>
__global__ void __launch_bounds__(kBlock) normalize_rows(LayerNorm a) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t row = warp_row();
  if (row >= a.n) return;
  const T* x = static_cast<const T*>(a.x) + row * a.c;
  T* out = static_cast<T*>(a.out) + row * a.c;
  const auto columns = static_cast<float>(a.c);
  float sum = 0, squares = 0;
  for (int64_t k = lane; k < a.c; k += kWarpSize) sum += to_float(x[k]);
  const float mean = over_warp(sum, plus) / columns;
  // Squares of deviations, in a second pass: E[x^2] - mean^2 loses all digits far from 0.
  for (int64_t k = lane; k < a.c; k += kWarpSize) {
    const float deviation = to_float(x[k]) - mean;
    squares += deviation * deviation;
  }
  const float factor = 1.0f / sqrtf(over_warp(squares, plus) / columns + a.epsilon);
  for (int64_t k = lane; k < a.c; k += kWarpSize)
    from_float((to_float(x[k]) - mean) * factor * a.gamma[k] + a.beta[k], out[k]);
}

// x and out may be one array: no lane reads what another one writes.
template <class T>
__global__ void __launch_bounds__(kBlock) softmax_rows(Softmax a) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t row = warp_row();
  if (row >= a.n || a.c == 0) return;
  const T* x = static_cast<const T*>(a.x) + row * a.c;
  T* out = static_cast<T*>(a.out) + row * a.c;
  float most = -INFINITY, sum = 0;
  for (int64_t k = lane; k < a.c; k += kWarpSize) most = larger(most, to_float(x[k]));
  most = over_warp(most, larger);
  for (int64_t k = lane; k < a.c; k += kWarpSize) sum += expf(to_float(x[k]) - most);
  sum = over_warp(sum, plus);
  for (int64_t k = lane; k < a.c; k += kWarpSize)
    from_float(expf(to_float(x[k]) - most) / sum, out[k]);
}

}  // namespace

void layer_norm_warp(Device& any, const LayerNorm& a) {
  CudaDevice& device = cuda_device(any);
  with_element(a.dtype, [&](auto element) {
    VMK_LAUNCH(device, normalize_rows<decltype(element)>, blocks(a.n, kWarps), kBlock, a);
  });
}

void softmax_warp(Device& any, const Softmax& a) {
  CudaDevice& device = cuda_device(any);
  with_element(a.dtype, [&](auto element) {
    VMK_LAUNCH(device, softmax_rows<decltype(element)>, blocks(a.n, kWarps), kBlock, a);
  });
}

}  // namespace vmk
