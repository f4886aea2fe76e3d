// Entries of the backward pass: sparse_conv_wgrad, weight_transpose.
#include "internal.hpp"

using namespace vmk;

VMK_API vmk_status vmk_sparse_conv_wgrad(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                         const vmk_tensor* grad_out, const vmk_tensor* map,
                                         const vmk_tensor* pairs, const vmk_tensor* starts,
                                         vmk_tensor* grad_weight) {
  return guard(ctx, [&] {
    expect(ctx, feats, "feats", VMK_F32, 2);
    expect(ctx, grad_out, "grad_out", VMK_F32, 2);
    expect(ctx, map, "map", VMK_I32, 2);
    expect(ctx, grad_weight, "grad_weight", VMK_F32, 3);
    expect_rows(feats, "feats");
    const int64_t kv = grad_weight->shape[0], cin = grad_weight->shape[1],
                  cout = grad_weight->shape[2];
    expect_size(feats, "feats", 1, cin);
    expect_size(grad_out, "grad_out", 1, cout);
    expect_size(map, "map", 0, kv);
    expect_size(map, "map", 1, grad_out->shape[0]);
    if (pairs) {
      expect(ctx, pairs, "pairs", VMK_I32, 2);
      expect_size(pairs, "pairs", 0, 2);
    }
    if (starts) {
      expect(ctx, starts, "starts", VMK_I64, 1);
      expect_size(starts, "starts", 0, kv + 1);
    }
    run_variant(ctx, "sparse_conv_wgrad", kSparseConvWgrad, variant,
                {feats->as<float>(), grad_out->as<float>(), map->as<int32_t>(),
                 pairs ? pairs->as<int32_t>() : nullptr, starts ? starts->as<int64_t>() : nullptr,
                 grad_weight->as<float>(), feats->shape[0], grad_out->shape[0], kv, cin, cout,
                 pairs ? pairs->shape[1] : 0});
  });
}

VMK_API vmk_status vmk_weight_transpose(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                        vmk_tensor* out) {
  return guard(ctx, [&] {
    expect(ctx, weight, "weight", VMK_F32, 3);
    expect(ctx, out, "out", VMK_F32, 3);
    expect_size(out, "out", 0, weight->shape[0]);
    expect_size(out, "out", 1, weight->shape[2]);
    expect_size(out, "out", 2, weight->shape[1]);
    run_variant(ctx, "weight_transpose", kWeightTranspose, variant,
                {weight->as<float>(), out->as<float>(), weight->shape[0], weight->shape[1],
                 weight->shape[2]});
  });
}
