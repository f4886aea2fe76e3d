// bev_pool.balanced, bev_pool_fused.balanced - equal shares of work, whatever the cells hold. The
// work is a walk over the cells of the grid that takes in the points of a cell before it leaves
// it (the merge path of cells and points), cut every kShare steps. A share that would begin inside
// an interval begins behind it, unless the interval is long: its parts are summed apart and added
// up in order, so the result is the same in every run.
// Cost: every feature read once and every cell written once, zeros included; nothing is cleared
// beforehand. A cell with 100,000 points is 780 shares.
#include "bev_pool.cuh"

namespace vmk {

namespace {

constexpr int64_t kShare = 128;          // cells and points: 16,000 shares of a 6-camera rig
constexpr int64_t kLong = 2 * kShare;    // points of an interval that may be cut

// A place on the walk: the cell and the interval that are not left yet, and the next point.
struct Place {
  int64_t cell, interval, point;
};

// Steps of the walk before the points of interval i.
__device__ inline int64_t steps_before(const BevPlan& plan, int64_t i) {
  return int64_t{plan.intervals[i]} + plan.starts[i] - plan.starts[0];
}

__device__ inline Place place_at(const BevPlan& plan, int64_t step) {
  int64_t low = 0, high = plan.intervals_n;  // the first interval that is reached behind `step`
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (steps_before(plan, middle) <= step) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return {min(step, plan.grid), 0, plan.starts[0]};
  const int64_t i = low - 1, cell = plan.intervals[i];
  const int64_t begin = plan.starts[i], end = plan.starts[i + 1];
  const int64_t into = step - steps_before(plan, i);
  if (into == 0) return {cell, i, begin};
  if (into > end - begin) return {min(cell + into - (end - begin), plan.grid), i + 1, end};
  if (end - begin > kLong) return {cell, i, begin + into};
  return {cell + 1, i + 1, end};
}

// Whether a place has left some points of its interval behind.
__device__ inline bool is_inside(const BevPlan& plan, const Place& place) {
  return place.interval < plan.intervals_n && place.point > plan.starts[place.interval];
}

__global__ void __launch_bounds__(kBlock)
    find_places(BevPlan plan, int64_t shares, Place* __restrict__ places, DataErrors* log) {
  const int64_t i = thread_index();
  if (i <= shares && !plan_bad(log)) places[i] = place_at(plan, i * kShare);
}

// What shares of long intervals leave for the second kernel: heads of those that began before the
// share, tails of those that begin in it and go on, each [shares, C].
struct Parts {
  float *heads, *tails;
};

template <class V, class Points, class Out>
__global__ void __launch_bounds__(kBlock)
    sum_shares(BevPlan plan, Points points, const Place* __restrict__ places, int64_t shares,
               Parts parts, Out* __restrict__ out, int64_t groups, DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= shares * groups || plan_bad(log)) return;
  const int64_t share = at / groups, v = at % groups;
  const Place first = places[share], last = places[share + 1];
  bool head = is_inside(plan, first);
  int64_t i = first.interval, j = first.point;
  for (int64_t cell = first.cell; cell < last.cell; ++cell) {
    V sum{};
    if (i < plan.intervals_n && plan.intervals[i] == cell) {
      const int64_t end = plan.starts[++i];
      sum = sum_points<V>(plan, points, j, end, groups, v, log);
      j = end;
    }
    if (head) {
      store(parts.heads, share, groups, v, sum);
    } else {
      store(out, cell, groups, v, sum);
    }
    head = false;
  }
  if (i >= plan.intervals_n || last.point <= j) return;
  const V sum = sum_points<V>(plan, points, j, last.point, groups, v, log);
  store(head ? parts.heads : parts.tails, share, groups, v, sum);
}

// Adds the parts of the long interval that begins in a share and goes on behind it.
template <class V, class Out>
__global__ void __launch_bounds__(kBlock)
    join_shares(BevPlan plan, const Place* __restrict__ places, int64_t shares, Parts parts,
                Out* __restrict__ out, int64_t groups, const DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= shares * groups || plan_bad(log)) return;
  const int64_t share = at / groups, v = at % groups;
  const Place first = places[share], last = places[share + 1];
  if (!is_inside(plan, last)) return;
  if (first.interval == last.interval && is_inside(plan, first)) return;
  V sum = load<V>(parts.tails, share, groups, v);
  for (int64_t next = share + 1; places[next].interval == last.interval; ++next)
    sum = add(sum, 1.0f, load<V>(parts.heads, next, groups, v));
  store(out, last.cell, groups, v, sum);
}

template <template <class> class PointsOf, class Args>
void pool(Device& any, const Args& a) {
  CudaDevice& device = cuda_device(any);
  const BevPlan plan = plan_of(a);
  check_plan(device, plan);
  const int64_t shares = ceil_div(a.grid + a.kept, kShare);
  auto* places = device.scratch<Place>(shares + 1);
  const Parts parts{device.scratch<float>(shares * a.c), device.scratch<float>(shares * a.c)};
  VMK_LAUNCH(device, find_places, blocks(shares + 1), kBlock, plan, shares, places,
             device.data_errors());
  with_pool_types(a, [&](auto element, auto lane, auto sum) {
    using V = decltype(lane);
    using Points = PointsOf<decltype(element)>;
    using Out = decltype(sum);
    const int64_t groups = a.c / kWidth<V>;
    const dim3 grid = blocks(shares * groups);
    auto* out = static_cast<Out*>(a.out);
    VMK_LAUNCH(device, (sum_shares<V, Points, Out>), grid, kBlock, plan, Points(a), places, shares,
               parts, out, groups, device.data_errors());
    VMK_LAUNCH(device, (join_shares<V, Out>), grid, kBlock, plan, places, shares, parts, out,
               groups, device.data_errors());
  });
}

}  // namespace

void bev_pool_balanced(Device& any, const BevPool& a) { pool<PlainPoints>(any, a); }
void bev_pool_fused_balanced(Device& any, const BevPoolFused& a) { pool<FusedPoints>(any, a); }

}  // namespace vmk
