#pragma once
// The tile product on tensor cores (mma.sync): WarpsM x WarpsN warps share the tile, each sums its
// part in fragments of 16 x 8. Sums are f32; F16, Bf16 and Tf32 operands.
#include "mma.cuh"

namespace vmk {

template <class ElementType, int M, int N, int K, int Stages, int WarpsM, int WarpsN>
struct MmaTile {
  using Element = ElementType;
  static constexpr int kM = M, kN = N, kK = K, kStages = Stages;
  // Vectors between rows of the right operand, and of a transposed left one. Tf32 is read word by
  // word, four rows and eight columns at a time: rows two vectors apart modulo the banks keep those
  // 32 words in different ones.
  static constexpr int kPad = sizeof(Element) == 4 ? 2 : 1;
  static constexpr int kThreads = WarpsM * WarpsN * kWarpSize;
  static constexpr int kResident = 512 / kThreads;  // blocks a multiprocessor, at least
  static constexpr bool kTensorCores = true;
  class Sums;
};

// What a block sums.
template <class E, int M, int N, int K, int Stages, int WarpsM, int WarpsN>
class MmaTile<E, M, N, K, Stages, WarpsM, WarpsN>::Sums {
 public:
  // Adds a step: M rows of K channels, kRowStride apart, times K rows of N columns.
  template <int kRowStride, int kRightStride>
  __device__ void add(const E* rows, const E* right) {
    add_step<kRightStride>(right, [&](uint32_t (&to)[4], int row, int k) {
      read_rows<kRowStride>(to, rows + row * kRowStride + k);
    });
  }

  // The same of K rows of M channels: the left operand lies transposed.
  template <int kLeftStride, int kRightStride>
  __device__ void add_transposed(const E* left, const E* right) {
    add_step<kRightStride>(right, [&](uint32_t (&to)[4], int row, int k) {
      read_columns<kLeftStride>(to, left + k * kLeftStride + row);
    });
  }

  // Shared memory that `each` takes.
  static constexpr int kBytes = WarpsM * WarpsN * 16 * (N / WarpsN + 4) * 4;

  // Calls use(row of the tile, column of it, 8 sums that stand side by side from there). The
  // fragments go through shared memory, 16 rows at a time, so that a row is written in long pieces.
  template <class Use>
  __device__ void each(unsigned char* shared, Use&& use) const {
    constexpr int kStride = kWarpN + 4, kGroups = kWarpN / 8;
    float* slab = reinterpret_cast<float*>(shared) + warp() * 16 * kStride;
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
        use(warp_row() + i * 16 + at / kGroups, warp_column() + at % kGroups * 8, eight);
      }
      __syncwarp();
    }
  }

 private:
  static constexpr int kWarpM = M / WarpsM, kWarpN = N / WarpsN;
  static constexpr int kRowTiles = kWarpM / 16, kColumnTiles = kWarpN / 8;
  static constexpr int kPerStep = 32 / static_cast<int>(sizeof(E));  // channels of one product
  static_assert(kWarpM % 16 == 0 && kWarpN % 16 == 0 && K % kPerStep == 0);

  __device__ static int lane() { return static_cast<int>(threadIdx.x) % kWarpSize; }
  __device__ static int warp() { return static_cast<int>(threadIdx.x) / kWarpSize; }
  __device__ static int warp_row() { return warp() / WarpsN * kWarpM; }
  __device__ static int warp_column() { return warp() % WarpsN * kWarpN; }

  // read_left(fragment, row of the tile, place in the step)
  template <int kRightStride, class ReadLeft>
  __device__ void add_step(const E* right, ReadLeft&& read_left) {
#pragma unroll
    for (int k = 0; k < K; k += kPerStep) {
      uint32_t a[kRowTiles][4], b[kColumnTiles][2];
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i) read_left(a[i], warp_row() + i * 16, k);
#pragma unroll
      for (int j = 0; j < kColumnTiles; j += 2)
        read_right<kRightStride>(b[j], b[j + 1], right + k * kRightStride + warp_column() + j * 8);
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i)
#pragma unroll
        for (int j = 0; j < kColumnTiles; ++j) multiply<E>(sum_[i][j], a[i], b[j]);
    }
  }

  // A fragment of 16 rows. Read as 16-bit elements, four bytes of tf32 come to the right lanes too.
  template <int kStride>
  __device__ static void read_rows(uint32_t (&to)[4], const E* rows) {
    load_matrices<false>(to, rows + lane() % 16 * kStride + lane() / 16 * (16 / sizeof(E)));
    if constexpr (sizeof(E) == 4) {
#pragma unroll
      for (uint32_t& bits : to) bits = tf32_of(bits);
    }
  }

  // A fragment of 16 columns of the transposed operand. Matrices are transposed by 16 bits: words
  // are read one by one.
  template <int kStride>
  __device__ static void read_columns(uint32_t (&to)[4], const E* left) {
    if constexpr (sizeof(E) == 2) {
      const int matrix = lane() / 8;
      load_matrices<true>(to, left + (matrix / 2 * 8 + lane() % 8) * kStride + matrix % 2 * 8);
    } else {
      const E* at = left + lane() % 4 * kStride + lane() / 4;
#pragma unroll
      for (int i = 0; i < 4; ++i) to[i] = tf32_of(bits_of(at[i / 2 * 4 * kStride + i % 2 * 8]));
    }
  }

  // Fragments of 8 columns each, side by side.
  template <int kStride>
  __device__ static void read_right(uint32_t (&first)[2], uint32_t (&second)[2], const E* right) {
    if constexpr (sizeof(E) == 2) {
      uint32_t four[4];
      load_matrices<true>(four, right + lane() % 16 * kStride + lane() / 16 * 8);
      first[0] = four[0];
      first[1] = four[1];
      second[0] = four[2];
      second[1] = four[3];
    } else {
      const E* at = right + lane() % 4 * kStride + lane() / 4;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        first[i] = tf32_of(bits_of(at[i * 4 * kStride]));
        second[i] = tf32_of(bits_of(at[i * 4 * kStride + 8]));
      }
    }
  }
  __device__ static uint32_t bits_of(E value) {
    return static_cast<uint32_t>(__float_as_int(to_float(value)));
  }

  float sum_[kRowTiles][kColumnTiles][4] = {};
};

}  // namespace vmk
