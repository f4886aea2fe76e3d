// What the dataflows that work on pairs share: the check of the pairs, the plan of the buffers and
// the two ways between features and buffers. The number of pairs of an offset stays on the device:
// launches are sized for what can be at most, blocks behind the last pair end at once.
#include <algorithm>

#include "conv_dataflows.hpp"
#include "conv_offsets.cuh"

namespace vmk {

namespace {

constexpr int kMostOffsets = 4096;  // as read_geometry

__global__ void __launch_bounds__(kBlock) check_starts(ConvCall a, DataErrors* log) {
  const int64_t k = thread_index();
  if (k >= a.kv) return;
  const int64_t begin = a.starts[k], end = a.starts[k + 1];
  if (begin < 0 || end < begin || end > a.p || end - begin > a.m || (k == 0 && begin != 0))
    note(log, kBadConvStarts, 0, k, begin);
}

// Rows must be there, and the output rows of an offset ascend.
__global__ void __launch_bounds__(kBlock) check_rows(ConvCall a, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= a.p) return;
  const int32_t row = a.pairs[i], m = a.pairs[a.p + i];
  if (row < 0 || row >= a.n) return note(log, kBadPair, 0, i, row);
  if (m < 0 || m >= a.m) return note(log, kBadPair, 0, i, m);
  if (i == 0 || m > a.pairs[a.p + i - 1]) return;
  for (int64_t k = 0; k < a.kv; ++k)
    if (a.starts[k] == i) return;  // the first of an offset: this is the one place to go back
  note(log, kBadPair, 0, i, m);
}

struct Grouping {
  double epsilon;
  int64_t threshold, tile_rows, rows_at_most;
};

// Offsets in the order 0, KV-1, 1, KV-2, ..: the two mirror images of a submanifold map have
// equally many pairs and stand side by side. Groups end where the padding would pass epsilon; a
// group whose largest offset has fewer pairs than the threshold is padded to that.
__device__ void group_offsets(const Grouping& how, int kv, const int64_t* pairs, int64_t* rows) {
  int64_t least = 0, most = 0;
  int first = 0;
  const auto at = [=](int i) { return i % 2 ? kv - 1 - i / 2 : i / 2; };
  for (int i = 0; i <= kv; ++i) {
    const int64_t count = i < kv ? pairs[at(i)] : 0;
    const int64_t low = min(least, count), high = max(most, count);
    const bool fits = i > first && i < kv && high > 0 &&
                      1 - static_cast<double>(low) / static_cast<double>(high) <= how.epsilon;
    if (fits || i == 0) {
      least = i == 0 ? count : low;
      most = i == 0 ? count : high;
      continue;
    }
    for (int j = first; j < i; ++j)
      rows[at(j)] = most < how.threshold ? most : pairs[at(j)];
    first = i;
    least = most = count;
  }
}

// One block: the offsets' rows are found by one thread, from and to shared memory.
__global__ void __launch_bounds__(kBlock)
    plan_rows(ConvCall a, Grouping how, int64_t* begins, int64_t* tiles, const DataErrors* log) {
  VMK_DYNAMIC_SHARED(shared);
  auto* pairs = reinterpret_cast<int64_t*>(shared);
  int64_t* rows = pairs + a.kv;
  const auto kv = static_cast<int>(a.kv);
  const bool bad = pairs_are_bad(*log);
  for (int k = static_cast<int>(threadIdx.x); k < kv; k += kBlock)
    pairs[k] = bad ? 0 : a.starts[k + 1] - a.starts[k];
  __syncthreads();
  if (threadIdx.x > 0) return;
  group_offsets(how, kv, pairs, rows);
  int64_t row = 0, tile = 0;
  for (int k = 0; k < kv; ++k) {
    begins[k] = row;
    tiles[k] = tile;
    row += rows[k];
    tile += ceil_div(rows[k], how.tile_rows);
  }
  begins[kv] = row;
  tiles[kv] = tile;
}

// A block row an offset.
__global__ void __launch_bounds__(kBlock)
    write_slots(ConvCall a, BufferPlan plan, const int32_t* __restrict__ rows, int64_t n,
                int32_t* slots, const DataErrors* log) {
  const int64_t i = thread_index(), k = blockIdx.y;
  if (pairs_are_bad(*log) || i >= a.starts[k + 1] - a.starts[k]) return;
  atomicMax(&slots[k * n + rows[a.starts[k] + i]], static_cast<int32_t>(plan.begins[k] + i));
}

template <class Element>
__global__ void __launch_bounds__(kBlock)
    scatter_sums(ConvCall a, const int32_t* __restrict__ slots,
                 const float* __restrict__ products) {
  const int groups = a.columns / 4;
  const int64_t at = thread_index(), m = at / groups;
  const int column = static_cast<int>(at % groups) * 4;
  if (m >= a.m) return;
  float sum[4] = {};
  for (int64_t k = 0; k < a.kv; ++k) {
    const int32_t slot = slots[k * a.m + m];
    if (slot < 0) continue;
    const float4 four =
        *reinterpret_cast<const float4*>(products + int64_t{slot} * a.columns + column);
    sum[0] += four.x;
    sum[1] += four.y;
    sum[2] += four.z;
    sum[3] += four.w;
  }
  write_end<Element>(a, m, column, sum);
}

}  // namespace

