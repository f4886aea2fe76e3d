// Entries: linear, affine, layer_norm, softmax, concat, split, map_reduce, grid_voxelize.
#include "dense.hpp"

using namespace vmk;

namespace {

// x and out are [N, C] of one type, which is returned.
vmk_dtype expect_rows_like(const vmk_ctx* ctx, const vmk_tensor* x, const vmk_tensor* out) {
  const vmk_dtype dtype = expect_feature(ctx, x, "x", 2);
  expect(ctx, out, "out", dtype, 2);
  expect_size(out, "out", 0, x->shape[0]);
  expect_size(out, "out", 1, x->shape[1]);
  return dtype;
}

void expect_vector(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, int64_t size) {
  expect(ctx, t, name, VMK_F32, 1);
  expect_size(t, name, 0, size);
}

void expect_matrix(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, vmk_dtype dtype,
                   int64_t rows, int64_t columns) {
  expect(ctx, t, name, dtype, 2);
  expect_size(t, name, 0, rows);
  expect_size(t, name, 1, columns);
}

}  // namespace

VMK_API vmk_status vmk_linear(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                              const vmk_tensor* weight, const vmk_tensor* scale,
                              const vmk_tensor* shift, const vmk_tensor* residual, vmk_tensor* out,
                              int32_t activation, float slope) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, x, "x", 2);
    expect(ctx, weight, "weight", dtype, 2);
    expect_size(weight, "weight", 0, x->shape[1]);
    expect_matrix(ctx, out, "out", dtype, x->shape[0], weight->shape[1]);
    expect_takes("linear", kLinear, variant, dtype);
    run_variant(ctx, "linear", kLinear, variant,
                {x->data, weight->data, out->data, x->shape[0], x->shape[1], weight->shape[1],
                 dtype,
                 read_epilogue(ctx, scale, shift, residual, out, activation, VMK_ACT_GELU, slope)});
  });
}

VMK_API vmk_status vmk_affine(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                              const vmk_tensor* scale, const vmk_tensor* shift,
                              const vmk_tensor* residual, vmk_tensor* out, int32_t activation,
                              float slope) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, x, "x", 2);
    expect_matrix(ctx, out, "out", dtype, x->shape[0], x->shape[1]);
    expect_takes("affine", kAffine, variant, dtype);
    run_variant(ctx, "affine", kAffine, variant,
                {x->data, out->data, x->shape[0], x->shape[1], dtype,
                 read_epilogue(ctx, scale, shift, residual, out, activation, VMK_ACT_GELU, slope)});
  });
}

VMK_API vmk_status vmk_layer_norm(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                                  const vmk_tensor* gamma, const vmk_tensor* beta, vmk_tensor* out,
                                  float epsilon) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_rows_like(ctx, x, out);
    expect_vector(ctx, gamma, "gamma", x->shape[1]);
    expect_vector(ctx, beta, "beta", x->shape[1]);
    if (!(epsilon >= 0))
      fail(VMK_INVALID_ARGUMENT, "Cannot normalise: epsilon is %g, it must be at least 0",
           double{epsilon});
    expect_takes("layer_norm", kLayerNorm, variant, dtype);
    run_variant(ctx, "layer_norm", kLayerNorm, variant,
                {x->data, gamma->as<float>(), beta->as<float>(), out->data, x->shape[0],
                 x->shape[1], epsilon, dtype});
  });
}

VMK_API vmk_status vmk_softmax(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x,
                               vmk_tensor* out) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_rows_like(ctx, x, out);
    expect_takes("softmax", kSoftmax, variant, dtype);
    run_variant(ctx, "softmax", kSoftmax, variant,
                {x->data, out->data, x->shape[0], x->shape[1], dtype});
  });
}

VMK_API vmk_status vmk_concat(vmk_ctx* ctx, int32_t variant, const vmk_tensor* a,
                              const vmk_tensor* b, vmk_tensor* out) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, a, "a", 2);
    expect(ctx, b, "b", dtype, 2);
    expect_size(b, "b", 0, a->shape[0]);
    expect_matrix(ctx, out, "out", dtype, a->shape[0], a->shape[1] + b->shape[1]);
    expect_takes("concat", kConcat, variant, dtype);
    run_variant(ctx, "concat", kConcat, variant,
                {a->data, b->data, out->data, a->shape[0], a->shape[1], b->shape[1], dtype});
  });
}

