#pragma once
// Packing weights for Hopper's products, as an op and inside others.
#include "device.hpp"
#include "weights.hpp"

namespace vmk {

void pack(CudaDevice& device, const WeightPack& a);

}  // namespace vmk
