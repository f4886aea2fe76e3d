// hash_insert.cas, hash_query.probe - one thread a row.
// Cost: one 64-bit compare-and-swap and one minimum a row; a query reads 1.5 slots on average at
// load 1/2, each a random 32-byte sector.
#include "hash_table.cuh"

namespace vmk {

namespace {

__global__ void __launch_bounds__(kBlock)
    insert_rows(const int32_t* coords, int64_t n, const int64_t* rows, HashTable table,
                DataErrors* log, DataError what) {
  const int64_t i = thread_index();
  if (i >= rows_there(n, rows)) return;
  const uint64_t key = checked_key(coords, i, log, what);
  if (key != kNoKey) insert_key(table, key, static_cast<uint32_t>(i));
}

__global__ void __launch_bounds__(kBlock)
    query_rows(const int32_t* queries, int64_t n, HashTable table, int32_t* found,
               DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const int row = find_key(table, key_of(coord_at(queries, i)));
  if (row == kFull) note(log, kFullTable, 0, static_cast<int64_t>(table.mask) + 1, 0);
  found[i] = row < 0 ? -1 : row;
}

HashTable table_of(int64_t* keys, int32_t* rows, int64_t capacity) {
  return {reinterpret_cast<unsigned long long*>(keys), reinterpret_cast<uint32_t*>(rows),
          static_cast<uint64_t>(capacity) - 1};
}

}  // namespace

void fill_table(CudaDevice& device, const HashTable& table, const int32_t* coords, int64_t n,
                DataError what, const int64_t* rows) {
  const auto capacity = static_cast<int64_t>(table.mask) + 1;
  device.fill(table.keys, 0xff, capacity * static_cast<int64_t>(sizeof(*table.keys)));
  device.fill(table.rows, 0xff, capacity * static_cast<int64_t>(sizeof(*table.rows)));
  VMK_LAUNCH(device, insert_rows, blocks(n), kBlock, coords, n, rows, table,
             device.data_errors(), what);
}

HashTable new_table(CudaDevice& device, int64_t n) {
  int64_t capacity = 2;
  while (capacity < 2 * n) capacity *= 2;
  return {device.scratch<unsigned long long>(capacity), device.scratch<uint32_t>(capacity),
          static_cast<uint64_t>(capacity) - 1};
}

HashTable build_table(CudaDevice& device, const int32_t* coords, int64_t n, DataError what,
                      const int64_t* rows) {
  const HashTable table = new_table(device, n);
  fill_table(device, table, coords, n, what, rows);
  return table;
}

void hash_insert_cas(Device& any, const HashInsert& a) {
  fill_table(cuda_device(any), table_of(a.keys, a.rows, a.capacity), a.coords, a.n, kBadInsertRow);
}

void hash_query_probe(Device& any, const HashQuery& a) {
  CudaDevice& device = cuda_device(any);
  const HashTable table =
      table_of(const_cast<int64_t*>(a.keys), const_cast<int32_t*>(a.rows), a.capacity);
  VMK_LAUNCH(device, query_rows, blocks(a.n), kBlock, a.queries, a.n, table, a.found,
             device.data_errors());
}

}  // namespace vmk
