// Entry: sparse_conv_int8.
#include "int8.hpp"

using namespace vmk;

VMK_API vmk_status vmk_sparse_conv_int8(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                        const vmk_tensor* weight, const vmk_tensor* map,
                                        const vmk_tensor* scale, const vmk_tensor* shift,
                                        const vmk_tensor* residual, vmk_tensor* out,
                                        int32_t activation, float slope) {
  return guard(ctx, [&] {
    expect(ctx, feats, "feats", VMK_I8, 2);
    expect(ctx, weight, "weight", VMK_I8, 3);
    expect(ctx, map, "map", VMK_I32, 2);
    expect(ctx, scale, "scale", VMK_F32, 1);
    expect(ctx, out, "out", out && out->dtype == VMK_I8 ? VMK_I8 : VMK_F32, 2);
    expect_rows(feats, "feats");
    const int64_t kv = weight->shape[0], cin = weight->shape[1], cout = weight->shape[2];
    expect_size(feats, "feats", 1, cin);
    expect_size(map, "map", 0, kv);
    expect_size(out, "out", 0, map->shape[1]);
    expect_size(out, "out", 1, cout);
    // Products of bytes are at most 2^14; 2^31 would not fit the sums.
    constexpr int64_t kMostSteps = (int64_t{1} << 17) - 1;
    if (cin > 0 && kv > kMostSteps / cin)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot convolve in 8 bits: %lld offsets of %lld channels are summed, the product may "
           "be at most %lld", static_cast<long long>(kv), static_cast<long long>(cin),
           static_cast<long long>(kMostSteps));
    const Epilogue e = read_epilogue(ctx, scale, shift, residual, out, activation,
                                     VMK_ACT_LEAKY_RELU, slope);
    run_variant(ctx, "sparse_conv_int8", kSparseConvInt8, variant,
                {feats->as<int8_t>(), weight->as<int8_t>(), map->as<int32_t>(), e.scale, e.shift,
                 e.residual, out->data, feats->shape[0], out->shape[0], kv, cin, cout, out->dtype,
                 e.activation, e.slope});
  });
}
