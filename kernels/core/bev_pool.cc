// Entries: bev_intervals, bev_pool.
#include "internal.hpp"

using namespace vmk;

VMK_API vmk_status vmk_bev_intervals(vmk_ctx* ctx, int32_t variant, const vmk_tensor* cells,
                                     vmk_tensor* order, vmk_tensor* starts, vmk_tensor* intervals,
                                     vmk_tensor* counts, int64_t grid) {
  return guard(ctx, [&] {
    expect(ctx, cells, "cells", VMK_I32, 1);
    expect(ctx, order, "order", VMK_I32, 1);
    expect(ctx, starts, "starts", VMK_I32, 1);
    expect(ctx, intervals, "intervals", VMK_I32, 1);
    expect(ctx, counts, "counts", VMK_I64, 1);
    expect_rows(cells, "cells");
    expect_at_least(starts, "starts", 0, 1);
    expect_size(counts, "counts", 0, 2);
    if (grid < 0 || grid > INT32_MAX)
      fail(VMK_INVALID_ARGUMENT, "Cannot group points by cell: the grid has %lld cells, 0 to %d "
           "are supported", static_cast<long long>(grid), INT32_MAX);
    run_variant(ctx, "bev_intervals", kBevIntervals, variant,
                {cells->as<int32_t>(), order->as<int32_t>(), starts->as<int32_t>(),
                 intervals->as<int32_t>(), counts->as<int64_t>(), cells->shape[0], grid,
                 order->shape[0], std::min(intervals->shape[0], starts->shape[0] - 1)});
  });
}

VMK_API vmk_status vmk_bev_pool(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                const vmk_tensor* order, const vmk_tensor* starts,
                                const vmk_tensor* intervals, vmk_tensor* out) {
  return guard(ctx, [&] {
    expect(ctx, feats, "feats", VMK_F32, 2);
    expect(ctx, order, "order", VMK_I32, 1);
    expect(ctx, starts, "starts", VMK_I32, 1);
    expect(ctx, intervals, "intervals", VMK_I32, 1);
    expect(ctx, out, "out", VMK_F32, 2);
    expect_size(starts, "starts", 0, intervals->shape[0] + 1);
    expect_size(out, "out", 1, feats->shape[1]);
    run_variant(ctx, "bev_pool", kBevPool, variant,
                {feats->as<float>(), order->as<int32_t>(), starts->as<int32_t>(),
                 intervals->as<int32_t>(), out->as<float>(), feats->shape[0], order->shape[0],
                 intervals->shape[0], feats->shape[1], out->shape[0]});
  });
}
