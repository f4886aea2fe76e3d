#pragma once
// The f32 tile product of the convolutions: a block multiplies kM rows, gathered through a kernel
// map or contiguous, by kN columns of the weights of a list of offsets, kK channels a step. Two
// buffers in shared memory: a step is loaded into registers while the one before is multiplied.
// The sum runs over offsets and channels in ascending order whatever the tile shape is, so every
// shape gives the same bits.
#include "channels.cuh"
#include "conv.cuh"

namespace vmk {

template <int M, int N, int PerThreadM, int PerThreadN>
struct Tile {
  static constexpr int kM = M, kN = N, kK = 16;
  static constexpr int kThreadM = PerThreadM, kThreadN = PerThreadN;
  static constexpr int kThreads = (M / PerThreadM) * (N / PerThreadN);
};

struct Shape {
  int64_t cin, cout;
};

// What a block keeps in shared memory. Rows are stored channel by channel, so that a thread reads
// the rows it multiplies as 16 bytes; four words of padding spread the stores over the banks.
template <class T>
struct TileBuffers {
  float rows[2][T::kK][T::kM + 4];
  float weight[2][T::kK][T::kN];
};

// Four channels from `from`, zeros behind the last one. kVector: counts are multiples of four.
template <bool kVector>
__device__ inline float4 load_four(const float* from, int64_t left) {
  if constexpr (kVector) {
    return left > 0 ? *reinterpret_cast<const float4*>(from) : make_float4(0, 0, 0, 0);
  } else {
    return make_float4(left > 0 ? from[0] : 0, left > 1 ? from[1] : 0, left > 2 ? from[2] : 0,
                       left > 3 ? from[3] : 0);
  }
}

// One thread's share of a block. Source says which rows a step multiplies:
//   const float* row(int step, int r)   the features of row r of the tile at that step's offset,
//                                       nullptr for a row that is not there
//   const float* weight(int step)       [Cin, Cout] of that step's offset
template <class T, bool kVector, class Source>
class TileProduct {
 public:
  __device__ TileProduct(const Source& source, const Shape& shape, TileBuffers<T>& buffers,
                         int64_t column)
      : source_(source), shape_(shape), buffers_(buffers), column_(column) {}

  // Multiplies `offsets` steps of all channels. Every thread of the block must call it.
  __device__ void run(int offsets) {
    const int chunks = static_cast<int>(ceil_div(shape_.cin, T::kK));
    const int steps = offsets * chunks;
    if (steps == 0) return;
    fetch(0, 0);
    store(0);
    __syncthreads();
    for (int step = 0; step < steps; ++step) {
      const int next = step + 1;
      if (next < steps) fetch(next / chunks, next % chunks * T::kK);
      multiply(step & 1);
      if (next < steps) store(next & 1);
      __syncthreads();
    }
  }

  // Writes the tile to the rows of out from `first` on, those below m.
  __device__ void write(float* out, int64_t first, int64_t m, const ConvEnd& end) const {
#pragma unroll
    for (int i = 0; i < T::kThreadM; ++i) {
      const int64_t row = first + thread_row() + i;
      if (row >= m) return;
#pragma unroll
      for (int j = 0; j < T::kThreadN; j += 4) {
        const int64_t column = column_ + thread_column() + j, at = row * shape_.cout + column;
        if (column >= shape_.cout) break;
        float four[4];
#pragma unroll
        for (int c = 0; c < 4; ++c)
          if (kVector || column + c < shape_.cout)
            four[c] = end.of(sum_[i][j + c], at + c, column + c);
        if constexpr (kVector) {
          *reinterpret_cast<float4*>(out + at) = make_float4(four[0], four[1], four[2], four[3]);
        } else {
          for (int c = 0; c < 4 && column + c < shape_.cout; ++c) out[at + c] = four[c];
        }
      }
    }
  }

 private:
  static constexpr int kRowLoads = T::kM * T::kK / 4;
  static constexpr int kWeightLoads = T::kK * T::kN / 4;
  static constexpr int kRowTurns = (kRowLoads + T::kThreads - 1) / T::kThreads;
  static constexpr int kWeightTurns = (kWeightLoads + T::kThreads - 1) / T::kThreads;

  __device__ int thread_row() const {
    return static_cast<int>(threadIdx.x) / (T::kN / T::kThreadN) * T::kThreadM;
  }
  __device__ int thread_column() const {
    return static_cast<int>(threadIdx.x) % (T::kN / T::kThreadN) * T::kThreadN;
  }

