// Entry: sparse_conv.
#include "internal.hpp"

using namespace vmk;

VMK_API int32_t vmk_conv_needs_pairs(int32_t variant) {
  return variant >= 0 && variant < kSparseConv.count && kSparseConv.list[variant].needs_pairs;
}

VMK_API vmk_status vmk_sparse_conv(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                   const vmk_tensor* weight, const vmk_tensor* map,
                                   const vmk_tensor* pairs, const vmk_tensor* starts,
                                   vmk_tensor* out) {
  return guard(ctx, [&] {
    expect(ctx, feats, "feats", VMK_F32, 2);
    expect(ctx, weight, "weight", VMK_F32, 3);
    expect(ctx, map, "map", VMK_I32, 2);
    expect(ctx, out, "out", VMK_F32, 2);
    expect_rows(feats, "feats");
    const int64_t kv = weight->shape[0], cin = weight->shape[1], cout = weight->shape[2];
    expect_size(feats, "feats", 1, cin);
    expect_size(map, "map", 0, kv);
    expect_size(out, "out", 0, map->shape[1]);
    expect_size(out, "out", 1, cout);
    if (vmk_conv_needs_pairs(variant) && (!pairs || !starts))
      fail(VMK_INVALID_ARGUMENT, "Cannot run sparse_conv: variant \"%s\" needs pairs and starts",
           kSparseConv.list[variant].name);
    if (pairs) {
      expect(ctx, pairs, "pairs", VMK_I32, 2);
      expect_size(pairs, "pairs", 0, 2);
    }
    if (starts) {
      expect(ctx, starts, "starts", VMK_I64, 1);
      expect_size(starts, "starts", 0, kv + 1);
    }
    run_variant(ctx, "sparse_conv", kSparseConv, variant,
                {feats->as<float>(), weight->as<float>(), map->as<int32_t>(),
                 pairs ? pairs->as<int32_t>() : nullptr, starts ? starts->as<int64_t>() : nullptr,
                 out->as<float>(), feats->shape[0], out->shape[0], kv, cin, cout,
                 pairs ? pairs->shape[1] : 0});
  });
}
