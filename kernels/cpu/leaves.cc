#include "leaves.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

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

// Consecutive voxels of one leaf. Sorted voxels enter a leaf more than once, but far less often
// than they are many, and a column of a leaf never belongs to two runs.
struct Run {
  int64_t begin;
  int32_t leaf;
};

// The runs of `keys`, and one more that begins at m.
Run* find_runs(CpuDevice& device, const int64_t* keys, int64_t m, int64_t* count) {
  const auto starts = [&](int64_t i) { return i == 0 || keys[i] != keys[i - 1]; };
  const int64_t grain = device.pool.even_grain(m), ranges = (m + grain - 1) / grain;
  std::vector<int64_t> first(ranges + 1);
  device.pool.for_ranges(m, grain, [&](int64_t begin, int64_t end) {
    int64_t found = 0;
    for (int64_t i = begin; i < end; ++i) found += starts(i);
    first[begin / grain + 1] = found;
  });
  for (int64_t r = 0; r < ranges; ++r) first[r + 1] += first[r];
  *count = first[ranges];
  Run* runs = device.scratch<Run>(*count + 1);
  device.pool.for_ranges(m, grain, [&](int64_t begin, int64_t end) {
    Run* to = runs + first[begin / grain];
    for (int64_t i = begin; i < end; ++i)
      if (starts(i)) (to++)->begin = i;
  });
  runs[*count].begin = m;
  return runs;
}

// Leaf number of every run, and how many leaves there are. The runs bound their number, and a
// table of that size stays in a near cache.
int32_t number_leaves(CpuDevice& device, const int64_t* keys, Run* runs, int64_t count,
                      HashTable* table) {
  *table = empty_table(device, hash_capacity(count));
  int32_t leaves = 0;
  for (int64_t r = 0; r < count; ++r) {
    runs[r].leaf = table->insert(keys[runs[r].begin], leaves);
    leaves += runs[r].leaf == leaves;
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
  int64_t count;
  Run* runs = find_runs(device, keys, m, &count);
  const int32_t leaves = number_leaves(device, keys, runs, count, &made.table_);
  auto* data = device.scratch<Leaf>(leaves);
  device.pool.for_ranges(leaves, 1 << 10, [&](int64_t begin, int64_t end) {
    for (int64_t l = begin; l < end; ++l) std::memset(data[l].cells, 0, sizeof data[l].cells);
  });
  device.pool.for_ranges(count, 1 << 11, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      Leaf& leaf = data[runs[r].leaf];
      for (int64_t i = runs[r].begin; i < runs[r + 1].begin; ++i) {
        const int32_t* v = voxel(i);
        const int column = Leaf::column(v[1], v[2]);
        if (!leaf.cells[column]) leaf.first[column] = static_cast<int32_t>(i);
        leaf.cells[column] = static_cast<uint8_t>(leaf.cells[column] | 1u << (v[3] & 7));
      }
    }
  });
  made.leaves_ = data;
  return made;
}

}  // namespace vmk