  // Channels [c0, c0 + kK) of an offset, from device memory to registers.
  __device__ void fetch(int offset, int c0) {
#pragma unroll
    for (int turn = 0; turn < kRowTurns; ++turn) {
      const int at = static_cast<int>(threadIdx.x) + turn * T::kThreads;
      const int r = at / (T::kK / 4), c = c0 + at % (T::kK / 4) * 4;
      const float* row = at < kRowLoads ? source_.row(offset, r) : nullptr;
      next_rows_[turn] = load_four<kVector>(row ? row + c : nullptr, row ? shape_.cin - c : 0);
    }
    const float* weight = source_.weight(offset);
#pragma unroll
    for (int turn = 0; turn < kWeightTurns; ++turn) {
      const int at = static_cast<int>(threadIdx.x) + turn * T::kThreads;
      const int c = c0 + at / (T::kN / 4);
      const int64_t column = column_ + at % (T::kN / 4) * 4;
      const bool there = at < kWeightLoads && c < shape_.cin;
      next_weight_[turn] = load_four<kVector>(weight + c * shape_.cout + column,
                                              there ? shape_.cout - column : 0);
    }
  }

  // From registers to shared memory.
  __device__ void store(int buffer) {
#pragma unroll
    for (int turn = 0; turn < kRowTurns; ++turn) {
      const int at = static_cast<int>(threadIdx.x) + turn * T::kThreads;
      const int r = at / (T::kK / 4), c = at % (T::kK / 4) * 4;
      if (at >= kRowLoads) break;
      buffers_.rows[buffer][c][r] = next_rows_[turn].x;
      buffers_.rows[buffer][c + 1][r] = next_rows_[turn].y;
      buffers_.rows[buffer][c + 2][r] = next_rows_[turn].z;
      buffers_.rows[buffer][c + 3][r] = next_rows_[turn].w;
    }
#pragma unroll
    for (int turn = 0; turn < kWeightTurns; ++turn) {
      const int at = static_cast<int>(threadIdx.x) + turn * T::kThreads;
      if (at >= kWeightLoads) break;
      float* to = &buffers_.weight[buffer][at / (T::kN / 4)][at % (T::kN / 4) * 4];
      *reinterpret_cast<float4*>(to) = next_weight_[turn];
    }
  }

  __device__ void multiply(int buffer) {
#pragma unroll
    for (int c = 0; c < T::kK; ++c) {
      float a[T::kThreadM], b[T::kThreadN];
      read_fours<T::kThreadM>(a, &buffers_.rows[buffer][c][thread_row()]);
      read_fours<T::kThreadN>(b, &buffers_.weight[buffer][c][thread_column()]);
#pragma unroll
      for (int i = 0; i < T::kThreadM; ++i)
#pragma unroll
        for (int j = 0; j < T::kThreadN; ++j) sum_[i][j] = fmaf(a[i], b[j], sum_[i][j]);
    }
  }

  template <int kCount>
  __device__ static void read_fours(float* to, const float* from) {
#pragma unroll
    for (int i = 0; i < kCount; i += 4) {
      const float4 four = *reinterpret_cast<const float4*>(from + i);
      to[i] = four.x;
      to[i + 1] = four.y;
      to[i + 2] = four.z;
      to[i + 3] = four.w;
    }
  }

  const Source& source_;
  const Shape shape_;
  TileBuffers<T>& buffers_;
  const int64_t column_;
  float4 next_rows_[kRowTurns], next_weight_[kWeightTurns];
  float sum_[T::kThreadM][T::kThreadN] = {};
};

// Calls launch(tile) with the tile for this many columns and rows: narrow outputs get narrow
// tiles; when tall ones would leave multiprocessors idle, half as tall ones.
template <class F>
void with_tile(int64_t m, int64_t cout, int multiprocessors, F&& launch) {
  if (cout <= 16) return launch(Tile<128, 16, 4, 4>{});
  if (cout <= 32) return launch(Tile<128, 32, 4, 4>{});
  if (ceil_div(m, 128) * ceil_div(cout, 64) < 2 * multiprocessors)
    return launch(Tile<64, 64, 4, 4>{});
  launch(Tile<128, 64, 8, 4>{});
}

}  // namespace vmk
