// sparse_conv.implicit - output-stationary implicit GEMM: a block owns a tile of the output and
// gathers the rows it needs through the map, offset by offset. Nothing but the output is written.
// Offsets that none of the tile's rows has are skipped; of the rest, missing rows multiply zeros:
// good for any layer, best where neighbouring rows have the same neighbours. Layers of few rows
// are split along the sum (split-K); the pieces are added in order.
// sparse_conv.implicit_tf32 - the same, f32 rounded to tf32 for the tensor cores.
#include "conv_dataflows.hpp"

namespace vmk {

void convolve_mapped(Device& any, const SparseConv& args, Products products) {
  CudaDevice& device = cuda_device(any);
  check_offsets(args);
  const ConvCall a = call_of(device, args);
  if (a.kv == 0 || a.cin == 0) return finish_sums(device, a, args.dtype, nullptr, 0);
  const ConvSettings& s = args.settings;
  const TileChoice choice = choose_tile(
      device, {args.dtype, products, a.m, a.columns, a.kv * a.cin, true, s.tile, s.pieces});
  const auto kv = static_cast<int>(a.kv);
  MapJob job{a.map, nullptr, kv, 1, choice.pieces, nullptr};
  if (choice.pieces > 1) job.sums = device.scratch<float>(choice.pieces * a.m * a.columns);
  choice.tile->map(device, a, job);
  if (job.sums) finish_sums(device, a, args.dtype, job.sums, choice.pieces);
}

void sparse_conv_implicit(Device& device, const SparseConv& args) {
  convolve_mapped(device, args, Products::kAny);
}

void sparse_conv_implicit_tf32(Device& device, const SparseConv& args) {
  expect_f32(args);
  convolve_mapped(device, args, Products::kTf32);
}

}  // namespace vmk
