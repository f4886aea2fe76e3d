#pragma once
#include "common.cuh"

namespace vmk {

// As vmk_kernel_map_order.
void order_rows(CudaDevice& device, const KernelMapOrder& a);

}  // namespace vmk
