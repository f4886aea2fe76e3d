#pragma once
// Coordinates sorted by (batch, x, y, z), each with the row it came from.
#include "keys.hpp"

namespace vmk {

// The rows 0 .. n-1 in the order of their keys; equal keys keep their row order. `sorted_keys`
// (may be null) receives the keys in that order. Scratch lives until the op ends.
void sort_rows(CpuDevice& device, const KeyLayout& layout, const int32_t* coords, int64_t n,
               int32_t* rows, uint64_t* sorted_keys);

}  // namespace vmk
