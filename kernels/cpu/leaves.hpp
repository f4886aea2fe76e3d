#pragma once
// Voxels in leaves of 8 x 8 x 8 cells, the leaves in a hash table.
//
// A leaf holds for each of its 64 columns along z which of the eight cells are occupied and the
// row of the lowest one; rows of a column are consecutive in sorted order. Points that follow one
// another in a scan fall into the same leaf most of the time, so look-ups stay in the nearest
// cache, where a hash table of voxels misses on every one (the leaf node of OpenVDB and fVDB).
#include <cstring>

#include "hash_map.hpp"
#include "sorted_rows.hpp"

namespace vmk {

struct Leaf {
  uint8_t cells[64];  // column (x & 7) * 8 + (y & 7); bit i: cell i along z is occupied
  int32_t first[64];  // sorted place of the lowest occupied cell

  static int column(int64_t x, int64_t y) { return static_cast<int>((x & 7) << 3 | (y & 7)); }
};

class LeafTable {
 public:
  static int64_t key_of(int64_t b, int64_t x, int64_t y, int64_t z) {
    return hash_key(b, x >> 3, y >> 3, z >> 3);
  }
  // The leaf with this key; one without voxels when there is none.
  const Leaf& find(int64_t key) const {
    const int32_t at = table_.find(key);
    return at < 0 ? kEmpty : leaves_[at];
  }
  // Rows of the cells z and z + 1 (z & 7 below 7) of a column, or -1. No branch: whether a cell
  // is occupied cannot be predicted.
  void two_rows(const Leaf& leaf, int column, int64_t z, int32_t* rows) const {
    const int32_t cells = leaf.cells[column], shift = static_cast<int32_t>(z & 7);
    const int32_t low = cells >> shift & 1, high = cells >> shift >> 1 & 1;
    const int32_t at = leaf.first[column] + count_bits(cells & ((1 << shift) - 1));
    rows[0] = row_at(at | (low - 1));
    rows[1] = row_at((at + low) | (high - 1));
  }
  // The same of the four columns from `column` on that are neighbours along x (slower) and y.
  void eight_rows(const Leaf& leaf, int column, int64_t z, int32_t* rows) const {
    if (rows_) {
      for (int i = 0; i < 4; ++i)
        two_rows(leaf, column + 8 * (i >> 1) + (i & 1), z, rows + 2 * i);
      return;
    }
    const uint8_t* c = leaf.cells + column;
    const int32_t* f = leaf.first + column;
    const FourInts cells{c[0], c[1], c[8], c[9]}, first{f[0], f[1], f[8], f[9]};
    const auto shift = static_cast<int32_t>(z & 7);
    const FourInts low = cells >> shift & 1, high = cells >> shift >> 1 & 1;
    const FourInts at = first + count_bits(cells & ((1 << shift) - 1));
    const FourInts lows = at | (low - 1), highs = (at + low) | (high - 1);
    const FourInts half[2] = {{lows[0], highs[0], lows[1], highs[1]},
                              {lows[2], highs[2], lows[3], highs[3]}};
    std::memcpy(rows, half, sizeof half);
  }
  int32_t row(const Leaf& leaf, int64_t x, int64_t y, int64_t z) const {
    const int column = Leaf::column(x, y);
    const int32_t cells = leaf.cells[column], shift = static_cast<int32_t>(z & 7);
    const int32_t there = cells >> shift & 1;
    return row_at((leaf.first[column] + count_bits(cells & ((1 << shift) - 1))) | (there - 1));
  }

  // From distinct voxels [m, 4] whose range must have been checked; lives in scratch.
  static LeafTable build(CpuDevice& device, const Range& range, const int32_t* voxels, int64_t m);

 private:
  typedef int32_t FourInts __attribute__((vector_size(16)));
  static const Leaf kEmpty;

  // Of eight bits. The baseline instruction set has no popcount, and a call would cost more.
  template <class Bits>
  static Bits count_bits(Bits bits) {
    bits = (bits & 0x55) + (bits >> 1 & 0x55);
    bits = (bits & 0x33) + (bits >> 2 & 0x33);
    return (bits & 0x0f) + (bits >> 4);
  }
  int32_t row_at(int32_t place) const { return rows_ && place >= 0 ? rows_[place] : place; }

  HashTable table_{};  // key to leaf
  const Leaf* leaves_ = nullptr;
  const int32_t* rows_ = nullptr;  // sorted place to row; nullptr when voxels are sorted
};

}  // namespace vmk
