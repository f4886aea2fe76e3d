#pragma once
// What the variants of bev_pool share.
#include "channels.cuh"

namespace vmk {

// Queues the check of all intervals: cells must ascend, so that each is written by one of them, and
// an interval must lie within order. Bad ones are noted.
void check_intervals(CudaDevice& device, const BevPool& a);

// Whether an interval was bad: nothing may be summed then, since two threads could own one cell.
__device__ inline bool intervals_bad(const DataErrors* log) {
  return log->first[kBadInterval][0] != ~0ull;
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
