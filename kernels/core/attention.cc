// Entry: attention.
#include "dense.hpp"

using namespace vmk;

namespace {

void expect_matrix(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, int64_t rows,
                   int64_t columns) {
  expect(ctx, t, name, VMK_F32, 2);
  expect_size(t, name, 0, rows);
  expect_size(t, name, 1, columns);
}

// NULL, or a row of c.
const float* optional_row(const vmk_ctx* ctx, const vmk_tensor* t, const char* name, int64_t c) {
  if (!t) return nullptr;
  expect(ctx, t, name, VMK_F32, 1);
  expect_size(t, name, 0, c);
  return t->as<float>();
}

// NULL, or what is added to the scores of queries by keys.
const float* optional_scores(const vmk_ctx* ctx, const vmk_tensor* t, const char* name,
                             const Attention& a) {
  if (!t) return nullptr;
  expect(ctx, t, name, VMK_F32, 3);
  expect_size(t, name, 1, a.queries);
  expect_size(t, name, 2, a.keys);
  return t->as<float>();
}

void expect_heads(int64_t c, int32_t heads) {
  if (heads < 1 || c % heads != 0)
    fail(VMK_INVALID_ARGUMENT, "Cannot attend: %lld columns in %d heads, and equal parts are needed",
         static_cast<long long>(c), heads);
}

}  // namespace

VMK_API vmk_status vmk_attention(vmk_ctx* ctx, int32_t variant, const vmk_tensor* query,
                                 const vmk_tensor* key, const vmk_tensor* value,
                                 const vmk_tensor* queries, const vmk_tensor* keys,
                                 const vmk_tensor* pad_key, const vmk_tensor* pad_value,
                                 const vmk_tensor* bias, const vmk_tensor* mask, vmk_tensor* out,
                                 int32_t heads) {
  return guard(ctx, [&] {
    expect(ctx, query, "query", VMK_F32, 2);
    expect(ctx, key, "key", VMK_F32, 2);
    const int64_t n = query->shape[0], c = query->shape[1], m = key->shape[0];
    expect_size(key, "key", 1, c);
    expect_matrix(ctx, value, "value", m, c);
    expect_matrix(ctx, out, "out", n, c);
    expect(ctx, queries, "queries", VMK_I32, 2);
    expect(ctx, keys, "keys", VMK_I32, 2);
    const int64_t groups = queries->shape[0];
    expect_size(keys, "keys", 0, groups);
    expect_at_least(keys, "keys", 1, 1);
    expect_heads(c, heads);
    Attention a{};
    a.query = query->as<float>();
    a.key = key->as<float>();
    a.value = value->as<float>();
    a.query_rows = queries->as<int32_t>();
    a.key_rows = keys->as<int32_t>();
    a.out = out->as<float>();
    a.n = n, a.m = m, a.c = c, a.heads = heads;
    a.groups = groups, a.queries = queries->shape[1], a.keys = keys->shape[1], a.masks = 1;
    a.pad_key = optional_row(ctx, pad_key, "pad_key", c);
    a.pad_value = optional_row(ctx, pad_value, "pad_value", c);
    a.bias = optional_scores(ctx, bias, "bias", a);
    if (bias) expect_size(bias, "bias", 0, heads);
    a.mask = optional_scores(ctx, mask, "mask", a);
    if (mask) a.masks = mask->shape[0];
    if (a.masks < 1 || groups % a.masks != 0)
      fail(VMK_INVALID_ARGUMENT, "Cannot attend: mask is for %lld groups, and a divisor of the %lld "
           "groups is needed", static_cast<long long>(a.masks), static_cast<long long>(groups));
    run_variant(ctx, "attention", kAttention, variant, a);
  });
}
