#include "sorted_rows.hpp"

#include <algorithm>
#include <numeric>

namespace vmk {

namespace {

constexpr int64_t kGrain = 1 << 14;

// The rare case of keys so wide that the row number does not fit beside them.
void sort_wide(const uint64_t* keys, int64_t n, int32_t* rows, uint64_t* sorted_keys) {
  std::iota(rows, rows + n, 0);
  std::stable_sort(rows, rows + n, [&](int32_t a, int32_t b) { return keys[a] < keys[b]; });
  for (int64_t i = 0; sorted_keys && i < n; ++i) sorted_keys[i] = keys[rows[i]];
}

}  // namespace

void sort_rows(CpuDevice& device, const KeyLayout& layout, const int32_t* coords, int64_t n,
               int32_t* rows, uint64_t* sorted_keys) {
  if (n == 0) return;
  uint64_t* keys = device.scratch<uint64_t>(n);
  const int row_bits = bits_for(static_cast<uint64_t>(n - 1));
  const bool narrow = layout.bits + row_bits <= 64;
  device.pool.for_ranges(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint64_t key = layout.pack(coords + i * 4);
      keys[i] = narrow ? key << row_bits | static_cast<uint64_t>(i) : key;
    }
  });
  if (!narrow) return sort_wide(keys, n, rows, sorted_keys);
  radix_sort(device, keys, device.scratch<uint64_t>(n), n, row_bits, row_bits + layout.bits);
  const uint64_t row_mask = (uint64_t{1} << row_bits) - 1;
  device.pool.for_ranges(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      rows[i] = static_cast<int32_t>(keys[i] & row_mask);
      if (sorted_keys) sorted_keys[i] = keys[i] >> row_bits;
    }
  });
}

}  // namespace vmk
