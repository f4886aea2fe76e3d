// Entries: bev_cells, bev_intervals, bev_pool, bev_pool_fused and their gradients.
#include "internal.hpp"

using namespace vmk;

namespace {

void expect_plan(const vmk_ctx* ctx, const vmk_tensor* order, const vmk_tensor* starts,
                 const vmk_tensor* intervals) {
  expect(ctx, order, "order", VMK_I32, 1);
  expect(ctx, starts, "starts", VMK_I32, 1);
  expect(ctx, intervals, "intervals", VMK_I32, 1);
  expect_size(starts, "starts", 0, intervals->shape[0] + 1);
}

// Sums of feats, as f32 or in their own type; returns which.
vmk_dtype expect_cells(const vmk_ctx* ctx, const vmk_tensor* out, const vmk_tensor* feats) {
  const vmk_dtype dtype = out && out->dtype == VMK_F32 ? VMK_F32 : feats->dtype;
  expect(ctx, out, "out", dtype, 2);
  expect_size(out, "out", 1, feats->shape[1]);
  return dtype;
}

// Checks a tensor of any shape and returns its number of elements: one a point.
int64_t expect_points(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, vmk_dtype dtype) {
  expect(ctx, t, name, dtype, t ? t->ndim : 1);
  const int64_t p = t->shape[0] * t->row_elements();
  if (p > INT32_MAX)
    fail(VMK_INVALID_ARGUMENT, "Cannot read %s: it has %lld points, at most %d can be numbered",
         name, static_cast<long long>(p), INT32_MAX);
  return p;
}

// The depths of a pixel, from P = cameras * D * pixels points and cameras * pixels feature rows.
int64_t depths_of(int64_t points, const vmk_tensor* feats, int64_t pixels) {
  const int64_t rows = feats->shape[0];
  if (points == 0 && rows == 0) return 0;
  if (pixels < 1 || rows % pixels != 0)
    fail(VMK_INVALID_ARGUMENT, "Cannot pool: feats has %lld rows, not a multiple of pixels = %lld",
         static_cast<long long>(rows), static_cast<long long>(pixels));
  if (rows == 0 || points % rows != 0)
    fail(VMK_INVALID_ARGUMENT, "Cannot pool: depth has %lld elements, not a multiple of the %lld "
         "rows of feats", static_cast<long long>(points), static_cast<long long>(rows));
  return points / rows;
}

void expect_like(const vmk_ctx* ctx, const vmk_tensor* t, const char* name,
                 const vmk_tensor* like) {
  expect(ctx, t, name, like->dtype, like->ndim);
  for (int32_t dim = 0; dim < like->ndim; ++dim) expect_size(t, name, dim, like->shape[dim]);
}

BevCells read_grid(const vmk_tensor* points, const vmk_tensor* cells, const float* grid,
                   const int32_t* extent, int32_t rounding) {
  BevCells args{points->as<float>(), cells->as<int32_t>(), points->shape[0], extent[0], {}, {}, {},
                rounding};
  int64_t total = 1;
  for (int i = 0; i < 4; ++i) {
    if (extent[i] < 1 || total * extent[i] > INT32_MAX)
      fail(VMK_INVALID_ARGUMENT, "Cannot find cells: extent is %d x %d x %d x %d, each must be at "
           "least 1 and the product at most %d", extent[0], extent[1], extent[2], extent[3],
           INT32_MAX);
    total *= extent[i];
  }
  for (int axis = 0; axis < 3; ++axis) {
    args.low[axis] = grid[axis];
    args.size[axis] = grid[axis + 3];
    args.extent[axis] = extent[axis + 1];
    if (!(grid[axis + 3] > 0))
      fail(VMK_INVALID_ARGUMENT, "Cannot find cells: grid[%d] = %g, a cell size must be positive",
           axis + 3, double{grid[axis + 3]});
  }
  if (args.p % args.batches != 0)
    fail(VMK_INVALID_ARGUMENT, "Cannot find cells: points has %lld rows, not a multiple of the %d "
         "batches", static_cast<long long>(args.p), extent[0]);
  return args;
}

}  // namespace

VMK_API vmk_status vmk_bev_cells(vmk_ctx* ctx, int32_t variant, const vmk_tensor* points,
                                 vmk_tensor* cells, const float* grid, const int32_t* extent,
                                 int32_t rounding) {
  return guard(ctx, [&] {
    expect(ctx, points, "points", VMK_F32, 2);
    expect(ctx, cells, "cells", VMK_I32, 1);
    expect_rows(points, "points");
    expect_size(points, "points", 1, 3);
    expect_size(cells, "cells", 0, points->shape[0]);
    if (!grid || !extent) fail(VMK_INVALID_ARGUMENT, "Cannot read grid and extent: one is null");
    if (rounding != VMK_FLOOR && rounding != VMK_TRUNCATE)
      fail(VMK_INVALID_ARGUMENT, "Cannot find cells: rounding %d is not VMK_FLOOR or VMK_TRUNCATE",
           rounding);
    const BevCells args = read_grid(points, cells, grid, extent, rounding);
    run_variant(ctx, "bev_cells", kBevCells, variant, args);
  });
}

