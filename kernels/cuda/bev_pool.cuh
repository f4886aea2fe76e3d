#pragma once
// What the ops of BEV pooling share: the plan of vmk_bev_intervals, its check, and the sum of the
// points of an interval.
#include "channels.cuh"

namespace vmk {

struct BevPlan {
  const int32_t *order, *starts, *intervals;
  int64_t p, kept, intervals_n, grid;
};

template <class Args>
BevPlan plan_of(const Args& a) {
  return {a.order, a.starts, a.intervals, a.p, a.kept, a.intervals_n, a.grid};
}

// Queues the check of all intervals: cells must ascend, so that each is written by one of them, and
// an interval must lie within order. Bad ones are noted.
void check_plan(CudaDevice& device, const BevPlan& plan);

// Whether an interval was bad: nothing may be summed then, since two threads could own one cell.
__device__ inline bool plan_bad(const DataErrors* log) {
  return log->first[kBadInterval][0] != ~0ull;
}

// The cell of every point, -1 for those in no interval, in scratch. A malformed plan that names a
// point twice gives it the larger cell.
int32_t* cells_of_points(CudaDevice& device, const BevPlan& plan);

// Divides numbers below 2^31 by a constant with one multiplication: ceil(2^shift / value) with
// shift = 31 + ceil(log2(value)) fits 32 bits and gives the exact quotient.
struct Divisor {
  uint32_t factor = 1;
  int shift = 0;

  Divisor() = default;
  explicit Divisor(int64_t value) : shift(31) {
    while ((int64_t{1} << (shift - 31)) < value) ++shift;
    const auto wide = static_cast<uint64_t>(value);
    factor = static_cast<uint32_t>(((uint64_t{1} << shift) + wide - 1) / wide);
  }
  __device__ int32_t quotient(int32_t of) const {
    return static_cast<int32_t>(static_cast<uint64_t>(static_cast<uint32_t>(of)) * factor >>
                                shift);
  }
};

// Where a point's features lie and what they are multiplied with: the features themselves, ...
template <class T>
struct PlainPoints {
  const T* feats;

  explicit PlainPoints(const BevPool& a) : feats(static_cast<const T*>(a.feats)) {}
  __device__ int32_t row(int32_t point) const { return point; }
  __device__ float factor(int32_t) const { return 1.0f; }
};
// ... or those of its pixel times its depth.
template <class T>
struct FusedPoints {
  const T *feats, *depth;
  Divisor camera, pixel;
  int32_t pixels;

  explicit FusedPoints(const BevPoolFused& a)
      : feats(static_cast<const T*>(a.feats)), depth(static_cast<const T*>(a.depth)),
      camera(a.p > 0 ? a.depths * a.pixels : 1), pixel(a.p > 0 ? a.pixels : 1),
      pixels(static_cast<int32_t>(a.p > 0 ? a.pixels : 1)) {}
  __device__ int32_t row(int32_t point) const {
    return camera.quotient(point) * pixels + point - pixel.quotient(point) * pixels;
  }
  __device__ float factor(int32_t point) const { return to_float(depth[point]); }
};

// Calls run(T{}, V{}, Out{}) with the types of the features, of a thread's channels and of sums.
template <class Args, class F>
void with_pool_types(const Args& a, F&& run) {
  with_lanes(a.dtype, a.c, [&](auto element, auto lane) {
    if (a.out_dtype == VMK_F32) {
      run(element, lane, float{});
    } else {
      run(element, lane, element);
    }
  });
}

// The sum over the points [begin, end) in interval order of group v of the channels. Points that
// are not there count 0; the first of them is noted behind the loop, so that nothing in it keeps
// the loads of several points from being in flight.
template <class V, class Points>
__device__ inline V sum_points(const BevPlan& plan, const Points& points, int64_t begin,
                               int64_t end, int64_t groups, int64_t v, DataErrors* log) {
  V sum{};
  int64_t bad = -1;
#pragma unroll 4
  for (int64_t j = begin; j < end; ++j) {
    const int32_t point = plan.order[j];
    const bool fits = point >= 0 && point < plan.p;
    if (!fits && bad < 0) bad = j;
    if (fits) sum = add(sum, points.factor(point), load<V>(points.feats, points.row(point), groups, v));
  }
  if (bad >= 0) note(log, kBadGroup, 0, bad, plan.order[bad]);
  return sum;
}

}  // namespace vmk
