// bev_pool_backward.points, bev_pool_fused_backward.points - the plan is turned round into the cell
// of each point; then every row of a gradient is written once, by one thread or warp: no atomics
// on floats, the same bits every time.
#include "bev_pool.cuh"

namespace vmk {

namespace {

// One thread a point and channel, or 16 bytes of them. Cost: P C values written; the rows of the
// grid come mostly from L2.
template <class T, class V>
__global__ void __launch_bounds__(kBlock)
    copy_gradients(BevPoolBackward a, const int32_t* __restrict__ cells, int64_t groups) {
  const int64_t at = thread_index();
  if (at >= a.p * groups) return;
  const int64_t point = at / groups, v = at % groups;
  const int32_t cell = cells[point];
  const auto* from = static_cast<const T*>(a.grad_out);
  store(static_cast<T*>(a.grad_feats), point, groups, v,
        cell < 0 ? V{} : load<V>(from, cell, groups, v));
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
// dots: of each point in f32, where a warp goes over the depths more than once.
template <class T>
__global__ void __launch_bounds__(kBlock)
    sum_gradients(BevPoolFusedBackward a, const int32_t* __restrict__ cells, float* dots) {
  const auto *grad_out = static_cast<const T*>(a.grad_out), *x = static_cast<const T*>(a.feats);
  const auto* depths = static_cast<const T*>(a.depth);
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarpSize;
  if (row >= a.rows) return;
  const int64_t first = row / a.pixels * a.depths * a.pixels + row % a.pixels;
  for (int64_t band = 0; band == 0 || band < a.c; band += kBand) {
    float feats[kLaneChannels], grad[kLaneChannels] = {};
#pragma unroll
    for (int i = 0; i < kLaneChannels; ++i) {
      const int64_t channel = band + i * kWarpSize + lane;
      feats[i] = channel < a.c ? to_float(x[row * a.c + channel]) : 0;
    }
    for (int64_t d = 0; d < a.depths; ++d) {
      const int64_t point = first + d * a.pixels;
      const int32_t cell = cells[point];
      const float depth = to_float(depths[point]);
      float dot = 0;
#pragma unroll
      for (int i = 0; i < kLaneChannels; ++i) {
        const int64_t channel = band + i * kWarpSize + lane;
        if (cell < 0 || channel >= a.c) continue;
        const float value = to_float(grad_out[cell * a.c + channel]);
        dot = fmaf(value, feats[i], dot);
        grad[i] = fmaf(value, depth, grad[i]);
      }
      dot = warp_sum(dot);
      if (lane > 0) continue;
      if (band > 0) dot += dots[point];
      if (band + kBand < a.c) {
        dots[point] = dot;
      } else {
        from_float(dot, static_cast<T*>(a.grad_depth)[point]);
      }
    }
#pragma unroll
    for (int i = 0; i < kLaneChannels; ++i) {
      const int64_t channel = band + i * kWarpSize + lane;
      if (channel < a.c) from_float(grad[i], static_cast<T*>(a.grad_feats)[row * a.c + channel]);
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
  with_lanes(a.dtype, a.c, [&](auto element, auto lane) {
    using V = decltype(lane);
    const int64_t groups = a.c / kWidth<V>;
    VMK_LAUNCH(device, (copy_gradients<decltype(element), V>), blocks(a.p * groups), kBlock, a,
               cells, groups);
  });
}

void bev_pool_fused_backward_points(Device& any, const BevPoolFusedBackward& a) {
  CudaDevice& device = cuda_device(any);
  const int32_t* cells = checked_cells(device, a);
  float* dots = a.c > kBand ? device.scratch<float>(a.p) : nullptr;
  with_element(a.dtype, [&](auto element) {
    VMK_LAUNCH(device, sum_gradients<decltype(element)>, blocks(a.rows, kWarps), kBlock, a, cells,
               dots);
  });
}

}  // namespace vmk
