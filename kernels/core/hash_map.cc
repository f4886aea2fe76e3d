// Entries: hash_insert, hash_query.
#include "internal.hpp"

using namespace vmk;

namespace {

int64_t expect_table(const vmk_ctx* ctx, const vmk_tensor* keys, const vmk_tensor* rows) {
  expect(ctx, keys, "keys", VMK_I64, 1);
  expect(ctx, rows, "rows", VMK_I32, 1);
  const int64_t capacity = keys->shape[0];
  expect_size(rows, "rows", 0, capacity);
  if (capacity < 1 || (capacity & (capacity - 1)))
    fail(VMK_INVALID_ARGUMENT, "Cannot use the hash table: its capacity is %lld, a power of two is "
         "needed", static_cast<long long>(capacity));
  return capacity;
}

}  // namespace

VMK_API vmk_status vmk_hash_insert(vmk_ctx* ctx, int32_t variant, const vmk_tensor* coords,
                                   vmk_tensor* keys, vmk_tensor* rows) {
  return guard(ctx, [&] {
    expect(ctx, coords, "coords", VMK_I32, 2);
    expect_rows(coords, "coords");
    expect_size(coords, "coords", 1, 4);
    const int64_t n = coords->shape[0], capacity = expect_table(ctx, keys, rows);
    if (capacity < 2 * n)
      fail(VMK_CAPACITY, "Cannot insert %lld coordinates: the table has %lld slots, at least %lld "
           "are needed", static_cast<long long>(n), static_cast<long long>(capacity),
           static_cast<long long>(2 * n));
    run_variant(ctx, "hash_insert", kHashInsert, variant,
                {coords->as<int32_t>(), keys->as<int64_t>(), rows->as<int32_t>(), n, capacity});
  });
}

VMK_API vmk_status vmk_hash_query(vmk_ctx* ctx, int32_t variant, const vmk_tensor* keys,
                                  const vmk_tensor* rows, const vmk_tensor* queries,
                                  vmk_tensor* found) {
  return guard(ctx, [&] {
    const int64_t capacity = expect_table(ctx, keys, rows);
    expect(ctx, queries, "queries", VMK_I32, 2);
    expect(ctx, found, "found", VMK_I32, 1);
    expect_size(queries, "queries", 1, 4);
    expect_size(found, "found", 0, queries->shape[0]);
    run_variant(ctx, "hash_query", kHashQuery, variant,
                {keys->as<int64_t>(), rows->as<int32_t>(), queries->as<int32_t>(),
                 found->as<int32_t>(), queries->shape[0], capacity});
  });
}
