#pragma once
// Searches in ascending keys.
#include "coords.cuh"

namespace vmk {

// The first of n ascending keys that is not below `key`.
__device__ inline int64_t lower_bound(const uint64_t* keys, int64_t n, uint64_t key) {
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (keys[middle] < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The smallest key that no coordinate before (b, x, y, z) has; these may lie outside of the range.
__device__ inline uint64_t first_key(int b, int64_t x, int64_t y, int64_t z) {
  bool outside = false, past = false;
  // Behind an axis that is outside, all others are at the same end of the range.
  const auto inside = [&](int64_t v) -> int64_t {
    if (!outside) {
      outside = !axis_fits(v);
      past = v > VMK_COORD_MAX;
    }
    return !outside ? v : past ? VMK_COORD_MAX : VMK_COORD_MIN;
  };
  const int64_t x0 = inside(x), y0 = inside(y), z0 = inside(z);
  return key_of(b, x0, y0, z0) + past;
}

}  // namespace vmk
