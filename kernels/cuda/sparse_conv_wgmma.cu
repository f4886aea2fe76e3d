// sparse_conv.wgmma - implicit GEMM on Hopper's warpgroup products, f16 and bf16: through the map
// as it is, split along the sum where rows are few.
// sparse_conv.masked_wgmma - the same over sorted outputs, in parts (see sparse_conv_masked.cu).
// Only a library for sm_90a has them.
#ifdef VMK_SM90A
#include "conv_dataflows.hpp"

namespace vmk {

namespace {

void expect_hopper(Device& any, const SparseConv& args, const char* variant) {
  const int capability = cuda_device(any).capability();
  if (args.dtype == VMK_F32 || capability != 90)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv.%s: it takes f16 or bf16 on an sm_90, this is "
         "%s on an sm_%d", variant, dtype_name(args.dtype), capability);
}

}  // namespace

void sparse_conv_wgmma(Device& device, const SparseConv& args) {
  expect_hopper(device, args, "wgmma");
  convolve_mapped(device, args, Products::kWarpgroups);
}

void sparse_conv_masked_wgmma(Device& device, const SparseConv& args) {
  expect_hopper(device, args, "masked_wgmma");
  convolve_sorted(device, args, Products::kWarpgroups);
}

}  // namespace vmk
#endif