VMK_API vmk_status vmk_split(vmk_ctx* ctx, int32_t variant, const vmk_tensor* x, vmk_tensor* a,
                             vmk_tensor* b) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, a, "a", 2);
    expect(ctx, b, "b", dtype, 2);
    expect_size(b, "b", 0, a->shape[0]);
    expect_matrix(ctx, x, "x", dtype, a->shape[0], a->shape[1] + b->shape[1]);
    expect_takes("split", kSplit, variant, dtype);
    run_variant(ctx, "split", kSplit, variant,
                {x->data, a->data, b->data, a->shape[0], a->shape[1], b->shape[1], dtype});
  });
}

VMK_API vmk_status vmk_map_reduce(vmk_ctx* ctx, int32_t variant, const vmk_tensor* feats,
                                  const vmk_tensor* map, vmk_tensor* out, int32_t reduce) {
  return guard(ctx, [&] {
    const vmk_dtype dtype = expect_feature(ctx, feats, "feats", 2);
    expect(ctx, map, "map", VMK_I32, 2);
    expect_matrix(ctx, out, "out", dtype, map->shape[1], feats->shape[1]);
    expect_takes("map_reduce", kMapReduce, variant, dtype);
    if (reduce < VMK_REDUCE_MEAN || reduce > VMK_REDUCE_MAX)
      fail(VMK_INVALID_ARGUMENT, "Cannot reduce: %d is not VMK_REDUCE_MEAN, SUM or MAX", reduce);
    run_variant(ctx, "map_reduce", kMapReduce, variant,
                {feats->data, map->as<int32_t>(), out->data, feats->shape[0], map->shape[1],
                 map->shape[0], feats->shape[1], reduce, dtype});
  });
}

VMK_API vmk_status vmk_grid_voxelize(vmk_ctx* ctx, int32_t variant, const vmk_tensor* positions,
                                     vmk_tensor* order, vmk_tensor* starts, vmk_tensor* cell,
                                     vmk_tensor* share, vmk_tensor* index, vmk_tensor* weight,
                                     int32_t resolution) {
  return guard(ctx, [&] {
    expect(ctx, positions, "positions", VMK_F32, 2);
    expect_rows(positions, "positions");
    const int64_t n = positions->shape[0];
    expect_size(positions, "positions", 1, 4);
    expect(ctx, order, "order", VMK_I32, 1);
    expect(ctx, starts, "starts", VMK_I32, 1);
    expect_size(order, "order", 0, n);
    expect_matrix(ctx, cell, "cell", VMK_I32, n, 1);
    expect_matrix(ctx, share, "share", VMK_F32, n, 1);
    expect_matrix(ctx, index, "index", VMK_I32, n, 8);
    expect_matrix(ctx, weight, "weight", VMK_F32, n, 8);
    if (resolution < 1 || resolution > 1024)
      fail(VMK_INVALID_ARGUMENT, "Cannot voxelize: resolution is %d, not in [1, 1024]", resolution);
    const int64_t cube = int64_t{resolution} * resolution * resolution;
    const int64_t cells = starts->shape[0] - 1;
    if (cells < 0 || cells % cube != 0 || cells > INT32_MAX)
      fail(VMK_INVALID_ARGUMENT, "Cannot voxelize: starts has %lld rows, batches * %lld + 1 and at "
           "most 2^31 are needed", static_cast<long long>(cells + 1), static_cast<long long>(cube));
    run_variant(ctx, "grid_voxelize", kGridVoxelize, variant,
                {positions->as<float>(), order->as<int32_t>(), starts->as<int32_t>(),
                 cell->as<int32_t>(), index->as<int32_t>(), share->as<float>(),
                 weight->as<float>(), n, cells / cube, resolution});
  });
}
