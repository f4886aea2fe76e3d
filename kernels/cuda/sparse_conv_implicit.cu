// sparse_conv.implicit - output-stationary implicit GEMM: a block owns a tile of the output and
// gathers the rows it needs through the map, offset by offset. Nothing but the output is written.
// Offsets that none of the tile's rows has are skipped; of the rest, missing rows multiply zeros:
// good for any layer, best where neighbouring rows have the same neighbours.
#include "gemm_tile.cuh"

namespace vmk {

namespace {

constexpr int kMostOffsets = 4096;  // as read_geometry

// The offsets that a tile has, in ascending order.
struct Offsets {
  uint16_t list[kMostOffsets];
  int count;
};

struct MapSource {
  const Conv& a;
  const Offsets& offsets;
  int64_t first;  // output row of the tile's row 0

  __device__ const float* row(int step, int r) const {
    const int64_t m = first + r;
    if (m >= a.m) return nullptr;
    const int32_t row = a.map[offsets.list[step] * a.m + m];
    return row >= 0 && row < a.n ? a.feats + row * a.cin : nullptr;
  }
  __device__ const float* weight(int step) const {
    return a.weight + offsets.list[step] * a.cin * a.cout;
  }
};

// Lists the offsets of the rows [first, first + rows): each warp looks at some of the offsets, one
// warp puts those that are there in order. Notes entries that name no input row.
__device__ void list_offsets(const Conv& a, int64_t first, int rows, Offsets& offsets,
                             DataErrors* log) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int warps = static_cast<int>(blockDim.x) / kWarpSize;
  for (int k = warp; k < a.kv; k += warps) {
    bool there = false;
    for (int r = lane; r < rows && first + r < a.m; r += kWarpSize) {
      const int32_t row = a.map[k * a.m + first + r];
      there |= row >= 0;
      if (row >= a.n) note(log, kBadMapEntry, 0, first + r, row);
    }
    there = __any_sync(kFullWarp, there);
    if (lane == 0) offsets.list[k] = there;
  }
  __syncthreads();
  if (warp > 0) return;
  int count = 0;
  for (int k0 = 0; k0 < a.kv; k0 += kWarpSize) {
    const bool there = k0 + lane < a.kv && offsets.list[k0 + lane];
    const unsigned set = __ballot_sync(kFullWarp, there);
    __syncwarp();  // the list is packed in place: all 32 flags are read before any is overwritten
    const int before = count + __popc(set & ((1u << lane) - 1));
    if (there) offsets.list[before] = static_cast<uint16_t>(k0 + lane);
    count += __popc(set);
    __syncwarp();
  }
  if (lane == 0) offsets.count = count;
}

template <class T, bool kVector>
__global__ void __launch_bounds__(T::kThreads) multiply_tiles(Conv a, DataErrors* log) {
  __shared__ __align__(16) TileBuffers<T> buffers;
  __shared__ Offsets offsets;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * T::kM;
  const int64_t column = static_cast<int64_t>(blockIdx.y) * T::kN;
  list_offsets(a, first, T::kM, offsets, log);
  __syncthreads();
  const MapSource source{a, offsets, first};
  TileProduct<T, kVector, MapSource> product(source, {a.cin, a.cout}, buffers, column);
  product.run(offsets.count);
  product.write(a.out, first, a.m, a.end);
}

}  // namespace

void sparse_conv_implicit(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  const Conv a = conv_of(args);
  if (a.kv > kMostOffsets)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv: weight has %lld offsets, at most %d are "
         "supported", static_cast<long long>(a.kv), kMostOffsets);
  with_tile(a.m, a.cout, device.multiprocessors(), [&](auto tile) {
    using T = decltype(tile);
    const dim3 grid = blocks(a.m, T::kM, ceil_div(a.cout, T::kN));
    if (a.fours()) {
      VMK_LAUNCH(device, (multiply_tiles<T, true>), grid, T::kThreads, a, device.data_errors());
    } else {
      VMK_LAUNCH(device, (multiply_tiles<T, false>), grid, T::kThreads, a, device.data_errors());
    }
  });
}

}  // namespace vmk
