#pragma once
// Voxels in leaves of 8 x 8 x 8 cells, the leaves in a hash table.
//
// A leaf holds for each of its 64 columns along z which of the eight cells are occupied and the
// row of the lowest one; rows of a column are consecutive in sorted order. Points that follow one
// another in a scan fall into the same leaf most of the time, so look-ups stay in the nearest
// cache, where a hash table of voxels misses on every one (the leaf node of OpenVDB and fVDB).
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
    const uint32_t cells = leaf.cells[column], shift = z & 7;
    const auto low = static_cast<int32_t>(cells >> shift & 1);
    const auto high = static_cast<int32_t>(cells >> shift >> 1 & 1);
    const int32_t at = leaf.first[column] + count_bits(cells & ((1u << shift) - 1));
    rows[0] = row_at(at | (low - 1));
    rows[1] = row_at((at + low) | (high - 1));
  }
  int32_t row(const Leaf& leaf, int64_t x, int64_t y, int64_t z) const {
    const int column = Leaf::column(x, y);
    const uint32_t cells = leaf.cells[column], shift = z & 7;
    const auto there = static_cast<int32_t>(cells >> shift & 1);
    return row_at((leaf.first[column] + count_bits(cells & ((1u << shift) - 1))) | (there - 1));
  }

  // From distinct voxels [m, 4] whose range must have been checked; lives in scratch.
  static LeafTable build(CpuDevice& device, const Range& range, const int32_t* voxels, int64_t m);

 private:
  static const Leaf kEmpty;

  // Of eight bits. The baseline instruction set has no popcount, and a call would cost more.
  static int32_t count_bits(uint32_t bits) {
    bits = (bits & 0x55) + (bits >> 1 & 0x55);
    bits = (bits & 0x33) + (bits >> 2 & 0x33);
    return static_cast<int32_t>((bits & 0x0f) + (bits >> 4));
  }
  int32_t row_at(int32_t place) const { return rows_ && place >= 0 ? rows_[place] : place; }

  HashTable table_{};  // key to leaf
  const Leaf* leaves_ = nullptr;
  const int32_t* rows_ = nullptr;  // sorted place to row; nullptr when voxels are sorted
};

}  // namespace vmk
