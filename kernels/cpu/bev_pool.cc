// bev_pool, bev_pool_fused.
//   ref         a loop in the order of the definition; sums in double.
//   interval    (both) one interval at a time, its sums in registers: rows are read where they
//               lie, every cell is written once (BEVFusion's kernel; fused, BEVPoolv2's).
//   prefix_sum  the baseline of Lift-Splat-Shoot: rows are copied into interval order, a running
//               sum goes over all of them, and each cell is the difference of two prefixes.
#include <algorithm>

#include "bev_plan.hpp"
#include "features.hpp"
#include "pool_kernels.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

int64_t feature_row(const BevPoolFused& a, int64_t p) {
  return p / (a.depths * a.pixels) * a.pixels + p % a.pixels;
}

// row(p) is the row of feats of point p, scale(p) what it is multiplied with.
template <class Args, class Row, class Scale>
void pool_in_double(CpuDevice& device, const Args& a, int64_t rows, Row&& row, Scale&& scale) {
  check_intervals(plan_of(a));
  check_order(plan_of(a));
  const float* feats = as_f32(device, a.feats, a.dtype, rows * a.c);
  const WideOutput out(device, a.out, a.out_dtype, a.grid * a.c);
  std::fill(out.data, out.data + a.grid * a.c, 0.0f);
  for (int64_t i = 0; i < a.intervals_n; ++i)
    for (int64_t k = 0; k < a.c; ++k) {
      double sum = 0;
      for (int32_t j = a.starts[i]; j < a.starts[i + 1]; ++j)
        sum += scale(a.order[j]) * feats[row(a.order[j]) * a.c + k];
      out.data[a.intervals[i] * a.c + k] = static_cast<float>(sum);
    }
  out.store();
}

void bev_pool_ref(Device& any, const BevPool& a) {
  pool_in_double(cpu_device(any), a, a.p, [](int64_t p) { return p; },
                 [](int64_t) { return 1.0; });
}

void bev_pool_fused_ref(Device& any, const BevPoolFused& a) {
  CpuDevice& device = cpu_device(any);
  const float* depth = as_f32(device, a.depth, a.dtype, a.p);
  pool_in_double(device, a, a.depths > 0 ? a.p / a.depths : 0,
                 [&](int64_t p) { return feature_row(a, p); },
                 [&](int64_t p) { return double{depth[p]}; });
}

// Rows of whole cache lines are stored around the caches when there are more than they hold: a
// plain store would read the line first.
template <class Args>
bool streams(const Args& a) {
  return a.out_dtype == VMK_F32 && a.c % 16 == 0 && a.grid * a.c * 4 > (int64_t{4} << 20);
}

template <class Args>
PoolSums sums_of(const Args& a, const BevChunk& chunk) {
  return {a.feats, a.dtype, a.c, nullptr, nullptr, a.starts, a.intervals, chunk.begin, chunk.end,
          chunk.first_cell, chunk.last_cell, a.out, a.out_dtype, streams(a)};
}

// Calls body(chunk, order, points, thread) for all chunks, with the points of the chunk checked.
template <class Args, class F>
void for_chunks(CpuDevice& device, const Args& a, const PoolKernels& kernels, F&& body) {
  const BevPlan plan = plan_of(a);
  device.pool.for_ranges(chunk_count(plan), 1, [&](int64_t t, int64_t, int32_t thread) {
    const BevChunk chunk = chunk_of(plan, t);
    const bool empty = chunk.begin == chunk.end;
    const int32_t* order = empty ? nullptr : a.order + a.starts[chunk.begin];
    const int64_t points = empty ? 0 : int64_t{a.starts[chunk.end]} - a.starts[chunk.begin];
    if (points > 0 && kernels.largest(order, points) >= a.p) check_order(plan);
    body(chunk, order, points, thread);
  });
}

void bev_pool_interval(Device& any, const BevPool& a) {
  CpuDevice& device = cpu_device(any);
  const PoolKernels& kernels = pool_kernels(device.isa);
  check_intervals(plan_of(a));
  for_chunks(device, a, kernels,
             [&](const BevChunk& chunk, const int32_t* order, int64_t, int32_t) {
               PoolSums sums = sums_of(a, chunk);
               sums.rows = order;
               kernels.sum(sums);
             });
}

