// layer_norm.warp, softmax.warp - one warp a row.
// Cost: a row is read two or three times, from the nearest cache after the first, and written once.
#include <cmath>

#include "common.cuh"
#include "dense.hpp"

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

__global__ void __launch_bounds__(kBlock) normalize_rows(LayerNorm a) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t row = warp_row();
  if (row >= a.n) return;
  const float* x = a.x + row * a.c;
  const auto columns = static_cast<float>(a.c);
  float sum = 0, squares = 0;
  for (int64_t k = lane; k < a.c; k += kWarpSize) sum += x[k];
  const float mean = over_warp(sum, plus) / columns;
  // Squares of deviations, in a second pass: E[x^2] - mean^2 loses all digits far from 0.
  for (int64_t k = lane; k < a.c; k += kWarpSize) squares += (x[k] - mean) * (x[k] - mean);
  const float factor = 1.0f / sqrtf(over_warp(squares, plus) / columns + a.epsilon);
  for (int64_t k = lane; k < a.c; k += kWarpSize)
    a.out[row * a.c + k] = (x[k] - mean) * factor * a.gamma[k] + a.beta[k];
}

__global__ void __launch_bounds__(kBlock) softmax_rows(Softmax a) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t row = warp_row();
  if (row >= a.n || a.c == 0) return;
  const float* x = a.x + row * a.c;
  float* out = a.out + row * a.c;
  float most = x[0], sum = 0;
  for (int64_t k = lane; k < a.c; k += kWarpSize) most = larger(most, x[k]);
  most = over_warp(most, larger);
  for (int64_t k = lane; k < a.c; k += kWarpSize) {
    const float value = expf(x[k] - most);
    out[k] = value;
    sum += value;
  }
  sum = over_warp(sum, plus);
  for (int64_t k = lane; k < a.c; k += kWarpSize) out[k] /= sum;
}

}  // namespace

void layer_norm_warp(Device& any, const LayerNorm& a) {
  CudaDevice& device = cuda_device(any);
  VMK_LAUNCH(device, normalize_rows, blocks(a.n, kWarps), kBlock, a);
}

void softmax_warp(Device& any, const Softmax& a) {
  CudaDevice& device = cuda_device(any);
  VMK_LAUNCH(device, softmax_rows, blocks(a.n, kWarps), kBlock, a);
}

}  // namespace vmk
