#pragma once
// The tile product on plain multiply-adds in f32, for any GPU and type: a thread sums kThreadM x
// kThreadN elements. The sum runs over offsets and channels in ascending order whatever the shape
// of the tile is, so every shape gives the same bits.
#include "tile_loader.cuh"

namespace vmk {

template <class ElementType, int M, int N, int K, int Stages, int ThreadM, int ThreadN>
struct FfmaTile {
  using Element = ElementType;
  static constexpr int kM = M, kN = N, kK = K, kStages = Stages, kWeightPad = 0;
  static constexpr int kThreadM = ThreadM, kThreadN = ThreadN;
  static constexpr int kThreads = (M / ThreadM) * (N / ThreadN);
  static constexpr bool kTensorCores = false;
  template <class Rows>
  class Product;
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

template <class E, int M, int N, int K, int Stages, int ThreadM, int ThreadN>
template <class Rows>
class FfmaTile<E, M, N, K, Stages, ThreadM, ThreadN>::Product {
 public:
  using Tile = FfmaTile;

  __device__ Product(const ConvCall& a, const Rows& rows, const void* feats, unsigned char* shared,
                     int column)
      : a_(a), rows_(rows), feats_(feats), shared_(reinterpret_cast<E*>(shared)),
        column_(column) {}

  __device__ void run(int begin, int end) {
    TileLoader<Tile, Rows> loader(a_, rows_, feats_, shared_, column_, begin);
    run_stages<Tile>(loader, begin, end, [&](int stage) { multiply(stage); });
  }

  // Calls use(row of the tile, column, sums that stand side by side from there).
  template <class Use>
  __device__ void each(Use&& use) const {
#pragma unroll
    for (int i = 0; i < ThreadM; ++i)
#pragma unroll
      for (int j = 0; j < ThreadN / 4; ++j)
        use(thread_row() + i, column_ + thread_column() + j * 4, sum_[i][j]);
  }

 private:
  using Memory = TileMemory<Tile>;
  static_assert(ThreadN % 4 == 0 && K % 4 == 0, "operands are read by fours");

  __device__ static int thread_row() {
    return static_cast<int>(threadIdx.x) / (N / ThreadN) * ThreadM;
  }
  __device__ static int thread_column() {
    return static_cast<int>(threadIdx.x) % (N / ThreadN) * ThreadN;
  }

  __device__ void multiply(int stage) {
    const E* rows = shared_ + stage * Memory::kStageElements + thread_row() * Memory::kRowStride;
    const E* weight = shared_ + stage * Memory::kStageElements + Memory::kRowElements +
                      thread_column();
#pragma unroll
    for (int k = 0; k < K; k += 4) {
      float a[ThreadM][4];
#pragma unroll
      for (int i = 0; i < ThreadM; ++i) read_four(a[i], rows + i * Memory::kRowStride + k);
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        float b[ThreadN / 4][4];
#pragma unroll
        for (int j = 0; j < ThreadN / 4; ++j)
          read_four(b[j], weight + (k + c) * Memory::kWeightStride + j * 4);
#pragma unroll
        for (int i = 0; i < ThreadM; ++i)
#pragma unroll
          for (int j = 0; j < ThreadN; ++j)
            sum_[i][j / 4][j % 4] = fmaf(a[i][c], b[j / 4][j % 4], sum_[i][j / 4][j % 4]);
      }
    }
  }

  const ConvCall& a_;
  const Rows& rows_;
  const void* feats_;
  E* shared_;
  int column_;
  float sum_[ThreadM][ThreadN / 4][4] = {};
};

}  // namespace vmk
