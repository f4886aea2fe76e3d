#pragma once
// Voxel coordinates as integers that sort like (batch, x, y, z).
#include <array>

#include "device.hpp"

namespace vmk {

constexpr const char* kAxisNames[4] = {"batch", "x", "y", "z"};

// Lowest and highest value of each column of coords [n, 4].
struct Range {
  std::array<int64_t, 4> low{}, high{};
};
Range range_of(CpuDevice& device, const int32_t* coords, int64_t n);

// Throws unless every coordinate lies in the range of voxmark.h, naming the first that does not.
// `verb` and `what` make the text: "Cannot insert coords: row 5 has x = 200000, not in ...".
void check_range(const Range& range, const int32_t* coords, int64_t n, const char* verb,
                 const char* what);

// A key of the bits that a range needs, so that most scans fit row number and key in 64 bits.
// Values outside the range must not be packed.
struct KeyLayout {
  std::array<int64_t, 4> low{};
  std::array<int, 4> shift{};
  int bits = 0;  // more than 64 means that the layout cannot be used

  explicit KeyLayout(const Range& range);
  uint64_t pack(const int32_t* c) const {
    return static_cast<uint64_t>(c[0] - low[0]) << shift[0] |
           static_cast<uint64_t>(c[1] - low[1]) << shift[1] |
           static_cast<uint64_t>(c[2] - low[2]) << shift[2] |
           static_cast<uint64_t>(c[3] - low[3]);
  }
  // What adding (x, y, z) to a coordinate adds to its key, as long as the sum stays in range.
  uint64_t delta(int64_t x, int64_t y, int64_t z) const {
    return (static_cast<uint64_t>(x) << shift[1]) + (static_cast<uint64_t>(y) << shift[2]) +
           static_cast<uint64_t>(z);
  }
  void unpack(uint64_t key, int32_t* c) const;
};

// Bits needed for the values 0 .. most.
int bits_for(uint64_t most);

// Sorts keys ascending by bits [low_bit, high_bit), stable, with all threads. The result is in
// keys; tmp holds n more.
void radix_sort(CpuDevice& device, uint64_t* keys, uint64_t* tmp, int64_t n, int low_bit,
                int high_bit);

// The 63-bit key of the hash map: batch 9 bits, x, y, z 18 bits each, biased to be non-negative.
inline int64_t hash_key(int64_t b, int64_t x, int64_t y, int64_t z) {
  return b << 54 | (x - VMK_COORD_MIN) << 36 | (y - VMK_COORD_MIN) << 18 | (z - VMK_COORD_MIN);
}
inline bool in_range(int64_t b, int64_t x, int64_t y, int64_t z) {
  const auto ok = [](int64_t v) { return v >= VMK_COORD_MIN && v <= VMK_COORD_MAX; };
  return b >= 0 && b <= VMK_BATCH_MAX && ok(x) && ok(y) && ok(z);
}

}  // namespace vmk
