// bev_intervals, bev_pool.
//   ref         (both) a loop in the order of the definition; sums in double.
//   counting    (intervals) a counting sort by cell.
//   interval    (pool) one interval at a time, its rows summed where they lie: every feature is
//               read once, every cell written once (BEVFusion's kernel).
//   prefix_sum  (pool) the baseline of Lift-Splat-Shoot: rows are copied into interval order, a
//               running sum goes over all of them, and each cell is the difference of two prefixes.
#include <algorithm>
#include <map>

#include "device.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

void check_cells(const BevIntervals& a) {
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= a.grid)
      fail(VMK_INVALID_ARGUMENT, "Cannot group points: cells[%lld] = %d, the grid has %lld cells",
           static_cast<long long>(i), a.cells[i], static_cast<long long>(a.grid));
}

void check_capacity(const BevIntervals& a, int64_t kept, int64_t intervals) {
  if (kept > a.order_capacity || intervals > a.interval_capacity)
    fail(VMK_CAPACITY,
         "Cannot group points: %lld points are kept in %lld intervals, there is room for %lld in "
         "%lld", static_cast<long long>(kept), static_cast<long long>(intervals),
         static_cast<long long>(a.order_capacity), static_cast<long long>(a.interval_capacity));
}

void bev_intervals_ref(Device&, const BevIntervals& a) {
  check_cells(a);
  std::map<int32_t, std::vector<int32_t>> members;
  int64_t kept = 0;
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= 0) {
      members[a.cells[i]].push_back(static_cast<int32_t>(i));
      ++kept;
    }
  check_capacity(a, kept, static_cast<int64_t>(members.size()));
  int32_t at = 0, interval = 0;
  for (const auto& [cell, points] : members) {
    a.intervals[interval] = cell;
    a.starts[interval++] = at;
    for (const int32_t point : points) a.order[at++] = point;
  }
  a.starts[interval] = at;
  a.counts[0] = at;
  a.counts[1] = interval;
}

void bev_intervals_counting(Device& any, const BevIntervals& a) {
  CpuDevice& device = cpu_device(any);
  check_cells(a);
  int32_t* begin_of = device.scratch<int32_t>(a.grid + 1);
  std::fill(begin_of, begin_of + a.grid + 1, 0);
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= 0) ++begin_of[a.cells[i]];
  int64_t kept = 0, intervals = 0;
  for (int64_t cell = 0; cell < a.grid; ++cell) {
    kept += begin_of[cell];
    intervals += begin_of[cell] > 0;
  }
  check_capacity(a, kept, intervals);
  int32_t at = 0, interval = 0;
  for (int64_t cell = 0; cell < a.grid; ++cell) {
    const int32_t count = begin_of[cell];
    begin_of[cell] = at;
    if (count == 0) continue;
    a.intervals[interval] = static_cast<int32_t>(cell);
    a.starts[interval++] = at;
    at += count;
  }
  a.starts[interval] = at;
  for (int64_t i = 0; i < a.p; ++i)
    if (a.cells[i] >= 0) a.order[begin_of[a.cells[i]]++] = static_cast<int32_t>(i);
  a.counts[0] = kept;
  a.counts[1] = intervals;
}

void check_pool(const BevPool& a) {
  if (a.intervals_n > 0 && (a.starts[0] < 0 || a.starts[a.intervals_n] > a.kept))
    fail(VMK_INVALID_ARGUMENT, "Cannot pool: starts runs from %d to %d, order has %lld rows",
         a.starts[0], a.starts[a.intervals_n], static_cast<long long>(a.kept));
  for (int64_t i = 0; i < a.intervals_n; ++i) {
    const int32_t cell = a.intervals[i];
    if (cell < 0 || cell >= a.grid || (i > 0 && cell <= a.intervals[i - 1]) ||
        a.starts[i + 1] < a.starts[i])
      fail(VMK_INVALID_ARGUMENT,
           "Cannot pool: interval %lld is cell %d from %d to %d; cells must ascend below %lld",
           static_cast<long long>(i), cell, a.starts[i], a.starts[i + 1],
           static_cast<long long>(a.grid));
  }
  for (int64_t i = 0; i < a.kept; ++i)
    if (a.order[i] < 0 || a.order[i] >= a.p)
      fail(VMK_INVALID_ARGUMENT, "Cannot pool: order[%lld] = %d, feats has %lld rows",
           static_cast<long long>(i), a.order[i], static_cast<long long>(a.p));
}

