#pragma once
// The tile product on plain multiply-adds in f32, for any GPU and type: a thread sums kThreadM x
// kThreadN elements. The sum runs in ascending order whatever the shape of the tile is, so every
// shape gives the same bits.
#include "mma.cuh"

namespace vmk {

template <class ElementType, int M, int N, int K, int Stages, int ThreadM, int ThreadN>
struct FfmaTile {
  using Element = ElementType;
  static constexpr int kM = M, kN = N, kK = K, kStages = Stages, kPad = 0;
  static constexpr int kThreadM = ThreadM, kThreadN = ThreadN;
  static constexpr int kThreads = (M / ThreadM) * (N / ThreadN);
  // Blocks a multiprocessor, at least: 8 x 8 sums take more than the 128 registers of two.
  static constexpr int kResident = ThreadM * ThreadN > 32 ? 1 : 512 / kThreads;
  static constexpr bool kTensorCores = false;
  class Sums;
};

// Four elements of shared memory as f32.
__device__ inline void read_four(float (&to)[4], const float* from) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x;
  to[1] = four.y;
  to[2] = four.z;
  to[3] = four.w;
}
template <class Element>
__device__ inline void read_four(float (&to)[4], const Element* from) {
  const auto pack = *reinterpret_cast<const Pack<Element, 4>*>(from);
#pragma unroll
  for (int i = 0; i < 4; ++i) to[i] = to_float(pack.at[i]);
}

// What a block sums.
template <class E, int M, int N, int K, int Stages, int ThreadM, int ThreadN>
class FfmaTile<E, M, N, K, Stages, ThreadM, ThreadN>::Sums {
 public:
  // Adds a step: M rows of K channels, kRowStride apart, times K rows of N columns.
  template <int kRowStride, int kRightStride>
  __device__ void add(const E* rows, const E* right) {
    rows += thread_row() * kRowStride;
#pragma unroll
    for (int k = 0; k < K; k += 4) {
      float a[ThreadM][4];
#pragma unroll
      for (int i = 0; i < ThreadM; ++i) read_four(a[i], rows + i * kRowStride + k);
#pragma unroll
      for (int c = 0; c < 4; ++c)
        add_one(right + (k + c) * kRightStride, [&](int i) { return a[i][c]; });
    }
  }

  // The same of K rows of M channels: the left operand lies transposed.
  template <int kLeftStride, int kRightStride>
  __device__ void add_transposed(const E* left, const E* right) {
#pragma unroll
    for (int k = 0; k < K; ++k) {
      float a[ThreadM / 4][4];
#pragma unroll
      for (int i = 0; i < ThreadM / 4; ++i)
        read_four(a[i], left + k * kLeftStride + thread_row() + i * 4);
      add_one(right + k * kRightStride, [&](int i) { return a[i / 4][i % 4]; });
    }
  }

  // Shared memory that `each` takes.
  static constexpr int kBytes = 0;

  // Calls use(row of the tile, column of it, 4 sums that stand side by side from there).
  template <class Use>
  __device__ void each(unsigned char*, Use&& use) const {
#pragma unroll
    for (int i = 0; i < ThreadM; ++i)
#pragma unroll
      for (int j = 0; j < ThreadN / 4; ++j)
        use(thread_row() + i, thread_column() + j * 4, sum_[i][j]);
  }

 private:
  static_assert(ThreadM % 4 == 0 && ThreadN % 4 == 0 && K % 4 == 0, "operands are read by fours");

  __device__ static int thread_row() {
    return static_cast<int>(threadIdx.x) / (N / ThreadN) * ThreadM;
  }
  __device__ static int thread_column() {
    return static_cast<int>(threadIdx.x) % (N / ThreadN) * ThreadN;
  }

  // One place of the sum: left(row of the thread) times N columns.
  template <class Left>
  __device__ void add_one(const E* right, Left&& left) {
    float b[ThreadN / 4][4];
#pragma unroll
    for (int j = 0; j < ThreadN / 4; ++j) read_four(b[j], right + thread_column() + j * 4);
#pragma unroll
    for (int i = 0; i < ThreadM; ++i)
#pragma unroll
      for (int j = 0; j < ThreadN; ++j)
        sum_[i][j / 4][j % 4] = fmaf(left(i), b[j / 4][j % 4], sum_[i][j / 4][j % 4]);
  }

  float sum_[ThreadM][ThreadN / 4][4] = {};
};

}  // namespace vmk
