// sparse_conv.masked - implicit GEMM over sorted outputs. The offsets are cut into `splits` parts.
// Within a part outputs are sorted by the offsets that they have (kernel_map_order), so that the
// rows of a tile need the same offsets and few of them multiply zeros. Each part has its own order
// and its own sums, which are added in order: no atomics (TorchSparse++, MICRO'23).
// sparse_conv.masked_tf32 - the same, f32 rounded to tf32 for the tensor cores.
#include <algorithm>

#include "conv_dataflows.hpp"
#include "kernel_map_order.hpp"

namespace vmk {

namespace {

constexpr int64_t kMostSums = UINT16_MAX;  // blocks along z

// What the call was given, or made for it.
KernelMapOrder order_of(CudaDevice& device, const SparseConv& args) {
  if (args.order)
    return {args.map, const_cast<int32_t*>(args.order), const_cast<int32_t*>(args.ordered),
            args.kv,  args.m,                           args.parts};
  const int64_t parts = std::min<int64_t>(args.settings.splits, args.kv);
  const KernelMapOrder made{args.map, device.scratch<int32_t>(parts * args.m),
                            device.scratch<int32_t>(args.kv * args.m), args.kv, args.m, parts};
  order_rows(device, made);
  return made;
}

}  // namespace

void convolve_sorted(Device& any, const SparseConv& args, Products products) {
  CudaDevice& device = cuda_device(any);
  check_offsets(args);
  const ConvCall a = call_of(device, args);
  if (a.kv == 0 || a.cin == 0) return finish_sums(device, a, args.dtype, nullptr, 0);
  const KernelMapOrder sorted = order_of(device, args);
  const auto offsets = static_cast<int>(ceil_div(a.kv, sorted.parts));
  const auto parts = static_cast<int>(ceil_div(a.kv, offsets));  // without the empty ones
  TileWish wish{args.dtype,          products,  a.m * parts, a.columns,
                int64_t{offsets} * a.cin, parts == 1};
  wish.tile = args.settings.tile;
  wish.pieces = static_cast<int>(std::min<int64_t>(args.settings.pieces, kMostSums / parts));
  const TileChoice choice = choose_tile(device, wish);
  const int sums = parts * choice.pieces;
  MapJob job{sorted.ordered, sorted.order, offsets, parts, choice.pieces, nullptr};
  if (sums > 1) job.sums = device.scratch<float>(sums * a.m * a.columns);
  choice.tile->map(device, a, job);
  if (job.sums) finish_sums(device, a, args.dtype, job.sums, sums);
}

void sparse_conv_masked(Device& device, const SparseConv& args) {
  convolve_sorted(device, args, Products::kAny);
}

void sparse_conv_masked_tf32(Device& device, const SparseConv& args) {
  expect_f32(args);
  convolve_sorted(device, args, Products::kTf32);
}

}  // namespace vmk
