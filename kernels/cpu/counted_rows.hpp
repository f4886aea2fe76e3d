#pragma once
// Maps over rows that an op before has counted. Their number is read when the op runs and not when
// it is called, so that a plan takes other coordinates.
#include "internal.hpp"

namespace vmk {

// How many of n coordinates there are; throws when a caller's count is not from 0 to n.
int64_t rows_there(int64_t n, const int64_t* rows);
// From [kv, m] packed at the beginning of map to [kv, columns], with -1 in the new columns.
void spread(int32_t* map, int64_t kv, int64_t m, int64_t columns);

template <void (*kRun)(Device&, const KernelMap&)>
void counted_kernel_map(Device& device, const KernelMap& a) {
  KernelMap known = a;
  if (a.rows) known.n = known.m = rows_there(a.n, a.rows);
  kRun(device, known);
  if (a.padded) spread(a.map, a.geometry.volume(), known.m, a.m);
}

template <void (*kRun)(Device&, const StridedMap&)>
void counted_strided_map(Device& device, const StridedMap& a) {
  StridedMap known = a;
  known.layer.n = rows_there(a.layer.n, a.layer.rows);
  kRun(device, known);
  if (a.padded) spread(a.map, a.layer.geometry.volume(), *a.layer.count, a.layer.capacity);
}

}  // namespace vmk
