// Entries of weight-sparse convolution: weight_count, weight_compress, sparse_conv_ws.
#include "internal.hpp"

using namespace vmk;

VMK_API vmk_status vmk_weight_count(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                    vmk_tensor* starts) {
  return guard(ctx, [&] {
    expect(ctx, weight, "weight", VMK_F32, 3);
    expect(ctx, starts, "starts", VMK_I64, 1);
    const int64_t kv = weight->shape[0], cin = weight->shape[1], cout = weight->shape[2];
    expect_size(starts, "starts", 0, kv * cout + 1);
    run_variant(ctx, "weight_count", kWeightCount, variant,
                {weight->as<float>(), starts->as<int64_t>(), kv, cin, cout});
  });
}

VMK_API vmk_status vmk_weight_compress(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                       const vmk_tensor* starts, vmk_tensor* index,
                                       vmk_tensor* value) {
  return guard(ctx, [&] {
    expect(ctx, weight, "weight", VMK_F32, 3);
    expect(ctx, starts, "starts", VMK_I64, 1);
    expect(ctx, index, "index", VMK_I32, 1);
    expect(ctx, value, "value", VMK_F32, 1);
    const int64_t kv = weight->shape[0], cin = weight->shape[1], cout = weight->shape[2];
    expect_size(starts, "starts", 0, kv * cout + 1);
    expect_size(value, "value", 0, index->shape[0]);
    run_variant(ctx, "weight_compress", kWeightCompress, variant,
                {weight->as<float>(), starts->as<int64_t>(), index->as<int32_t>(),
                 value->as<float>(), kv, cin, cout, index->shape[0]});
  });
}

VMK_API vmk_status vmk_sparse_conv_ws(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                      const vmk_tensor* starts, const vmk_tensor* index,
                                      const vmk_tensor* value, const vmk_tensor* map,
                                      vmk_tensor* out) {
  return guard(ctx, [&] {
    expect(ctx, feats, "feats", VMK_F32, 2);
    expect(ctx, starts, "starts", VMK_I64, 1);
    expect(ctx, index, "index", VMK_I32, 1);
    expect(ctx, value, "value", VMK_F32, 1);
    expect(ctx, map, "map", VMK_I32, 2);
    expect(ctx, out, "out", VMK_F32, 2);
    expect_rows(feats, "feats");
    const int64_t kv = map->shape[0], cout = out->shape[1];
    expect_size(starts, "starts", 0, kv * cout + 1);
    expect_size(value, "value", 0, index->shape[0]);
    expect_size(out, "out", 0, map->shape[1]);
    run_variant(ctx, "sparse_conv_ws", kSparseConvWs, variant,
                {feats->as<float>(), starts->as<int64_t>(), index->as<int32_t>(),
                 value->as<float>(), map->as<int32_t>(), out->as<float>(), feats->shape[0],
                 out->shape[0], kv, feats->shape[1], cout, index->shape[0]});
  });
}
