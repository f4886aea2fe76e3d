// bev_pool_backward, bev_pool_fused_backward.
//   ref     a loop over points in the order of the definition; sums in double.
//   points  the plan is turned round into the cell of each point; then every row of a gradient is
//           written once, in the order it lies in, by one thread: no atomics, always the same bits.
#include <algorithm>

#include "bev_plan.hpp"
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

void bev_pool_backward_ref(Device& device, const BevPoolBackward& a) {
  const int32_t* cells = checked_cells(cpu_device(device), a);
  for (int64_t p = 0; p < a.p; ++p)
    for (int64_t k = 0; k < a.c; ++k)
      a.grad_feats[p * a.c + k] = cells[p] < 0 ? 0.0f : a.grad_out[cells[p] * a.c + k];
}

void bev_pool_backward_points(Device& any, const BevPoolBackward& a) {
  CpuDevice& device = cpu_device(any);
  const PoolKernels& kernels = pool_kernels(device.isa);
  const int32_t* cells = checked_cells(device, a);
  const bool stream = a.c % 16 == 0 && a.p * a.c * 4 > (int64_t{4} << 20);
  device.pool.for_ranges(a.p, 1024, [&](int64_t begin, int64_t end) {
    kernels.copy(a.grad_out, cells + begin, end - begin, a.c, a.grad_feats + begin * a.c, stream);
  });
}

void bev_pool_fused_backward_ref(Device& device, const BevPoolFusedBackward& a) {
  const int32_t* cells = checked_cells(cpu_device(device), a);
  std::vector<double> sum(a.c);
  for (int64_t row = 0; row < a.rows; ++row) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t d = 0; d < a.depths; ++d) {
      const int64_t p = (row / a.pixels * a.depths + d) * a.pixels + row % a.pixels;
      double dot = 0;
      for (int64_t k = 0; cells[p] >= 0 && k < a.c; ++k) {
        const double grad = a.grad_out[cells[p] * a.c + k];
        dot += grad * a.feats[row * a.c + k];
        sum[k] += grad * a.depth[p];
      }
      a.grad_depth[p] = static_cast<float>(dot);
    }
    std::transform(sum.begin(), sum.end(), a.grad_feats + row * a.c,
                   [](double value) { return static_cast<float>(value); });
  }
}

void bev_pool_fused_backward_points(Device& any, const BevPoolFusedBackward& a) {
  CpuDevice& device = cpu_device(any);
  const PoolKernels& kernels = pool_kernels(device.isa);
  const int32_t* cells = checked_cells(device, a);
  device.pool.for_ranges(a.rows, 32, [&](int64_t begin, int64_t end) {
    kernels.gradients({a.grad_out, a.depth, a.feats, cells, a.grad_depth, a.grad_feats, a.c,
                       a.depths, a.pixels, begin, end});
  });
}

constexpr Variant<BevPoolBackward> kPoolList[] = {{"points", bev_pool_backward_points},
                                                  {"ref", bev_pool_backward_ref}};
constexpr Variant<BevPoolFusedBackward> kFusedList[] = {{"points", bev_pool_fused_backward_points},
                                                        {"ref", bev_pool_fused_backward_ref}};

}  // namespace

const Variants<BevPoolBackward> kBevPoolBackward = variants(kPoolList);
const Variants<BevPoolFusedBackward> kBevPoolFusedBackward = variants(kFusedList);

}  // namespace vmk
