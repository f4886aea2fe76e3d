// Entries: devoxelize_map, devoxelize.
#include "internal.hpp"

using namespace vmk;

VMK_API vmk_status vmk_devoxelize_map(vmk_ctx* ctx, int32_t variant, const vmk_tensor* positions,
                                      const vmk_tensor* voxels, vmk_tensor* index,
                                      vmk_tensor* weight, int32_t stride) {
  return guard(ctx, [&] {
    expect(ctx, positions, "positions", VMK_F32, 2);
    expect(ctx, voxels, "voxels", VMK_I32, 2);
    expect(ctx, index, "index", VMK_I32, 2);
    expect(ctx, weight, "weight", VMK_F32, 2);
    expect_rows(voxels, "voxels");
    const int64_t n = positions->shape[0], t = index->shape[1];
    expect_size(positions, "positions", 1, 4);
    expect_size(voxels, "voxels", 1, 4);
    expect_size(index, "index", 0, n);
    expect_size(weight, "weight", 0, n);
    expect_size(weight, "weight", 1, t);
    if (t != 1 && t != 8)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot map points to voxels: index has %lld columns, 1 (nearest) or 8 (trilinear) are "
           "supported", static_cast<long long>(t));
    if (stride < 1 || stride > 1024)
      fail(VMK_INVALID_ARGUMENT, "Cannot map points to voxels: stride is %d, not in [1, 1024]",
           stride);
    run_variant(ctx, "devoxelize_map", kDevoxelizeMap, variant,
                {positions->as<float>(), voxels->as<int32_t>(), index->as<int32_t>(),
                 weight->as<float>(), n, voxels->shape[0], t, stride});
  });
}

VMK_API vmk_status vmk_devoxelize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                  const vmk_tensor* index, const vmk_tensor* weight,
                                  vmk_tensor* out) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
    expect(ctx, index, "index", VMK_I32, 2);
    expect(ctx, out, "out", dtype, 2);
    const int64_t n = index->shape[0], t = index->shape[1];
    if (weight) {
      expect(ctx, weight, "weight", VMK_F32, 2);
      expect_size(weight, "weight", 0, n);
      expect_size(weight, "weight", 1, t);
    }
    expect_size(out, "out", 0, n);
    expect_size(out, "out", 1, feats->shape[1]);
    expect_takes("devoxelize", kDevoxelize, variant, dtype);
    run_variant(ctx, "devoxelize", kDevoxelize, variant,
                {feats->data, index->as<int32_t>(), weight ? weight->as<float>() : nullptr,
                 out->data, n, feats->shape[0], t, feats->shape[1], dtype});
  });
}
