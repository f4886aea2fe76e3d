#include "leaves.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace vmk {

const Leaf LeafTable::kEmpty{};

namespace {

bool is_sorted(CpuDevice& device, const int32_t* voxels, int64_t m) {
  std::atomic<bool> sorted{true};
  device.pool.for_ranges(m, 1 << 13, [&](int64_t begin, int64_t end) {
    for (int64_t i = std::max<int64_t>(begin, 1); i < end; ++i)
      if (!std::lexicographical_compare(voxels + i * 4 - 4, voxels + i * 4, voxels + i * 4,
                                        voxels + i * 4 + 4))
        sorted = false;
  });
  return sorted;
}

// Leaf number of every voxel in sorted order, and how many leaves there are.
int32_t number_leaves(CpuDevice& device, const int64_t* keys, int64_t m, HashTable* table,
                      int32_t* leaf_of) {
  // Sorted voxels enter a leaf more than once, but far less often than they are many: the runs
  // bound the number of leaves, and a table of that size stays in a nearer cache.
  int64_t runs = 0;
  for (int64_t i = 0; i < m; ++i) runs += i == 0 || keys[i] != keys[i - 1];
  *table = empty_table(device, hash_capacity(runs));
  int32_t leaves = 0, last = -1;
  for (int64_t i = 0; i < m; ++i) {
    if (i == 0 || keys[i] != keys[i - 1]) {
      last = table->insert(keys[i], leaves);
      leaves += last == leaves;
    }
    leaf_of[i] = last;
  }
  return leaves;
}

}  // namespace

LeafTable LeafTable::build(CpuDevice& device, const Range& range, const int32_t* voxels,
                           int64_t m) {
  LeafTable made;
  if (!is_sorted(device, voxels, m)) {
    auto* rows = device.scratch<int32_t>(m);
    sort_rows(device, KeyLayout(range), voxels, m, rows, nullptr);
    made.rows_ = rows;
  }
  const auto voxel = [&](int64_t i) { return voxels + (made.rows_ ? made.rows_[i] : i) * 4; };
  auto* keys = device.scratch<int64_t>(m);
  device.pool.for_ranges(m, 1 << 13, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int32_t* v = voxel(i);
      keys[i] = key_of(v[0], v[1], v[2], v[3]);
    }
  });
  auto* leaf_of = device.scratch<int32_t>(m);
  const int32_t leaves = number_leaves(device, keys, m, &made.table_, leaf_of);
  auto* data = device.scratch<Leaf>(leaves);
  for (int32_t l = 0; l < leaves; ++l) std::memset(data[l].cells, 0, sizeof data[l].cells);
  for (int64_t i = 0; i < m; ++i) {
    const int32_t* v = voxel(i);
    Leaf& leaf = data[leaf_of[i]];
    const int column = Leaf::column(v[1], v[2]);
    if (!leaf.cells[column]) leaf.first[column] = static_cast<int32_t>(i);
    leaf.cells[column] = static_cast<uint8_t>(leaf.cells[column] | 1u << (v[3] & 7));
  }
  made.leaves_ = data;
  return made;
}

}  // namespace vmk
