// hash_insert, hash_query.
//   ref       the probing loop as it stands in every textbook.
//   prefetch  the same table; the slots of a batch of keys are prefetched before they are probed,
//             so that cache misses overlap. Queries run on all threads. Insertion is serial: the
//             table's layout, not only its contents, is then the same on every run.
#include "hash_map.hpp"

#include <algorithm>

#include "variants.hpp"

namespace vmk {

int64_t hash_capacity(int64_t n) {
  int64_t capacity = 2;
  while (capacity < 2 * n) capacity *= 2;
  return capacity;
}

namespace {

constexpr int64_t kBatch = 16;

int64_t key_of(const int32_t* c) { return hash_key(c[0], c[1], c[2], c[3]); }

// Returns how many different coordinates there are.
int64_t insert_batches(const HashTable& table, const int32_t* coords, int64_t n) {
  int64_t distinct = 0;
  for (int64_t base = 0; base < n; base += kBatch) {
    const int64_t count = std::min(n - base, kBatch);
    int64_t keys[kBatch];
    for (int64_t i = 0; i < count; ++i) {
      keys[i] = key_of(coords + (base + i) * 4);
      table.prefetch(keys[i]);
    }
    for (int64_t i = 0; i < count; ++i)
      distinct += table.insert(keys[i], static_cast<int32_t>(base + i)) == base + i;
  }
  return distinct;
}

// Rows go in ascending order, so of equal coordinates the smallest row stays.
HashTable emptied(CpuDevice& device, int64_t* keys, int32_t* rows, int64_t capacity) {
  device.pool.for_ranges(capacity, 1 << 15, [&](int64_t begin, int64_t end) {
    std::fill(keys + begin, keys + end, kEmptyKey);
    std::fill(rows + begin, rows + end, -1);
  });
  return {keys, rows, capacity};
}

void hash_insert_ref(Device& device, const HashInsert& a) {
  check_range(range_of(cpu_device(device), a.coords, a.n), a.coords, a.n, "insert", "coords");
  const HashTable table = emptied(cpu_device(device), a.keys, a.rows, a.capacity);
  for (int64_t i = 0; i < a.n; ++i)
    table.insert(key_of(a.coords + i * 4), static_cast<int32_t>(i));
}

void hash_insert_prefetch(Device& device, const HashInsert& a) {
  check_range(range_of(cpu_device(device), a.coords, a.n), a.coords, a.n, "insert", "coords");
  insert_batches(emptied(cpu_device(device), a.keys, a.rows, a.capacity), a.coords, a.n);
}

int32_t query_one(const HashTable& table, const int32_t* q) {
  return in_range(q[0], q[1], q[2], q[3]) ? table.find(key_of(q)) : -1;
}

// A table that came from elsewhere may be full of keys: a probe would then never end.
HashTable checked_table(const HashQuery& a) {
  const int64_t* end = a.keys + a.capacity;
  if (std::find(a.keys, end, kEmptyKey) == end)
    fail(VMK_INVALID_ARGUMENT, "Cannot query the hash table: none of its %lld slots is empty",
         static_cast<long long>(a.capacity));
  return {const_cast<int64_t*>(a.keys), const_cast<int32_t*>(a.rows), a.capacity};
}

void hash_query_ref(Device&, const HashQuery& a) {
  const HashTable table = checked_table(a);
  for (int64_t i = 0; i < a.n; ++i) a.found[i] = query_one(table, a.queries + i * 4);
}

void hash_query_prefetch(Device& device, const HashQuery& a) {
  const HashTable table = checked_table(a);
  cpu_device(device).pool.for_ranges(a.n, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t base = begin; base < end; base += kBatch) {
      const int64_t last = std::min(end, base + kBatch);
      for (int64_t i = base; i < last; ++i) table.prefetch(key_of(a.queries + i * 4));
      for (int64_t i = base; i < last; ++i) a.found[i] = query_one(table, a.queries + i * 4);
    }
  });
}

constexpr Variant<HashInsert> kInsertList[] = {{"prefetch", hash_insert_prefetch},
                                               {"ref", hash_insert_ref}};
constexpr Variant<HashQuery> kQueryList[] = {{"prefetch", hash_query_prefetch},
                                             {"ref", hash_query_ref}};

}  // namespace

HashTable empty_table(CpuDevice& device, int64_t capacity) {
  int64_t* keys = device.scratch<int64_t>(capacity);
  return emptied(device, keys, device.scratch<int32_t>(capacity), capacity);
}

HashTable build_table(CpuDevice& device, const int32_t* coords, int64_t n, int64_t* distinct) {
  const HashTable table = empty_table(device, hash_capacity(n));
  *distinct = insert_batches(table, coords, n);
  return table;
}

const Variants<HashInsert> kHashInsert = variants(kInsertList);
const Variants<HashQuery> kHashQuery = variants(kQueryList);

}  // namespace vmk