// ceil(2^(31 + log) / value) with log = ceil(log2(value)) fits 32 bits and is exact for every
// numerator below 2^31.
Divisor divisor_of(int64_t value) {
  int shift = 31;
  while ((int64_t{1} << (shift - 31)) < value) ++shift;
  const auto wide = static_cast<uint64_t>(value);
  return {static_cast<uint32_t>(((uint64_t{1} << shift) + wide - 1) / wide), shift};
}

void bev_pool_fused_interval(Device& any, const BevPoolFused& a) {
  CpuDevice& device = cpu_device(any);
  const PoolKernels& kernels = pool_kernels(device.isa);
  // A chunk takes in an interval as long as it began within its share.
  const int64_t room = kChunkWork + check_intervals(plan_of(a));
  int32_t* rows = device.scratch<int32_t>(device.threads() * room);
  float* scales = device.scratch<float>(device.threads() * room);
  const Divisor camera = divisor_of(std::max<int64_t>(a.depths * a.pixels, 1));
  const Divisor pixel = divisor_of(std::max<int64_t>(a.pixels, 1));
  for_chunks(device, a, kernels,
             [&](const BevChunk& chunk, const int32_t* order, int64_t points, int32_t thread) {
               PoolSums sums = sums_of(a, chunk);
               sums.rows = rows + thread * room;
               sums.scales = scales + thread * room;
               kernels.resolve({order, points, a.pixels, camera, pixel, a.depth, a.dtype,
                                rows + thread * room, scales + thread * room});
               kernels.sum(sums);
             });
}

// Columns [begin, end) of the running sums of `kept` rows: prefix[j] is the sum of the first j
// rows. Added in double, stored in f32 as the original does.
template <int64_t kColumns>
void add_up(const float* rows, int64_t kept, int64_t c, int64_t begin, int64_t end,
            float* prefix) {
  std::fill(prefix + begin, prefix + end, 0.0f);
  std::array<double, kColumns> sum{};
  for (int64_t j = 0; j < kept; ++j)
    for (int64_t k = begin; k < end; ++k) {
      sum[k - begin] += rows[j * c + k];
      prefix[(j + 1) * c + k] = static_cast<float>(sum[k - begin]);
    }
}

void bev_pool_prefix_sum(Device& any, const BevPool& a) {
  CpuDevice& device = cpu_device(any);
  check_intervals(plan_of(a));
  check_order(plan_of(a));
  const float* feats = as_f32(device, a.feats, a.dtype, a.p * a.c);
  const WideOutput out(device, a.out, a.out_dtype, a.grid * a.c);
  float* sorted = device.scratch<float>(a.kept * a.c);
  float* prefix = device.scratch<float>((a.kept + 1) * a.c);
  device.pool.for_ranges(a.kept, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j)
      std::copy_n(feats + a.order[j] * a.c, a.c, sorted + j * a.c);
  });
  constexpr int64_t kColumns = 16;  // the sum runs down the rows; columns are independent
  device.pool.for_ranges(a.c, kColumns, [&](int64_t begin, int64_t end) {
    add_up<kColumns>(sorted, a.kept, a.c, begin, end, prefix);
  });
  device.pool.for_ranges(a.grid * a.c, 1 << 16, [&](int64_t begin, int64_t end) {
    std::fill(out.data + begin, out.data + end, 0.0f);
  });
  device.pool.for_ranges(a.intervals_n, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* last = prefix + a.starts[i + 1] * a.c;
      const float* first = prefix + a.starts[i] * a.c;
      for (int64_t k = 0; k < a.c; ++k) out.data[a.intervals[i] * a.c + k] = last[k] - first[k];
    }
  });
  out.store();
}

constexpr Variant<BevPool> kPoolList[] = {of_any_dtype("interval", bev_pool_interval),
                                          of_any_dtype("prefix_sum", bev_pool_prefix_sum),
                                          of_any_dtype("ref", bev_pool_ref)};
constexpr Variant<BevPoolFused> kFusedList[] = {
    of_any_dtype("interval", bev_pool_fused_interval), of_any_dtype("ref", bev_pool_fused_ref)};

}  // namespace

const Variants<BevPool> kBevPool = variants(kPoolList);
const Variants<BevPoolFused> kBevPoolFused = variants(kFusedList);

}  // namespace vmk