VMK_API vmk_status vmk_bev_intervals(vmk_ctx* ctx, int32_t variant, const vmk_tensor* cells,
                                     vmk_tensor* order, vmk_tensor* starts, vmk_tensor* intervals,
                                     vmk_tensor* counts, int64_t grid) {
  return guard(ctx, [&] {
    const int64_t p = expect_points(ctx, cells, "cells", VMK_I32);
    expect(ctx, order, "order", VMK_I32, 1);
    expect(ctx, starts, "starts", VMK_I32, 1);
    expect(ctx, intervals, "intervals", VMK_I32, 1);
    expect(ctx, counts, "counts", VMK_I64, 1);
    expect_at_least(starts, "starts", 0, 1);
    expect_size(counts, "counts", 0, 2);
    if (grid < 0 || grid > INT32_MAX)
      fail(VMK_INVALID_ARGUMENT, "Cannot group points by cell: the grid has %lld cells, 0 to %d "
           "are supported", static_cast<long long>(grid), INT32_MAX);
    run_variant(ctx, "bev_intervals", kBevIntervals, variant,
                {cells->as<int32_t>(), order->as<int32_t>(), starts->as<int32_t>(),
                 intervals->as<int32_t>(), counts->as<int64_t>(), p, grid,
                 order->shape[0], std::min(intervals->shape[0], starts->shape[0] - 1)});
  });
}

VMK_API vmk_status vmk_bev_pool(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                const vmk_tensor* order, const vmk_tensor* starts,
                                const vmk_tensor* intervals, vmk_tensor* out) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
    expect_plan(ctx, order, starts, intervals);
    const vmk_dtype out_dtype = expect_cells(ctx, out, feats);
    expect_takes("bev_pool", kBevPool, variant, dtype);
    run_variant(ctx, "bev_pool", kBevPool, variant,
                {feats->data, order->as<int32_t>(), starts->as<int32_t>(),
                 intervals->as<int32_t>(), out->data, feats->shape[0], order->shape[0],
                 intervals->shape[0], feats->shape[1], out->shape[0], dtype, out_dtype});
  });
}

VMK_API vmk_status vmk_bev_pool_backward(vmk_ctx* ctx, int32_t variant, const vmk_tensor* grad_out,
                                         const vmk_tensor* order, const vmk_tensor* starts,
                                         const vmk_tensor* intervals, vmk_tensor* grad_feats) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, grad_out, "grad_out", 2);
    expect_plan(ctx, order, starts, intervals);
    expect(ctx, grad_feats, "grad_feats", dtype, 2);
    expect_rows(grad_out, "grad_out");
    expect_rows(grad_feats, "grad_feats");
    expect_size(grad_feats, "grad_feats", 1, grad_out->shape[1]);
    expect_takes("bev_pool_backward", kBevPoolBackward, variant, dtype);
    run_variant(ctx, "bev_pool_backward", kBevPoolBackward, variant,
                {grad_out->data, order->as<int32_t>(), starts->as<int32_t>(),
                 intervals->as<int32_t>(), grad_feats->data, grad_feats->shape[0],
                 order->shape[0], intervals->shape[0], grad_out->shape[1], grad_out->shape[0],
                 dtype});
  });
}

VMK_API vmk_status vmk_bev_pool_fused(vmk_ctx* ctx, int32_t variant, const vmk_tensor* depth,
                                      const vmk_tensor* feats, const vmk_tensor* order,
                                      const vmk_tensor* starts, const vmk_tensor* intervals,
                                      vmk_tensor* out, int64_t pixels) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
    const int64_t p = expect_points(ctx, depth, "depth", dtype);
    expect_plan(ctx, order, starts, intervals);
    const vmk_dtype out_dtype = expect_cells(ctx, out, feats);
    expect_takes("bev_pool_fused", kBevPoolFused, variant, dtype);
    run_variant(ctx, "bev_pool_fused", kBevPoolFused, variant,
                {depth->data, feats->data, order->as<int32_t>(), starts->as<int32_t>(),
                 intervals->as<int32_t>(), out->data, p, order->shape[0], intervals->shape[0],
                 feats->shape[1], out->shape[0], depths_of(p, feats, pixels), pixels, dtype,
                 out_dtype});
  });
}

VMK_API vmk_status vmk_bev_pool_fused_backward(vmk_ctx* ctx, int32_t variant,
                                               const vmk_tensor* grad_out, const vmk_tensor* depth,
                                               const vmk_tensor* feats, const vmk_tensor* order,
                                               const vmk_tensor* starts,
                                               const vmk_tensor* intervals, vmk_tensor* grad_depth,
                                               vmk_tensor* grad_feats, int64_t pixels) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
    const int64_t p = expect_points(ctx, depth, "depth", dtype);
    expect(ctx, grad_out, "grad_out", dtype, 2);
    expect_plan(ctx, order, starts, intervals);
    expect_like(ctx, grad_depth, "grad_depth", depth);
    expect_like(ctx, grad_feats, "grad_feats", feats);
    expect_rows(grad_out, "grad_out");
    expect_size(grad_out, "grad_out", 1, feats->shape[1]);
    expect_takes("bev_pool_fused_backward", kBevPoolFusedBackward, variant, dtype);
    run_variant(ctx, "bev_pool_fused_backward", kBevPoolFusedBackward, variant,
                {grad_out->data, depth->data, feats->data, order->as<int32_t>(),
                 starts->as<int32_t>(), intervals->as<int32_t>(), grad_depth->data,
                 grad_feats->data, p, order->shape[0], intervals->shape[0], feats->shape[1],
                 grad_out->shape[0], depths_of(p, feats, pixels), pixels, feats->shape[0], dtype});
  });
}
