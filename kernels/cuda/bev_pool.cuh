#pragma once
// What the variants of bev_pool share.
#include "channels.cuh"

namespace vmk {

// Whether interval i can be summed; one that cannot is noted. Cells must ascend, so that each is
// written once.
__device__ inline bool interval_fits(const BevPool& a, int64_t i, DataErrors* log) {
  const int32_t cell = a.intervals[i], begin = a.starts[i], end = a.starts[i + 1];
  const bool fits = cell >= 0 && cell < a.grid && (i == 0 || cell > a.intervals[i - 1]) &&
                    begin >= 0 && begin <= end && end <= a.kept;
  if (!fits) note(log, kBadInterval, 0, i, cell);
  return fits;
}

// The features of the j-th point in interval order, 0 for one that is not there.
template <class V>
__device__ inline V point_features(const BevPool& a, int64_t j, int64_t groups, int64_t v,
                                   DataErrors* log) {
  const int32_t row = a.order[j];
  if (row >= 0 && row < a.p) return load<V>(a.feats, row, groups, v);
  note(log, kBadGroup, 0, j, row);
  return V{};
}

}  // namespace vmk