void bev_pool_ref(Device&, const BevPool& a) {
  check_pool(a);
  std::fill(a.out, a.out + a.grid * a.c, 0.0f);
  for (int64_t i = 0; i < a.intervals_n; ++i)
    for (int64_t k = 0; k < a.c; ++k) {
      double sum = 0;
      for (int32_t j = a.starts[i]; j < a.starts[i + 1]; ++j) sum += a.feats[a.order[j] * a.c + k];
      a.out[a.intervals[i] * a.c + k] = static_cast<float>(sum);
    }
}

// Cells [from, to) of the output belong to no interval.
void clear_cells(const BevPool& a, int64_t from, int64_t to) {
  std::fill(a.out + from * a.c, a.out + to * a.c, 0.0f);
}

// Writes the cells from just behind interval begin - 1 to interval end - 1: empty ones and sums.
template <class Sum>
void write_cells(const BevPool& a, int64_t begin, int64_t end, Sum&& sum) {
  int64_t next = begin == 0 ? 0 : int64_t{a.intervals[begin - 1]} + 1;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t cell = a.intervals[i];
    clear_cells(a, next, cell);
    sum(i, a.out + cell * a.c);
    next = cell + 1;
  }
  if (end == a.intervals_n) clear_cells(a, next, a.grid);
}

void bev_pool_interval(Device& device, const BevPool& a) {
  check_pool(a);
  if (a.intervals_n == 0) return clear_cells(a, 0, a.grid);
  cpu_device(device).pool.for_ranges(a.intervals_n, 256, [&](int64_t begin, int64_t end) {
    write_cells(a, begin, end, [&](int64_t i, float* out) {
      std::fill(out, out + a.c, 0.0f);
      for (int32_t j = a.starts[i]; j < a.starts[i + 1]; ++j) {
        const float* row = a.feats + a.order[j] * a.c;
        for (int64_t k = 0; k < a.c; ++k) out[k] += row[k];
      }
    });
  });
}

void bev_pool_prefix_sum(Device& any, const BevPool& a) {
  CpuDevice& device = cpu_device(any);
  check_pool(a);
  if (a.intervals_n == 0) return clear_cells(a, 0, a.grid);
  // prefix[j] is the sum of the first j rows: kept + 1 rows. In f32, as the original is.
  float* sorted = device.scratch<float>(a.kept * a.c);
  float* prefix = device.scratch<float>((a.kept + 1) * a.c);
  device.pool.for_ranges(a.kept, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j)
      std::copy_n(a.feats + a.order[j] * a.c, a.c, sorted + j * a.c);
  });
  // The sum runs down the rows; columns are independent.
  constexpr int64_t kColumns = 16;
  device.pool.for_ranges(a.c, kColumns, [&](int64_t begin, int64_t end) {
    std::fill(prefix + begin, prefix + end, 0.0f);
    std::array<double, kColumns> sum{};
    for (int64_t j = 0; j < a.kept; ++j)
      for (int64_t k = begin; k < end; ++k) {
        sum[k - begin] += sorted[j * a.c + k];
        prefix[(j + 1) * a.c + k] = static_cast<float>(sum[k - begin]);
      }
  });
  device.pool.for_ranges(a.intervals_n, 1024, [&](int64_t begin, int64_t end) {
    write_cells(a, begin, end, [&](int64_t i, float* out) {
      const float* last = prefix + a.starts[i + 1] * a.c;
      const float* first = prefix + a.starts[i] * a.c;
      for (int64_t k = 0; k < a.c; ++k) out[k] = last[k] - first[k];
    });
  });
}

constexpr Variant<BevIntervals> kIntervalList[] = {{"counting", bev_intervals_counting},
                                                   {"ref", bev_intervals_ref}};
constexpr Variant<BevPool> kPoolList[] = {{"interval", bev_pool_interval},
                                          {"prefix_sum", bev_pool_prefix_sum},
                                          {"ref", bev_pool_ref}};

}  // namespace

const Variants<BevIntervals> kBevIntervals = variants(kIntervalList);
const Variants<BevPool> kBevPool = variants(kPoolList);

}  // namespace vmk
