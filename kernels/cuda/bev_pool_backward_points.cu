// bev_pool_backward.points, bev_pool_fused_backward.points - the plan is turned round into the cell
// of each point; then every row of a gradient is written once, by one thread or warp: no atomics
// on floats, the same bits every time.
#include "bev_pool.cuh"

namespace vmk {

namespace {

// One thread a point and channel, or four channels. Cost: 4 P C bytes written; the rows of the
// grid come mostly from L2.
template <class V>
__global__ void __launch_bounds__(kBlock)
    copy_gradients(BevPoolBackward a, const int32_t* __restrict__ cells, int64_t groups) {
  const int64_t at = thread_index();
  if (at >= a.p * groups) return;
  const int64_t point = at / groups, v = at % groups;
  const int32_t cell = cells[point];
  store(a.grad_feats, point, groups, v, cell < 0 ? V{} : load<V>(a.grad_out, cell, groups, v));
}

constexpr int kWarps = kBlock / kWarpSize;
constexpr int kLaneChannels = 4;
constexpr int kBand = kWarpSize * kLaneChannels;  // channels that a warp holds at a time

// The sum of a value over the lanes of a warp, the same in all of them.
__device__ inline float warp_sum(float value) {
#pragma unroll
  for (int step = kWarpSize / 2; step > 0; step /= 2)
    value += __shfl_xor_sync(kFullWarp, value, step);
  return value;
}

// One warp a row of feats: its channels and their gradients stay in registers while the depths of
// the pixel go by; the gradient of a depth is the dot product of the row and the cell's gradient.
// Cost: a row of the grid read a point, mostly from L2; everything else is read and written once.
__global__ void __launch_bounds__(kBlock)
    sum_gradients(BevPoolFusedBackward a, const int32_t* __restrict__ cells) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarpSize;
  if (row >= a.rows) return;
  const int64_t first = row / a.pixels * a.depths * a.pixels + row % a.pixels;
  for (int64_t band = 0; band == 0 || band < a.c; band += kBand) {
    float feats[kLaneChannels], grad[kLaneChannels] = {};
#pragma unroll
    for (int i = 0; i < kLaneChannels; ++i) {
      const int64_t channel = band + i * kWarpSize + lane;
      feats[i] = channel < a.c ? a.feats[row * a.c + channel] : 0;
    }
    for (int64_t d = 0; d < a.depths; ++d) {
      const int64_t point = first + d * a.pixels;
      const int32_t cell = cells[point];
      const float depth = a.depth[point];
      float dot = 0;
#pragma unroll
      for (int i = 0; i < kLaneChannels; ++i) {
        const int64_t channel = band + i * kWarpSize + lane;
        if (cell < 0 || channel >= a.c) continue;
        const float value = a.grad_out[cell * a.c + channel];
        dot = fmaf(value, feats[i], dot);
        grad[i] = fmaf(value, depth, grad[i]);
      }
      dot = warp_sum(dot);
      if (lane == 0) a.grad_depth[point] = band == 0 ? dot : a.grad_depth[point] + dot;
    }
#pragma unroll
    for (int i = 0; i < kLaneChannels; ++i) {
      const int64_t channel = band + i * kWarpSize + lane;
      if (channel < a.c) a.grad_feats[row * a.c + channel] = grad[i];
    }
  }
}

template <class Args>
int32_t* checked_cells(CudaDevice& device, const Args& a) {
  check_plan(device, plan_of(a));
  return cells_of_points(device, plan_of(a));
}

}  // namespace

void bev_pool_backward_points(Device& any, const BevPoolBackward& a) {
  CudaDevice& device = cuda_device(any);
  const int32_t* cells = checked_cells(device, a);
  with_width(a.c, [&](auto lane) {
    using V = decltype(lane);
    const int64_t groups = a.c / kWidth<V>;
    VMK_LAUNCH(device, copy_gradients<V>, blocks(a.p * groups), kBlock, a, cells, groups);
  });
}

void bev_pool_fused_backward_points(Device& any, const BevPoolFusedBackward& a) {
  CudaDevice& device = cuda_device(any);
  const int32_t* cells = checked_cells(device, a);
  VMK_LAUNCH(device, sum_gradients, blocks(a.rows, kWarps), kBlock, a, cells);
}

}  // namespace vmk
