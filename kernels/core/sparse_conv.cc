// Entries: sparse_conv, conv_needs_pairs, conv_settings.
#include "internal.hpp"

using namespace vmk;

namespace {

const Variant<SparseConv>* conv_variant(int32_t variant) {
  return variant >= 0 && variant < kSparseConv.count ? &kSparseConv.list[variant] : nullptr;
}

vmk_dtype expect_dtypes(const vmk_ctx* ctx, const vmk_tensor* feats, const vmk_tensor* weight,
                        const vmk_tensor* out) {
  const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
  expect(ctx, weight, "weight", dtype, 3);
  expect(ctx, out, "out", dtype, 2);
  return dtype;
}

// What the variant asked for cannot do.
void expect_able(int32_t variant, const SparseConv& a) {
  const Variant<SparseConv>* chosen = conv_variant(variant);
  if (!chosen) return;  // run_variant says so
  if (chosen->needs_pairs && (!a.pairs || !a.starts))
    fail(VMK_INVALID_ARGUMENT, "Cannot convolve: variant \"%s\" needs pairs and starts",
         chosen->name);
  if (a.dtype != VMK_F32 && !chosen->any_dtype)
    fail(VMK_UNSUPPORTED, "Cannot convolve: variant \"%s\" takes f32, not %s", chosen->name,
         dtype_name(a.dtype));
  if (!a.epilogue.empty() && !chosen->fused)
    fail(VMK_UNSUPPORTED, "Cannot convolve: variant \"%s\" has no epilogue", chosen->name);
}

}  // namespace

VMK_API int32_t vmk_conv_needs_pairs(int32_t variant) {
  return conv_variant(variant) && conv_variant(variant)->needs_pairs;
}

VMK_API vmk_status vmk_conv_settings(vmk_ctx* ctx, double epsilon, int64_t threshold,
                                     int32_t splits) {
  return guard(ctx, [&] {
    if (!(epsilon >= 0 && epsilon <= 1) || threshold < 0 || splits < 1)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot set dataflows: epsilon is %g, threshold %lld, splits %d; they must be in [0, "
           "1], at least 0 and at least 1", epsilon, static_cast<long long>(threshold), splits);
    ctx->conv = {epsilon, threshold, splits};
  });
}

VMK_API vmk_status vmk_sparse_conv(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                   const vmk_tensor* weight, const vmk_tensor* map,
                                   const vmk_tensor* pairs, const vmk_tensor* starts,
                                   const vmk_tensor* scale, const vmk_tensor* shift,
                                   const vmk_tensor* residual, vmk_tensor* out,
                                   int32_t activation, float slope) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_dtypes(ctx, feats, weight, out);
    expect(ctx, map, "map", VMK_I32, 2);
    expect_rows(feats, "feats");
    const int64_t kv = weight->shape[0], cin = weight->shape[1], cout = weight->shape[2];
    expect_size(feats, "feats", 1, cin);
    expect_size(map, "map", 0, kv);
    expect_size(out, "out", 0, map->shape[1]);
    expect_size(out, "out", 1, cout);
    if (pairs) {
      expect(ctx, pairs, "pairs", VMK_I32, 2);
      expect_size(pairs, "pairs", 0, 2);
    }
    if (starts) {
      expect(ctx, starts, "starts", VMK_I64, 1);
      expect_size(starts, "starts", 0, kv + 1);
    }
    const SparseConv args{
        feats->data,
        weight->data,
        map->as<int32_t>(),
        pairs ? pairs->as<int32_t>() : nullptr,
        starts ? starts->as<int64_t>() : nullptr,
        out->data,
        feats->shape[0],
        out->shape[0],
        kv,
        cin,
        cout,
        pairs ? pairs->shape[1] : 0,
        dtype,
        read_epilogue(ctx, scale, shift, residual, out, activation, VMK_ACT_LEAKY_RELU,
                      slope),
        ctx->conv,
    };
    expect_able(variant, args);
    run_variant(ctx, "sparse_conv", kSparseConv, variant, args);
  });
}
