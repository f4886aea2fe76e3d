#pragma once
// Ordered compaction: the rank of every flagged item among all flagged items, in item order. One
// kernel counts the flags of each tile, exclusive_sum adds them up, a second kernel ranks inside
// its tile from there. No atomics: the order never depends on the threads.
#include "common.cuh"

namespace vmk {

constexpr int kTile = 1024;  // items; blocks of kBlock threads walk one in steps of kBlock

// How many threads of the block below this one have their flag set, and how many in all. Every
// thread of the block must call it.
struct Rank {
  int before, all;
};
__device__ inline Rank block_rank(bool flag) {
  __shared__ int counts[kBlock / kWarpSize];
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const unsigned set = __ballot_sync(kFullWarp, flag);
  if (lane == 0) counts[warp] = __popc(set);
  __syncthreads();
  Rank rank{__popc(set & ((1u << lane) - 1)), 0};
  for (int w = 0; w < kBlock / kWarpSize; ++w) {
    if (w < warp) rank.before += counts[w];
    rank.all += counts[w];
  }
  __syncthreads();  // counts is written again by the next call
  return rank;
}

// Calls each(i, flag, rank) for the items of tile number `tile` below n, where rank counts the
// flags before item i from `base` on. Every thread of the block must call it.
template <class Flag, class Each>
__device__ void rank_tile(int64_t tile, int64_t n, int64_t base, Flag&& flag_of, Each&& each) {
  for (int64_t first = tile * kTile; first < (tile + 1) * kTile; first += kBlock) {
    const int64_t i = first + threadIdx.x;
    const bool flag = i < n && flag_of(i);
    const Rank rank = block_rank(flag);
    if (i < n) each(i, flag, base + rank.before);
    base += rank.all;
  }
}

// Writes how many items of the tile are flagged. Every thread of the block must call it.
template <class Flag>
__device__ void count_tile(int64_t tile, int64_t n, int64_t* count, Flag&& flag_of) {
  int64_t all = 0;
  for (int64_t first = tile * kTile; first < (tile + 1) * kTile; first += kBlock) {
    const int64_t i = first + threadIdx.x;
    all += __syncthreads_count(i < n && flag_of(i));
  }
  if (threadIdx.x == 0) *count = all;
}

}  // namespace vmk
