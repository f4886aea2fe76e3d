#pragma once
// The offsets that a tile of outputs has, in shared memory, and small things that tile kernels do
// with sums.
#include "conv_call.cuh"

namespace vmk {

struct OffsetList {
  uint16_t* at;  // ascending
  int* count;
};

// Of at most `offsets` entries.
__host__ __device__ constexpr int offset_list_bytes(int offsets) {
  return 16 + (offsets * 2 + 15) / 16 * 16;
}
__device__ inline OffsetList offset_list(unsigned char* shared) {
  return {reinterpret_cast<uint16_t*>(shared + 16), reinterpret_cast<int*>(shared)};
}

// The offset k with before[k] <= at < before[k + 1], or -1: every thread of the block looks at
// some, one finds it.
__device__ inline int64_t offset_at(const int64_t* before, int64_t kv, int64_t at) {
  __shared__ int found;
  if (threadIdx.x == 0) found = -1;
  __syncthreads();
  for (int64_t k = threadIdx.x; k < kv; k += blockDim.x)
    if (before[k] <= at && at < before[k + 1]) found = static_cast<int>(k);
  __syncthreads();
  return found;
}

// Lists the offsets of rows [first, first + kRows) of map [kv, m]: each warp looks at some of the
// offsets, one warp puts those that are there in order. Notes entries that name no input row.
// Followed by a barrier of the caller.
template <int kRows>
__device__ inline void list_offsets(const int32_t* map, int kv, int64_t m, int64_t n, int64_t first,
                                    const int32_t* order, const OffsetList& list,
                                    DataErrors* log) {
  constexpr int kAtOnce = 4, kLoads = kRows / kWarpSize;  // offsets, and rows of each
  static_assert(kRows % kWarpSize == 0);
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int warps = static_cast<int>(blockDim.x) / kWarpSize;
  for (int k0 = warp; k0 < kv; k0 += kAtOnce * warps) {
    // All loads are under way before the first is looked at: a block begins with this wait.
    int32_t rows[kAtOnce][kLoads];
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j)
#pragma unroll
      for (int i = 0; i < kLoads; ++i) {
        const int64_t k = k0 + j * warps, at = first + lane + i * kWarpSize;
        rows[j][i] = k < kv && at < m ? map[k * m + at] : -1;
      }
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j) {
      bool there = false;
#pragma unroll
      for (int i = 0; i < kLoads; ++i) {
        const int64_t at = first + lane + i * kWarpSize;
        there |= rows[j][i] >= 0;
        if (rows[j][i] >= n) note(log, kBadMapEntry, 0, order ? order[at] : at, rows[j][i]);
      }
      const bool any = __any_sync(kFullWarp, there);
      if (lane == 0 && k0 + j * warps < kv) list.at[k0 + j * warps] = any;
    }
  }
  __syncthreads();
  if (warp > 0) return;
  int count = 0;
  for (int k0 = 0; k0 < kv; k0 += kWarpSize) {
    const bool there = k0 + lane < kv && list.at[k0 + lane];
    const unsigned set = __ballot_sync(kFullWarp, there);
    __syncwarp();  // the list is packed in place: all 32 flags are read before any is overwritten
    const int before = count + __popc(set & ((1u << lane) - 1));
    if (there) list.at[before] = static_cast<uint16_t>(k0 + lane);
    count += __popc(set);
    __syncwarp();
  }
  if (lane == 0) *list.count = count;
}

// Whether check_pairs (conv_lists.cu) has found anything: two pairs could own one output row.
__device__ inline bool pairs_are_bad(const DataErrors& log) {
  return log.first[kBadPair][0] != ~0ull || log.first[kBadConvStarts][0] != ~0ull;
}

template <int kCount>
__device__ inline void copy_sums(float* to, const float (&sum)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; i += 4)
    *reinterpret_cast<float4*>(to + i) =
        make_float4(sum[i], sum[i + 1], sum[i + 2], sum[i + 3]);
}

template <int kCount>
__device__ inline void add_sums(float* to, const float (&sum)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; i += 4) {
    auto* four = reinterpret_cast<float4*>(to + i);
    const float4 old = *four;
    *four = make_float4(old.x + sum[i], old.y + sum[i + 1], old.z + sum[i + 2],
                        old.w + sum[i + 3]);
  }
}

}  // namespace vmk
