#pragma once
// Coordinates and their 63-bit keys: batch 9 bits, x, y, z 18 bits each, biased to be
// non-negative, so keys sort like (batch, x, y, z).
#include "common.cuh"

namespace vmk {

struct alignas(16) Coord {
  int b, x, y, z;
};

constexpr int kKeyBits = 63;
constexpr uint64_t kNoKey = ~uint64_t{0};  // -1: an empty slot, a coordinate out of range

__device__ inline Coord coord_at(const int32_t* coords, int64_t row) {
  return reinterpret_cast<const Coord*>(coords)[row];
}
__device__ inline void set_coord(int32_t* coords, int64_t row, const Coord& c) {
  reinterpret_cast<Coord*>(coords)[row] = c;
}

__device__ inline bool axis_fits(int64_t v) { return v >= VMK_COORD_MIN && v <= VMK_COORD_MAX; }
__device__ inline bool batch_fits(int64_t b) { return b >= 0 && b <= VMK_BATCH_MAX; }

// The key, or kNoKey for what is out of range: a neighbour past the border never wraps around.
__device__ inline uint64_t key_of(int64_t b, int64_t x, int64_t y, int64_t z) {
  if (!batch_fits(b) || !axis_fits(x) || !axis_fits(y) || !axis_fits(z)) return kNoKey;
  return static_cast<uint64_t>(b) << 54 | static_cast<uint64_t>(x - VMK_COORD_MIN) << 36 |
         static_cast<uint64_t>(y - VMK_COORD_MIN) << 18 |
         static_cast<uint64_t>(z - VMK_COORD_MIN);
}
__device__ inline uint64_t key_of(const Coord& c) { return key_of(c.b, c.x, c.y, c.z); }

__device__ inline Coord coord_of(uint64_t key) {
  constexpr uint64_t kAxis = (1u << 18) - 1;
  return {static_cast<int>(key >> 54), static_cast<int>(key >> 36 & kAxis) + VMK_COORD_MIN,
          static_cast<int>(key >> 18 & kAxis) + VMK_COORD_MIN,
          static_cast<int>(key & kAxis) + VMK_COORD_MIN};
}

// Notes the first axis of c that is out of range.
__device__ inline void note_coord(DataErrors* log, DataError what, int64_t row, const Coord& c) {
  if (!batch_fits(c.b)) return note(log, what, 0, row, c.b);
  if (!axis_fits(c.x)) return note(log, what, 1, row, c.x);
  if (!axis_fits(c.y)) return note(log, what, 2, row, c.y);
  if (!axis_fits(c.z)) return note(log, what, 3, row, c.z);
}

// The key of a row; one out of range is noted and has none.
__device__ inline uint64_t checked_key(const int32_t* coords, int64_t row, DataErrors* log,
                                       DataError what) {
  const Coord c = coord_at(coords, row);
  const uint64_t key = key_of(c);
  if (key == kNoKey) note_coord(log, what, row, c);
  return key;
}

// How many of n rows there are, where only the device may know.
__device__ inline int64_t rows_there(int64_t n, const int64_t* rows) {
  return rows && *rows < n ? *rows : n;
}

}  // namespace vmk
