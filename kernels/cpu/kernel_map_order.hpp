#pragma once
#include "device.hpp"

namespace vmk {

// As vmk_kernel_map_order.
void order_rows(CpuDevice& device, const KernelMapOrder& a);

}  // namespace vmk
