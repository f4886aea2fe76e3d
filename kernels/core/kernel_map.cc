// Entries: downsample, kernel_map, strided_map, kernel_map_transpose, kernel_map_count,
// kernel_map_pairs, kernel_map_order.
#include <algorithm>

#include "internal.hpp"

using namespace vmk;

namespace {

Downsample read_downsample(const vmk_ctx* ctx, const vmk_tensor* coords, vmk_tensor* out_coords,
                           vmk_tensor* count, const int32_t* geometry, int32_t mode,
                           const int32_t* bounds) {
  expect(ctx, coords, "coords", VMK_I32, 2);
  expect(ctx, out_coords, "out_coords", VMK_I32, 2);
  expect(ctx, count, "count", VMK_I64, 1);
  expect_rows(coords, "coords");
  expect_size(coords, "coords", 1, 4);
  expect_size(out_coords, "out_coords", 1, 4);
  expect_size(count, "count", 0, 1);
  if (mode != VMK_OUT_REACHED && mode != VMK_OUT_FLOOR)
    fail(VMK_INVALID_ARGUMENT, "Cannot downsample: mode %d is unknown", mode);
  Downsample args{coords->as<int32_t>(),  out_coords->as<int32_t>(), count->as<int64_t>(),
                  coords->shape[0],       out_coords->shape[0],      read_geometry(geometry),
                  mode,                   bounds != nullptr,         {}};
  for (int i = 0; bounds && i < 6; ++i) args.bounds[i] = bounds[i];
  return args;
}

}  // namespace

namespace vmk {

void expect_order(const vmk_ctx* ctx, const vmk_tensor* map, const vmk_tensor* order,
                  const vmk_tensor* ordered) {
  expect(ctx, order, "order", VMK_I32, 2);
  expect(ctx, ordered, "ordered", VMK_I32, 2);
  expect_at_least(order, "order", 0, 1);
  const int64_t parts = order->shape[0], most = std::max<int64_t>(1, map->shape[0]);
  if (parts > most)
    fail(VMK_INVALID_ARGUMENT, "Cannot read order: it has %lld parts, map has offsets for %lld",
         static_cast<long long>(parts), static_cast<long long>(most));
  expect_size(order, "order", 1, map->shape[1]);
  expect_size(ordered, "ordered", 0, map->shape[0]);
  expect_size(ordered, "ordered", 1, map->shape[1]);
}

}  // namespace vmk

VMK_API vmk_status vmk_downsample(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                  vmk_tensor* out_coords, vmk_tensor* count,
                                  const int32_t* geometry, int32_t mode, const int32_t* bounds) {
  return guard(ctx, [&] {
    run_variant(ctx, "downsample", kDownsample, variant,
                read_downsample(ctx, coords, out_coords, count, geometry, mode, bounds));
  });
}

VMK_API vmk_status vmk_strided_map(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                   vmk_tensor* out_coords, vmk_tensor* map, vmk_tensor* count,
                                   const int32_t* geometry, int32_t mode, const int32_t* bounds) {
  return guard(ctx, [&] {
    const Downsample layer =
        read_downsample(ctx, coords, out_coords, count, geometry, mode, bounds);
    expect(ctx, map, "map", VMK_I32, 2);
    expect_rows(out_coords, "out_coords");
    expect_size(map, "map", 0, layer.geometry.volume());
    expect_size(map, "map", 1, out_coords->shape[0]);
    run_variant(ctx, "strided_map", kStridedMap, variant, {layer, map->as<int32_t>()});
  });
}

VMK_API vmk_status vmk_kernel_map(vmk_ctx* ctx, int32_t variant, const vmk_tensor* in_coords,
                                  const vmk_tensor* out_coords, vmk_tensor* map,
                                  const int32_t* geometry) {
  return guard(ctx, [&] {
    expect(ctx, in_coords, "in_coords", VMK_I32, 2);
    expect(ctx, out_coords, "out_coords", VMK_I32, 2);
    expect(ctx, map, "map", VMK_I32, 2);
    expect_rows(in_coords, "in_coords");
    expect_rows(out_coords, "out_coords");
    expect_size(in_coords, "in_coords", 1, 4);
    expect_size(out_coords, "out_coords", 1, 4);
    const Geometry g = read_geometry(geometry);
    expect_size(map, "map", 0, g.volume());
    expect_size(map, "map", 1, out_coords->shape[0]);
    run_variant(ctx, "kernel_map", kKernelMap, variant,
                {in_coords->as<int32_t>(), out_coords->as<int32_t>(), map->as<int32_t>(),
                 in_coords->shape[0], out_coords->shape[0], g});
  });
}

VMK_API vmk_status vmk_kernel_map_transpose(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                            vmk_tensor* out) {
  return guard(ctx, [&] {
    expect(ctx, map, "map", VMK_I32, 2);
    expect(ctx, out, "out", VMK_I32, 2);
    expect_size(out, "out", 0, map->shape[0]);
    run_variant(ctx, "kernel_map_transpose", kKernelMapTranspose, variant,
                {map->as<int32_t>(), out->as<int32_t>(), map->shape[0], map->shape[1],
                 out->shape[1]});
  });
}

VMK_API vmk_status vmk_kernel_map_count(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                        vmk_tensor* starts) {
  return guard(ctx, [&] {
    expect(ctx, map, "map", VMK_I32, 2);
    expect(ctx, starts, "starts", VMK_I64, 1);
    expect_size(starts, "starts", 0, map->shape[0] + 1);
    run_variant(ctx, "kernel_map_count", kKernelMapCount, variant,
                {map->as<int32_t>(), starts->as<int64_t>(), map->shape[0], map->shape[1]});
  });
}

VMK_API vmk_status vmk_kernel_map_pairs(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                        const vmk_tensor* starts, vmk_tensor* pairs) {
  return guard(ctx, [&] {
    expect(ctx, map, "map", VMK_I32, 2);
    expect(ctx, starts, "starts", VMK_I64, 1);
    expect(ctx, pairs, "pairs", VMK_I32, 2);
    expect_size(starts, "starts", 0, map->shape[0] + 1);
    expect_size(pairs, "pairs", 0, 2);
    run_variant(ctx, "kernel_map_pairs", kKernelMapPairs, variant,
                {map->as<int32_t>(), starts->as<int64_t>(), pairs->as<int32_t>(), map->shape[0],
                 map->shape[1], pairs->shape[1]});
  });
}

VMK_API vmk_status vmk_kernel_map_order(vmk_ctx* ctx, int32_t variant, const vmk_tensor* map,
                                        vmk_tensor* order, vmk_tensor* ordered) {
  return guard(ctx, [&] {
    expect(ctx, map, "map", VMK_I32, 2);
    expect_order(ctx, map, order, ordered);
    run_variant(ctx, "kernel_map_order", kKernelMapOrder, variant,
                {map->as<int32_t>(), order->as<int32_t>(), ordered->as<int32_t>(), map->shape[0],
                 map->shape[1], order->shape[0]});
  });
}
