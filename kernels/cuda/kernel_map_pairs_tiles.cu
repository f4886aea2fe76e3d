// kernel_map_count.tiles, kernel_map_pairs.tiles - ordered compaction of the map, all offsets at
// once: flags are counted tile by tile, the counts summed, the pairs ranked inside their tile.
// Cost: the map is read once to count and twice to list; 8 bytes written a pair.
#include "pair_lists.hpp"
#include "primitives.hpp"
#include "tiles.cuh"

namespace vmk {

namespace {

// One block row an offset; counts [KV, tiles].
__global__ void __launch_bounds__(kBlock)
    count_pairs(const int32_t* __restrict__ map, int64_t m, int64_t tiles,
                int64_t* __restrict__ counts) {
  const int32_t* rows = map + blockIdx.y * m;
  count_tile(blockIdx.x, m, &counts[blockIdx.y * tiles + blockIdx.x],
             [&](int64_t i) { return rows[i] >= 0; });
}

__global__ void __launch_bounds__(kBlock)
    write_starts(const int64_t* __restrict__ sums, int64_t kv, int64_t tiles,
                 int64_t* __restrict__ starts) {
  const int64_t k = thread_index();
  if (k <= kv) starts[k] = sums[k * tiles];
}

__global__ void __launch_bounds__(kBlock)
    check_starts(const int64_t* __restrict__ sums, int64_t tiles, KernelMapPairs a,
                 DataErrors* log) {
  const int64_t k = thread_index();
  if (k == 0 && sums[a.kv * tiles] != a.p) note(log, kBadPairCount, 0, a.p, sums[a.kv * tiles]);
  if (k >= a.kv) return;
  const int64_t count = sums[(k + 1) * tiles] - sums[k * tiles];
  if (a.starts[0] != 0 || a.starts[k + 1] - a.starts[k] != count)
    note(log, kBadStarts, 0, k, count);
}

__global__ void __launch_bounds__(kBlock)
    write_pairs(const int64_t* __restrict__ sums, int64_t tiles, KernelMapPairs a) {
  const int32_t* rows = a.map + blockIdx.y * a.m;
  rank_tile(
      blockIdx.x, a.m, sums[blockIdx.y * tiles + blockIdx.x],
      [&](int64_t i) { return rows[i] >= 0; },
      [&](int64_t i, bool pair, int64_t at) {
        if (!pair || at >= a.p) return;
        a.pairs[at] = rows[i];
        a.pairs[a.p + at] = static_cast<int32_t>(i);
      });
}

// Pairs before each tile of each offset; the last of the KV * tiles + 1 sums is their number.
int64_t* sum_pairs(CudaDevice& device, const int32_t* map, int64_t kv, int64_t m, int64_t tiles) {
  const int64_t all = kv * tiles + 1;
  auto* sums = device.scratch<int64_t>(all);
  device.fill(sums + all - 1, 0, sizeof(int64_t));
  VMK_LAUNCH(device, count_pairs, blocks(m, kTile, kv), kBlock, map, m, tiles, sums);
  exclusive_sum(device, sums, sums, all);
  return sums;
}

}  // namespace

void kernel_map_count_tiles(Device& any, const KernelMapCount& a) {
  CudaDevice& device = cuda_device(any);
  const int64_t tiles = ceil_div(a.m, kTile);
  const int64_t* sums = sum_pairs(device, a.map, a.kv, a.m, tiles);
  VMK_LAUNCH(device, write_starts, blocks(a.kv + 1), kBlock, sums, a.kv, tiles, a.starts);
}

void kernel_map_pairs_tiles(Device& any, const KernelMapPairs& a) {
  CudaDevice& device = cuda_device(any);
  const int64_t tiles = ceil_div(a.m, kTile);
  const int64_t* sums = sum_pairs(device, a.map, a.kv, a.m, tiles);
  VMK_LAUNCH(device, check_starts, blocks(a.kv), kBlock, sums, tiles, a,
             device.data_errors());
  VMK_LAUNCH(device, write_pairs, blocks(a.m, kTile, a.kv), kBlock, sums, tiles, a);
}

PairLists list_pairs(CudaDevice& device, const int32_t* map, int64_t kv, int64_t m) {
  auto* starts = device.scratch<int64_t>(kv + 1);
  auto* pairs = device.scratch<int32_t>(2 * kv * m);
  const int64_t tiles = ceil_div(m, kTile);
  const int64_t* sums = sum_pairs(device, map, kv, m, tiles);
  VMK_LAUNCH(device, write_starts, blocks(kv + 1), kBlock, sums, kv, tiles, starts);
  const KernelMapPairs job{map, starts, pairs, kv, m, kv * m};
  VMK_LAUNCH(device, write_pairs, blocks(m, kTile, kv), kBlock, sums, tiles, job);
  return {pairs, starts, kv * m};
}

}  // namespace vmk
