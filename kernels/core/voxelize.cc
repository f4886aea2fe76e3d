// Entries: quantize, voxelize, voxel_reduce.
#include <cmath>

#include "internal.hpp"

using namespace vmk;

VMK_API vmk_status vmk_quantize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* points,
                                const vmk_tensor* batch, vmk_tensor* coords, const float* grid,
                                int32_t rounding) {
  return guard(ctx, [&] {
    expect(ctx, points, "points", VMK_F32, 2);
    expect(ctx, coords, "coords", VMK_I32, 2);
    expect_rows(points, "points");
    expect_at_least(points, "points", 1, 3);
    expect_size(coords, "coords", 0, points->shape[0]);
    expect_size(coords, "coords", 1, 4);
    if (batch) {
      expect(ctx, batch, "batch", VMK_I32, 1);
      expect_size(batch, "batch", 0, points->shape[0]);
    }
    if (!grid) fail(VMK_INVALID_ARGUMENT, "Cannot read grid: it is null");
    for (int i = 0; i < 6; ++i)
      if (!std::isfinite(grid[i]) || (i < 3 && grid[i] <= 0))
        fail(VMK_INVALID_ARGUMENT,
             "Cannot read grid: entry %d is %g, it must be finite%s", i,
             static_cast<double>(grid[i]), i < 3 ? " and positive" : "");
    if (rounding != VMK_FLOOR && rounding != VMK_ROUND)
      fail(VMK_INVALID_ARGUMENT, "Cannot quantize: rounding %d is unknown", rounding);
    run_variant(ctx, "quantize", kQuantize, variant,
                {points->as<float>(), batch ? batch->as<int32_t>() : nullptr,
                 coords->as<int32_t>(), points->shape[0], points->shape[1],
                 {grid[0], grid[1], grid[2]}, {grid[3], grid[4], grid[5]}, rounding});
  });
}

VMK_API vmk_status vmk_voxelize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                vmk_tensor* voxels, vmk_tensor* inverse, vmk_tensor* order,
                                vmk_tensor* starts, vmk_tensor* count) {
  return guard(ctx, [&] {
    expect(ctx, coords, "coords", VMK_I32, 2);
    expect(ctx, voxels, "voxels", VMK_I32, 2);
    expect(ctx, inverse, "inverse", VMK_I32, 1);
    expect(ctx, order, "order", VMK_I32, 1);
    expect(ctx, starts, "starts", VMK_I32, 1);
    expect(ctx, count, "count", VMK_I64, 1);
    expect_rows(coords, "coords");
    const int64_t n = coords->shape[0];
    expect_size(coords, "coords", 1, 4);
    expect_size(voxels, "voxels", 1, 4);
    expect_size(inverse, "inverse", 0, n);
    expect_size(order, "order", 0, n);
    expect_at_least(starts, "starts", 0, n + 1);
    expect_size(count, "count", 0, 1);
    run_variant(ctx, "voxelize", kVoxelize, variant,
                {coords->as<int32_t>(), voxels->as<int32_t>(), inverse->as<int32_t>(),
                 order->as<int32_t>(), starts->as<int32_t>(), count->as<int64_t>(), n,
                 voxels->shape[0]});
  });
}

VMK_API vmk_status vmk_voxel_reduce(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                    const vmk_tensor* order, const vmk_tensor* starts,
                                    vmk_tensor* out, int32_t reduce) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
    expect(ctx, order, "order", VMK_I32, 1);
    expect(ctx, starts, "starts", VMK_I32, 1);
    expect(ctx, out, "out", dtype, 2);
    const int64_t n = feats->shape[0], c = feats->shape[1], m = out->shape[0];
    expect_size(order, "order", 0, n);
    expect_at_least(starts, "starts", 0, m + 1);
    expect_size(out, "out", 1, c);
    if (reduce < VMK_REDUCE_FIRST || reduce > VMK_REDUCE_MAX)
      fail(VMK_INVALID_ARGUMENT, "Cannot reduce voxels: reduction %d is unknown", reduce);
    expect_takes("voxel_reduce", kVoxelReduce, variant, dtype);
    run_variant(ctx, "voxel_reduce", kVoxelReduce, variant,
                {feats->data, order->as<int32_t>(), starts->as<int32_t>(), out->data, n, m, c,
                 reduce, dtype});
  });
}
