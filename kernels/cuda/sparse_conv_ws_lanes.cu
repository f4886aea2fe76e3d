// sparse_conv_ws.lanes - output-stationary, with the rows of a tile as the lanes of a warp: the
// features of 32 rows are transposed into shared memory, each warp owns some output channels, and
// every weight is one multiply-add for all rows, read once by the whole warp.
// Cost: multiply-adds in proportion to the weights that are there; the features of a tile once an
// offset that has any, and once a group of kColumns output channels.
#include <algorithm>

#include "common.cuh"

namespace vmk {

namespace {

constexpr int kWarps = kBlock / kWarpSize;
constexpr int kColumnsAWarp = 16;  // sums that a lane keeps in registers
constexpr int kColumns = kWarps * kColumnsAWarp;
constexpr int kBand = 64;  // input channels in shared memory at a time

// Starts that descend or indices that name no channel would be read or written past.
__global__ void __launch_bounds__(kBlock) check_weights(SparseConvWs a, DataErrors* log) {
  const int64_t at = thread_index(), columns = a.kv * a.cout;
  if (at == 0 && (a.starts[0] != 0 || a.starts[columns] != a.nonzeros))
    note(log, kBadSparseWeights, 0, 0, a.starts[columns]);
  if (at < columns && a.starts[at + 1] < a.starts[at])
    note(log, kBadSparseWeights, 0, at, a.starts[at + 1]);
  if (at < a.nonzeros && (a.index[at] < 0 || a.index[at] >= a.cin))
    note(log, kBadWeightIndex, 0, at, a.index[at]);
}

__device__ inline bool weights_bad(const DataErrors* log) {
  return log->first[kBadSparseWeights][0] != ~0ull || log->first[kBadWeightIndex][0] != ~0ull;
}

// Channels [band, band + kBand) of the rows of a tile, channel by channel; the odd row length
// spreads both the stores and the loads over the banks.
struct Tile {
  float channels[kBand][kWarpSize + 1];
  int64_t cursors[kColumns];  // the next weight of each column
};

__device__ inline void load_band(const SparseConvWs& a, Tile& tile, int32_t row, int64_t band) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  for (int r = warp; r < kWarpSize; r += kWarps) {
    const int32_t from = __shfl_sync(kFullWarp, row, r);
    if (from < 0) continue;
    for (int c = lane; c < kBand && band + c < a.cin; c += kWarpSize)
      tile.channels[c][r] = a.feats[from * a.cin + band + c];
  }
}

// The product of the weights of one column with the band that is loaded. Summed apart from what
// came before: a running sum over all offsets would lose digits.
__device__ inline float multiply_column(const SparseConvWs& a, Tile& tile, int slot, int64_t end,
                                        int64_t band, bool there) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  int64_t at = tile.cursors[slot];
  float sum = 0;
  for (; at < end && a.index[at] < band + kBand; ++at)
    // Where there is no row nothing is added, not even 0 times an infinite weight.
    if (there) sum = fmaf(a.value[at], tile.channels[a.index[at] - band][lane], sum);
  __syncwarp();
  if (lane == 0) tile.cursors[slot] = at;
  __syncwarp();
  return sum;
}

__global__ void __launch_bounds__(kBlock) multiply_lanes(SparseConvWs a, DataErrors* log) {
  __shared__ Tile tile;
  if (__syncthreads_or(weights_bad(log))) return;  // all threads of the block or none
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int64_t m = static_cast<int64_t>(blockIdx.x) * kWarpSize + lane;
  const int64_t first = static_cast<int64_t>(blockIdx.y) * kColumns + warp * kColumnsAWarp;
  float sums[kColumnsAWarp] = {};
  for (int64_t k = 0; k < a.kv; ++k) {
    const int64_t* starts = a.starts + k * a.cout;
    if (starts[0] == starts[a.cout]) continue;
    int32_t row = m < a.m ? a.map[k * a.m + m] : -1;
    if (row >= a.n) {
      note(log, kBadMapEntry, 0, m, row);
      row = -1;
    }
    if (!__any_sync(kFullWarp, row >= 0)) continue;  // all warps have the same rows
    if (lane < kColumnsAWarp && first + lane < a.cout)
      tile.cursors[warp * kColumnsAWarp + lane] = starts[first + lane];
    for (int64_t band = 0; band < a.cin; band += kBand) {
      load_band(a, tile, row, band);
      __syncthreads();
#pragma unroll
      for (int i = 0; i < kColumnsAWarp; ++i)
        if (first + i < a.cout)
          sums[i] += multiply_column(a, tile, warp * kColumnsAWarp + i, starts[first + i + 1],
                                     band, row >= 0);
      __syncthreads();
    }
  }
#pragma unroll
  for (int i = 0; i < kColumnsAWarp; ++i)
    if (m < a.m && first + i < a.cout) a.out[m * a.cout + first + i] = sums[i];
}

}  // namespace

void sparse_conv_ws_lanes(Device& any, const SparseConvWs& a) {
  CudaDevice& device = cuda_device(any);
  VMK_LAUNCH(device, check_weights, blocks(std::max(a.kv * a.cout, a.nonzeros) + 1), kBlock, a,
             device.data_errors());
  VMK_LAUNCH(device, multiply_lanes, blocks(a.m, kWarpSize, ceil_div(a.cout, kColumns)), kBlock, a,
             device.data_errors());
}

}  // namespace vmk
