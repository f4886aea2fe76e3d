#pragma once
// The tile product on tensor cores (mma.sync): WarpsM x WarpsN warps share the tile, each sums its
// part in fragments of 16 x 8. Sums are f32; F16, Bf16 and Tf32 operands.
#include "tile_loader.cuh"

namespace vmk {

template <class ElementType, int M, int N, int K, int Stages, int WarpsM, int WarpsN>
struct MmaTile {
  using Element = ElementType;
  static constexpr int kM = M, kN = N, kK = K, kStages = Stages;
  // Tf32 weights are read word by word, four rows and eight columns at a time: rows two vectors
  // apart modulo the banks keep those 32 words in different ones.
  static constexpr int kWeightPad = sizeof(Element) == 4 ? 2 : 1;
  static constexpr int kWarpsM = WarpsM, kWarpsN = WarpsN;
  static constexpr int kThreads = WarpsM * WarpsN * kWarpSize;
  static constexpr bool kTensorCores = true;
  template <class Rows>
  class Product;
};

template <class E, int M, int N, int K, int Stages, int WarpsM, int WarpsN>
template <class Rows>
class MmaTile<E, M, N, K, Stages, WarpsM, WarpsN>::Product {
 public:
  using Tile = MmaTile;

  __device__ Product(const ConvCall& a, const Rows& rows, const void* feats, unsigned char* shared,
                     int column)
      : a_(a), rows_(rows), feats_(feats), shared_(reinterpret_cast<E*>(shared)),
        column_(column) {}

  __device__ void run(int begin, int end) {
    TileLoader<Tile, Rows> loader(a_, rows_, feats_, shared_, column_, begin);
    run_stages<Tile>(loader, begin, end, [&](int stage) { multiply(stage); });
  }

  // Calls use(row of the tile, column, 8 sums that stand side by side from there). The fragments
  // go through shared memory, 16 rows at a time, so that a row is written in long pieces.
  template <class Use>
  __device__ void each(Use&& use) const {
    constexpr int kStride = kWarpN + 4, kGroups = kWarpN / 8;
    static_assert(WarpsM * WarpsN * 16 * kStride * 4 <= TileMemory<Tile>::kBytes);
    float* slab = reinterpret_cast<float*>(shared_) + warp() * 16 * kStride;
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnTiles; ++j) {
        float* at = slab + lane() / 4 * kStride + j * 8 + lane() % 4 * 2;
        *reinterpret_cast<float2*>(at) = make_float2(sum_[i][j][0], sum_[i][j][1]);
        *reinterpret_cast<float2*>(at + 8 * kStride) = make_float2(sum_[i][j][2], sum_[i][j][3]);
      }
      __syncwarp();
#pragma unroll
      for (int at = lane(); at < 16 * kGroups; at += kWarpSize) {
        const auto* from = reinterpret_cast<const float4*>(slab + at / kGroups * kStride +
                                                           at % kGroups * 8);
        const float4 low = from[0], high = from[1];
        const float eight[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
        use(warp_row() + i * 16 + at / kGroups, column_ + warp_column() + at % kGroups * 8, eight);
      }
      __syncwarp();
    }
  }

 private:
  using Memory = TileMemory<Tile>;
  static constexpr int kWarpM = M / WarpsM, kWarpN = N / WarpsN;
  static constexpr int kRowTiles = kWarpM / 16, kColumnTiles = kWarpN / 8;
  static constexpr int kPerStep = 32 / static_cast<int>(sizeof(E));  // channels of one product
  static_assert(kWarpM % 16 == 0 && kWarpN % 16 == 0 && K % kPerStep == 0);

  __device__ static int lane() { return static_cast<int>(threadIdx.x) % kWarpSize; }
  __device__ static int warp() { return static_cast<int>(threadIdx.x) / kWarpSize; }
  __device__ static int warp_row() { return warp() / WarpsN * kWarpM; }
  __device__ static int warp_column() { return warp() % WarpsN * kWarpN; }

  __device__ void multiply(int stage) {
    const E* rows = shared_ + stage * Memory::kStageElements + warp_row() * Memory::kRowStride;
    const E* weight =
        shared_ + stage * Memory::kStageElements + Memory::kRowElements + warp_column();
#pragma unroll
    for (int k = 0; k < K; k += kPerStep) {
      uint32_t a[kRowTiles][4], b[kColumnTiles][2];
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i)
        read_rows(a[i], rows + i * 16 * Memory::kRowStride + k);
#pragma unroll
      for (int j = 0; j < kColumnTiles; j += 2)
        read_weight(b[j], b[j + 1], weight + k * Memory::kWeightStride + j * 8);
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i)
#pragma unroll
        for (int j = 0; j < kColumnTiles; ++j) vmk::multiply<E>(sum_[i][j], a[i], b[j]);
    }
  }

  // A fragment of 16 rows. Read as 16-bit elements, four bytes of tf32 come to the right lanes too.
  __device__ static void read_rows(uint32_t (&to)[4], const E* rows) {
    load_matrices<false>(to, rows + lane() % 16 * Memory::kRowStride +
                                 lane() / 16 * Memory::kPerVector);
    if constexpr (sizeof(E) == 4) {
#pragma unroll
      for (uint32_t& bits : to) bits = tf32_of(bits);
    }
  }

  // Fragments of 8 columns each, side by side.
  __device__ static void read_weight(uint32_t (&left)[2], uint32_t (&right)[2], const E* weight) {
    if constexpr (sizeof(E) == 2) {
      uint32_t four[4];
      load_matrices<true>(four, weight + lane() % 16 * Memory::kWeightStride + lane() / 16 * 8);
      left[0] = four[0];
      left[1] = four[1];
      right[0] = four[2];
      right[1] = four[3];
    } else {
      const E* at = weight + lane() % 4 * Memory::kWeightStride + lane() / 4;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        left[i] = tf32_of(bits_of(at[i * 4 * Memory::kWeightStride]));
        right[i] = tf32_of(bits_of(at[i * 4 * Memory::kWeightStride + 8]));
      }
    }
  }
  __device__ static uint32_t bits_of(E value) {
    return static_cast<uint32_t>(__float_as_int(to_float(value)));
  }

  const ConvCall& a_;
  const Rows& rows_;
  const void* feats_;
  E* shared_;
  int column_;
  float sum_[kRowTiles][kColumnTiles][4] = {};
};

}  // namespace vmk
