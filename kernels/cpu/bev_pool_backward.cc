// bev_pool_backward, bev_pool_fused_backward.
//   ref     a loop over points in the order of the definition; sums in double.
//   points  the plan is turned round into the cell of each point; then every row of a gradient is
//           written once, in the order it lies in, by one thread: no atomics, always the same bits.
//           Values of 16 bits are widened a pixel at a time.
#include <algorithm>

#include "bev_plan.hpp"
#include "features.hpp"
#include "pool_kernels.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

template <class Args>
int32_t* checked_cells(CpuDevice& device, const Args& a) {
  check_intervals(plan_of(a));
  check_order(plan_of(a));
  return cells_of_points(device, plan_of(a));
}

// Rows of the points [begin, end), byte for byte.
void copy_rows(const BevPoolBackward& a, const int32_t* cells, int64_t begin, int64_t end) {
  const int64_t bytes = a.c * dtype_bytes(a.dtype);
  const auto* from = static_cast<const char*>(a.grad_out);
  auto* to = static_cast<char*>(a.grad_feats);
  for (int64_t p = begin; p < end; ++p) {
    if (cells[p] < 0)
      std::fill_n(to + p * bytes, bytes, char{0});
    else
      std::copy_n(from + cells[p] * bytes, bytes, to + p * bytes);
  }
}

void bev_pool_backward_ref(Device& device, const BevPoolBackward& a) {
  copy_rows(a, checked_cells(cpu_device(device), a), 0, a.p);
}

void bev_pool_backward_points(Device& any, const BevPoolBackward& a) {
  CpuDevice& device = cpu_device(any);
  const PoolKernels& kernels = pool_kernels(device.isa);
  const int32_t* cells = checked_cells(device, a);
  const bool stream = a.c % 16 == 0 && a.p * a.c * 4 > (int64_t{4} << 20);
  device.pool.for_ranges(a.p, 1024, [&](int64_t begin, int64_t end) {
    if (a.dtype != VMK_F32) return copy_rows(a, cells, begin, end);
    kernels.copy(static_cast<const float*>(a.grad_out), cells + begin, end - begin, a.c,
                 static_cast<float*>(a.grad_feats) + begin * a.c, stream);
  });
}

void bev_pool_fused_backward_ref(Device& any, const BevPoolFusedBackward& a) {
  CpuDevice& device = cpu_device(any);
  const int32_t* cells = checked_cells(device, a);
  const float* grad_out = as_f32(device, a.grad_out, a.dtype, a.grid * a.c);
  const float* depth = as_f32(device, a.depth, a.dtype, a.p);
  const float* feats = as_f32(device, a.feats, a.dtype, a.rows * a.c);
  const WideOutput grad_depth(device, a.grad_depth, a.dtype, a.p);
  const WideOutput grad_feats(device, a.grad_feats, a.dtype, a.rows * a.c);
  std::vector<double> sum(a.c);
  for (int64_t row = 0; row < a.rows; ++row) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t d = 0; d < a.depths; ++d) {
      const int64_t p = (row / a.pixels * a.depths + d) * a.pixels + row % a.pixels;
      double dot = 0;
      for (int64_t k = 0; cells[p] >= 0 && k < a.c; ++k) {
        const double grad = grad_out[cells[p] * a.c + k];
        dot += grad * feats[row * a.c + k];
        sum[k] += grad * depth[p];
      }
      grad_depth.data[p] = static_cast<float>(dot);
    }
    std::transform(sum.begin(), sum.end(), grad_feats.data + row * a.c,
                   [](double value) { return static_cast<float>(value); });
  }
  grad_depth.store();
  grad_feats.store();
}

// One pixel in f32: its features, and of each of its depths the row of its cell.
struct WidePixel {
  float *feats, *depth, *grad_out, *grad_depth, *grad_feats;
  int32_t* cells;

  static int64_t values(const BevPoolFusedBackward& a) {
    return (2 + a.depths) * a.c + 2 * a.depths;
  }
  WidePixel(const BevPoolFusedBackward& a, float* values, int32_t* numbers)
      : feats(values),
        depth(feats + a.c),
        grad_out(depth + a.depths),
        grad_depth(grad_out + a.depths * a.c),
        grad_feats(grad_depth + a.depths),
        cells(numbers) {}
};

void half_gradients(CpuDevice& device, const BevPoolFusedBackward& a, const int32_t* cells) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const PoolKernels& kernels = pool_kernels(device.isa);
  const int64_t size = WidePixel::values(a);
  float* buffers = device.scratch<float>(device.threads() * size);
  int32_t* numbers = device.scratch<int32_t>(device.threads() * a.depths);
  const auto of = [](const void* data) { return static_cast<const uint16_t*>(data); };
  device.pool.for_ranges(a.rows, 32, [&](int64_t begin, int64_t end, int32_t thread) {
    const WidePixel wide(a, buffers + thread * size, numbers + thread * a.depths);
    for (int64_t row = begin; row < end; ++row) {
      const int64_t first = row / a.pixels * a.depths * a.pixels + row % a.pixels;
      simd.widen(of(a.feats) + row * a.c, a.dtype, wide.feats, a.c);
      for (int64_t d = 0; d < a.depths; ++d) {
        const int64_t p = first + d * a.pixels;
        simd.widen(of(a.depth) + p, a.dtype, wide.depth + d, 1);
        wide.cells[d] = cells[p] < 0 ? -1 : static_cast<int32_t>(d);
        if (cells[p] >= 0)
          simd.widen(of(a.grad_out) + cells[p] * a.c, a.dtype, wide.grad_out + d * a.c, a.c);
      }
      kernels.gradients({wide.grad_out, wide.depth, wide.feats, wide.cells, wide.grad_depth,
                         wide.grad_feats, a.c, a.depths, 1, 0, 1});
      simd.narrow(wide.grad_feats, a.dtype, static_cast<uint16_t*>(a.grad_feats) + row * a.c, a.c);
      for (int64_t d = 0; d < a.depths; ++d)
        simd.narrow(wide.grad_depth + d, a.dtype,
                    static_cast<uint16_t*>(a.grad_depth) + first + d * a.pixels, 1);
    }
  });
}

void bev_pool_fused_backward_points(Device& any, const BevPoolFusedBackward& a) {
  CpuDevice& device = cpu_device(any);
  const PoolKernels& kernels = pool_kernels(device.isa);
  const int32_t* cells = checked_cells(device, a);
  if (a.dtype != VMK_F32) return half_gradients(device, a, cells);
  const auto of = [](const void* data) { return static_cast<const float*>(data); };
  device.pool.for_ranges(a.rows, 32, [&](int64_t begin, int64_t end) {
    kernels.gradients({of(a.grad_out), of(a.depth), of(a.feats), cells,
                       static_cast<float*>(a.grad_depth), static_cast<float*>(a.grad_feats), a.c,
                       a.depths, a.pixels, begin, end});
  });
}

constexpr Variant<BevPoolBackward> kPoolList[] = {
    of_any_dtype("points", bev_pool_backward_points), of_any_dtype("ref", bev_pool_backward_ref)};
constexpr Variant<BevPoolFusedBackward> kFusedList[] = {
    of_any_dtype("points", bev_pool_fused_backward_points),
    of_any_dtype("ref", bev_pool_fused_backward_ref)};

}  // namespace

const Variants<BevPoolBackward> kBevPoolBackward = variants(kPoolList);
const Variants<BevPoolFusedBackward> kBevPoolFusedBackward = variants(kFusedList);

}  // namespace vmk
