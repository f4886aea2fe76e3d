// Entries of the backward pass: sparse_conv_wgrad, wgrad_takes_pairs, wgrad_tiles, wgrad_settings,
// weight_transpose, weight_pack.
#include "internal.hpp"

using namespace vmk;

namespace {

const Variant<SparseConvWgrad>* wgrad_variant(int32_t variant) {
  const bool known = variant >= 0 && variant < kSparseConvWgrad.count;
  return known ? &kSparseConvWgrad.list[variant] : nullptr;
}

}  // namespace

VMK_API int32_t vmk_wgrad_takes_pairs(int32_t variant) {
  return wgrad_variant(variant) && wgrad_variant(variant)->reads_pairs;
}

VMK_API int64_t vmk_wgrad_tiles(const vmk_ctx* ctx, int32_t variant, vmk_dtype dtype, char* buf,
                                int64_t cap) {
  const Variant<SparseConvWgrad>* chosen = wgrad_variant(variant);
  const bool able = ctx && chosen && chosen->tiled && (dtype == VMK_F32 || chosen->any_dtype);
  return copy_text(able ? wgrad_tiles(*ctx->device, *chosen, dtype) : "", buf, cap);
}

VMK_API vmk_status vmk_wgrad_settings(vmk_ctx* ctx, const char* tile, int32_t chunk) {
  return guard(ctx, [&] {
    if (chunk < 0)
      fail(VMK_INVALID_ARGUMENT, "Cannot set wgrad: chunk is %d, it must be at least 0", chunk);
    const int32_t number = tile ? find_wgrad_tile(tile) : -1;
    if (tile && number < 0)
      fail(VMK_INVALID_ARGUMENT, "Cannot set wgrad: this library has no tile \"%s\"", tile);
    ctx->wgrad = {number, chunk};
  });
}

VMK_API vmk_status vmk_sparse_conv_wgrad(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                         const vmk_tensor* grad_out, const vmk_tensor* map,
                                         const vmk_tensor* pairs, const vmk_tensor* starts,
                                         vmk_tensor* grad_weight) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
    expect(ctx, grad_out, "grad_out", dtype, 2);
    expect(ctx, map, "map", VMK_I32, 2);
    const vmk_dtype out_dtype = grad_weight && grad_weight->dtype == VMK_F32 ? VMK_F32 : dtype;
    expect(ctx, grad_weight, "grad_weight", out_dtype, 3);
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
    expect_takes("sparse_conv_wgrad", kSparseConvWgrad, variant, dtype);
    run_variant(ctx, "sparse_conv_wgrad", kSparseConvWgrad, variant,
                {feats->data, grad_out->data, map->as<int32_t>(),
                 pairs ? pairs->as<int32_t>() : nullptr, starts ? starts->as<int64_t>() : nullptr,
                 grad_weight->data, feats->shape[0], grad_out->shape[0], kv, cin, cout,
                 pairs ? pairs->shape[1] : 0, dtype, out_dtype, ctx->wgrad});
  });
}

VMK_API vmk_status vmk_weight_transpose(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                        vmk_tensor* out) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, weight, "weight", 3);
    expect(ctx, out, "out", dtype, 3);
    expect_size(out, "out", 0, weight->shape[0]);
    expect_size(out, "out", 1, weight->shape[2]);
    expect_size(out, "out", 2, weight->shape[1]);
    expect_takes("weight_transpose", kWeightTranspose, variant, dtype);
    run_variant(ctx, "weight_transpose", kWeightTranspose, variant,
                {weight->data, out->data, weight->shape[0], weight->shape[1], weight->shape[2],
                 dtype});
  });
}

VMK_API vmk_status vmk_weight_pack(vmk_ctx* ctx, int32_t variant, const vmk_tensor* weight,
                                   vmk_tensor* out) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, weight, "weight", 3);
    const int64_t kv = weight->shape[0], cin = weight->shape[1], cout = weight->shape[2];
    expect(ctx, out, "out", dtype, 2);
    expect_size(out, "out", 0, WeightPack::rows(kv, cin, cout));
    expect_size(out, "out", 1, WeightPack::kChannels);
    if (dtype == VMK_F32)
      fail(VMK_INVALID_ARGUMENT, "Cannot pack weight: it is f32, bf16 or f16 is needed");
    run_variant(ctx, "weight_pack", kWeightPack, variant,
                {weight->data, out->data, kv, cin, cout, dtype});
  });
}