void check_offsets(const SparseConv& args) {
  if (args.kv > kMostOffsets)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv: weight has %lld offsets, at most %d are "
         "supported", static_cast<long long>(args.kv), kMostOffsets);
}

void expect_f32(const SparseConv& args) {
  if (args.dtype != VMK_F32)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv in tf32: feats is %s, f32 is needed",
         dtype_name(args.dtype));
}

void check_pairs(CudaDevice& device, const ConvCall& a) {
  DataErrors* log = device.data_errors();
  VMK_LAUNCH(device, check_starts, blocks(a.kv), kBlock, a, log);
  VMK_LAUNCH(device, check_rows, blocks(a.p), kBlock, a, log);
}

BufferPlan plan_buffers(CudaDevice& device, const ConvCall& a, double epsilon, int64_t threshold,
                        int tile_rows) {
  BufferPlan plan{device.scratch<int64_t>(a.kv + 1), device.scratch<int64_t>(a.kv + 1), a.p};
  // A padded group has at most 1 / (1 - epsilon) times its pairs; every group fewer rows an offset
  // than the threshold, and none more than there are outputs.
  const int64_t most = a.kv * std::min(std::min(a.m, a.p), threshold);
  const double grown = epsilon < 1 ? static_cast<double>(a.p) / (1 - epsilon) + 1 : 1e18;
  plan.rows = a.p + static_cast<int64_t>(std::min(static_cast<double>(most), grown));
  if (plan.rows > INT32_MAX)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv: buffers of %lld rows, at most %d are supported",
         static_cast<long long>(plan.rows), INT32_MAX);
  const auto shared = static_cast<int>(2 * a.kv * static_cast<int64_t>(sizeof(int64_t)));
  device.allow_shared(reinterpret_cast<const void*>(plan_rows), shared);
  VMK_LAUNCH_SHARED(device, plan_rows, 1, kBlock, shared, a,
                    (Grouping{epsilon, threshold, tile_rows, plan.rows}), plan.begins, plan.tiles,
                    device.data_errors());
  return plan;
}

int32_t* slots_of(CudaDevice& device, const ConvCall& a, const BufferPlan& plan,
                  const int32_t* rows, int64_t n) {
  auto* slots = device.scratch<int32_t>(a.kv * n);
  device.fill(slots, 0xff, a.kv * n * static_cast<int64_t>(sizeof(int32_t)));
  VMK_LAUNCH(device, write_slots, blocks(std::min(a.m, a.p), kBlock, a.kv), kBlock, a, plan, rows,
             n, slots, device.data_errors());
  return slots;
}

const ConvTile& list_tile(CudaDevice& device, const ConvCall& a, const SparseConv& args,
                          int64_t rows) {
  TileWish wish{args.dtype, Products::kAny, rows, a.columns, a.cin, false};
  wish.tile = args.settings.tile;
  return *choose_tile(device, wish).tile;
}

void multiply_buffers(CudaDevice& device, const ConvCall& a, const ConvTile& tile,
                      const BufferPlan& plan, const void* rows, float* products) {
  tile.lists(device, a,
             {rows, nullptr, nullptr, products, plan.begins, plan.tiles, 0, plan.rows,
              device.data_errors()});
}

void scatter_buffers(CudaDevice& device, const ConvCall& a, vmk_dtype dtype, const BufferPlan& plan,
                     const float* products) {
  const int32_t* slots = slots_of(device, a, plan, a.pairs + a.p, a.m);
  with_element(dtype, [&](auto element) {
    VMK_LAUNCH(device, scatter_sums<decltype(element)>, blocks(a.m * a.columns / 4), kBlock, a,
               slots, products);
  });
}

}  // namespace vmk
