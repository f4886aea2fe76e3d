#include "leaves.hpp"

#include <algorithm>
#include <cstring>

namespace vmk {

const Leaf LeafTable::kEmpty{};

namespace {

bool is_sorted(const int32_t* voxels, int64_t m) {
  for (int64_t i = 1; i < m; ++i)
    if (!std::lexicographical_compare(voxels + i * 4 - 4, voxels + i * 4, voxels + i * 4,
                                      voxels + i * 4 + 4))
      return false;
  return true;
}

}  // namespace

LeafTable LeafTable::build(CpuDevice& device, const Range& range, const int32_t* voxels,
                           int64_t m) {
  LeafTable made;
  if (!is_sorted(voxels, m)) {
    auto* rows = device.scratch<int32_t>(m);
    sort_rows(device, KeyLayout(range), voxels, m, rows, nullptr);
    made.rows_ = rows;
  }
  // Leaf numbers first: how many leaves there are decides how much they need.
  const HashTable table = empty_table(device, hash_capacity(m));
  auto* leaf_of = device.scratch<int32_t>(m);
  int32_t leaves = 0, last = -1;
  int64_t last_key = kEmptyKey;
  for (int64_t i = 0; i < m; ++i) {
    const int32_t* v = voxels + (made.rows_ ? made.rows_[i] : i) * 4;
    const int64_t key = key_of(v[0], v[1], v[2], v[3]);
    if (key != last_key) {
      last = table.insert(key, leaves);
      leaves += last == leaves;
      last_key = key;
    }
    leaf_of[i] = last;
  }
  auto* data = device.scratch<Leaf>(leaves);
  for (int32_t l = 0; l < leaves; ++l) std::memset(data[l].cells, 0, sizeof data[l].cells);
  for (int64_t i = 0; i < m; ++i) {
    const int32_t* v = voxels + (made.rows_ ? made.rows_[i] : i) * 4;
    Leaf& leaf = data[leaf_of[i]];
    const int column = Leaf::column(v[1], v[2]);
    if (!leaf.cells[column]) leaf.first[column] = static_cast<int32_t>(i);
    leaf.cells[column] = static_cast<uint8_t>(leaf.cells[column] | 1u << (v[3] & 7));
  }
  made.table_ = table;
  made.leaves_ = data;
  return made;
}

}  // namespace vmk
