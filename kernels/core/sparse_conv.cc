// Entries: sparse_conv, conv_needs_pairs, conv_takes_order, conv_packed_rows, conv_tiles,
// conv_settings.
#include "internal.hpp"

using namespace vmk;

namespace {

constexpr int32_t kMostPieces = 16;

const Variant<SparseConv>* conv_variant(int32_t variant) {
  return variant >= 0 && variant < kSparseConv.count ? &kSparseConv.list[variant] : nullptr;
}

// Packed weights have two dimensions.
bool is_packed(const vmk_tensor* weight) { return weight && weight->ndim == 2; }

vmk_dtype expect_dtypes(const vmk_ctx* ctx, const vmk_tensor* feats, const vmk_tensor* weight,
                        const vmk_tensor* out) {
  const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
  expect(ctx, weight, "weight", dtype, is_packed(weight) ? 2 : 3);
  expect(ctx, out, "out", dtype, 2);
  return dtype;
}

// The weights say how many offsets and channels there are; packed ones must fit the other tensors.
void expect_sizes(const vmk_tensor* feats, const vmk_tensor* weight, const vmk_tensor* map,
                  const vmk_tensor* out) {
  expect_size(out, "out", 0, map->shape[1]);
  if (is_packed(weight)) {
    const int64_t rows = WeightPack::rows(map->shape[0], feats->shape[1], out->shape[1]);
    expect_size(weight, "packed weight", 0, rows);
    expect_size(weight, "packed weight", 1, WeightPack::kChannels);
  } else {
    expect_size(feats, "feats", 1, weight->shape[1]);
    expect_size(map, "map", 0, weight->shape[0]);
    expect_size(out, "out", 1, weight->shape[2]);
  }
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
  if (a.packed && !chosen->warpgroups)
    fail(VMK_UNSUPPORTED, "Cannot convolve: variant \"%s\" reads weights as they are, not packed",
         chosen->name);
  if (!a.epilogue.empty() && !chosen->fused)
    fail(VMK_UNSUPPORTED, "Cannot convolve: variant \"%s\" has no epilogue", chosen->name);
}

}  // namespace

VMK_API int32_t vmk_conv_needs_pairs(int32_t variant) {
  return conv_variant(variant) && conv_variant(variant)->needs_pairs;
}

VMK_API int32_t vmk_conv_takes_order(int32_t variant) {
  return conv_variant(variant) && conv_variant(variant)->sorts;
}

VMK_API int64_t vmk_conv_packed_rows(int32_t variant, int64_t kv, int64_t cin, int64_t cout) {
  const bool packs = conv_variant(variant) && conv_variant(variant)->warpgroups;
  return packs && kv >= 0 && cin >= 0 && cout >= 0 ? WeightPack::rows(kv, cin, cout) : 0;
}

VMK_API int64_t vmk_conv_tiles(const vmk_ctx* ctx, int32_t variant, vmk_dtype dtype, char* buf,
                               int64_t cap) {
  const Variant<SparseConv>* chosen = conv_variant(variant);
  const bool able = ctx && chosen && chosen->tiled && (dtype == VMK_F32 || chosen->any_dtype);
  return copy_text(able ? conv_tiles(*ctx->device, *chosen, dtype) : "", buf, cap);
}

VMK_API vmk_status vmk_conv_settings(vmk_ctx* ctx, double epsilon, int64_t threshold,
                                     int32_t splits, const char* tile, int32_t pieces) {
  return guard(ctx, [&] {
    if (!(epsilon >= 0 && epsilon <= 1) || threshold < 0 || splits < 1)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot set dataflows: epsilon is %g, threshold %lld, splits %d; they must be in [0, "
           "1], at least 0 and at least 1", epsilon, static_cast<long long>(threshold), splits);
    if (pieces < 0 || pieces > kMostPieces)
      fail(VMK_INVALID_ARGUMENT, "Cannot set dataflows: pieces is %d, not in [0, %d]", pieces,
           kMostPieces);
    const int32_t number = tile ? find_conv_tile(tile) : -1;
    if (tile && number < 0)
      fail(VMK_INVALID_ARGUMENT, "Cannot set dataflows: this library has no tile \"%s\"", tile);
    ctx->conv = {epsilon, threshold, splits, number, pieces};
  });
}

VMK_API vmk_status vmk_sparse_conv(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                   const vmk_tensor* weight, const vmk_tensor* map,
                                   const vmk_tensor* pairs, const vmk_tensor* starts,
                                   const vmk_tensor* order, const vmk_tensor* ordered,
                                   const vmk_tensor* scale, const vmk_tensor* shift,
                                   const vmk_tensor* residual, vmk_tensor* out,
                                   int32_t activation, float slope) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_dtypes(ctx, feats, weight, out);
    expect(ctx, map, "map", VMK_I32, 2);
    expect_rows(feats, "feats");
    expect_sizes(feats, weight, map, out);
    const int64_t kv = map->shape[0], cin = feats->shape[1], cout = out->shape[1];
    if (pairs) {
      expect(ctx, pairs, "pairs", VMK_I32, 2);
      expect_size(pairs, "pairs", 0, 2);
    }
    if (starts) {
      expect(ctx, starts, "starts", VMK_I64, 1);
      expect_size(starts, "starts", 0, kv + 1);
    }
    if (order || ordered) expect_order(ctx, map, order, ordered);
    const SparseConv args{
        feats->data,
        weight->data,
        map->as<int32_t>(),
        pairs ? pairs->as<int32_t>() : nullptr,
        starts ? starts->as<int64_t>() : nullptr,
        order ? order->as<int32_t>() : nullptr,
        ordered ? ordered->as<int32_t>() : nullptr,
        out->data,
        feats->shape[0],
        out->shape[0],
        kv,
        cin,
        cout,
        pairs ? pairs->shape[1] : 0,
        order ? order->shape[0] : 0,
        is_packed(weight),
        dtype,
        read_epilogue(ctx, scale, shift, residual, out, activation, VMK_ACT_LEAKY_RELU,
                      slope),
        ctx->conv,
    };
    expect_able(variant, args);
    run_variant(ctx, "sparse_conv", kSparseConv, variant, args);
  });
}
