#pragma once
// The kernel of the weights' gradient that is instantiated once a tile. A block owns kM x kN of the
// gradient of one offset, and a piece of the outputs: it lists their pairs in order, brings the rows
// of kK pairs a step to shared memory, kStages - 1 steps ahead, and sums their outer products.
#include "conv_offsets.cuh"
#include "tile_ffma.cuh"
#include "tile_loader.cuh"
#include "tile_mma.cuh"
#include "wgrad_tiles.hpp"

namespace vmk {

// Shared memory: stages of kK rows of feats and kK rows of gradients, and the rows of the pairs.
template <class T>
struct WgradMemory {
  using Element = typename T::Element;
  static constexpr int kPerVector = 16 / static_cast<int>(sizeof(Element));
  static constexpr int kLeftStride = T::kM + T::kPad * kPerVector;
  static constexpr int kRightStride = T::kN + T::kPad * kPerVector;
  static constexpr int kLeftElements = T::kK * kLeftStride;
  static constexpr int kStageElements = kLeftElements + T::kK * kRightStride;
  static constexpr int kStageBytes =
      T::kStages * kStageElements * static_cast<int>(sizeof(Element));
  static constexpr int kSpan = kPairSpan / T::kThreads * T::kThreads;
  static constexpr int kPairs = kPairSpan + kPairSpan / 2;  // that are listed, at most
  static constexpr int kBytes = kStageBytes + 2 * (kPairs + T::kK) * static_cast<int>(sizeof(int));
  static_assert(T::Sums::kBytes <= kStageBytes);
};

// The pairs of a block's offset that lie in its piece, some at a time. A row of -1 is zeros.
template <class T>
class PairList {
 public:
  __device__ PairList(const WgradCall& a, unsigned char* shared, DataErrors* log)
      : a_(a), log_(log), in_(reinterpret_cast<int32_t*>(shared + Memory::kStageBytes)),
        out_(in_ + Memory::kPairs + T::kK) {
    const int64_t k = blockIdx.y, piece = blockIdx.z;
    int64_t begin = 0, count = a.m;
    if (a.pairs) {
      begin = a.starts[k];
      count = a.starts[k + 1] - begin;
      if (begin < 0 || count < 0 || begin > a.p - count) {
        note(log, kBadConvStarts, 0, k, begin);
        begin = count = 0;
      }
    }
    next_ = begin + count * piece / a.pieces;
    end_ = begin + count * (piece + 1) / a.pieces;
  }

  // Lists the next pairs, with empty ones behind them that fill a step, and answers how many there
  // are; 0 at the end. Every thread of the block must call it, and nobody may still read the list.
  __device__ int fill() {
    int count = 0;
    if (a_.pairs) {
      count = copy();
    } else {
      while (next_ < end_ && count + Memory::kSpan <= Memory::kPairs) count = look_up(count);
    }
    for (int i = thread(); i < T::kK; i += T::kThreads) in_[count + i] = out_[count + i] = -1;
    __syncthreads();
    return count;
  }

  __device__ const int32_t* in_rows() const { return in_; }
  __device__ const int32_t* out_rows() const { return out_; }

 private:
  using Memory = WgradMemory<T>;
  static constexpr int kTurns = Memory::kSpan / T::kThreads;

  __device__ static int thread() { return static_cast<int>(threadIdx.x); }

  __device__ void set(int at, int32_t in, int32_t out) {
    in_[at] = in;
    out_[at] = out;
  }

  // Pairs that are listed already; those that name no row are empty.
  __device__ int copy() {
    const auto count = static_cast<int>(min(end_ - next_, static_cast<int64_t>(Memory::kPairs)));
    for (int i = thread(); i < count; i += T::kThreads) {
      const int32_t in = a_.pairs[next_ + i], out = a_.pairs[a_.p + next_ + i];
      const bool bad_in = in < 0 || in >= a_.n, bad = bad_in || out < 0 || out >= a_.m;
      if (bad) note(log_, kBadPair, 0, next_ + i, bad_in ? in : out);
      set(i, bad ? -1 : in, bad ? -1 : out);
    }
    next_ += count;
    return count;
  }

  // The pairs of the next span of outputs, behind `count` others. A warp looks at outputs that lie
  // side by side, and asks for all of them before it waits for the first.
  __device__ int look_up(int count) {
    __shared__ int counts[T::kThreads / kWarpSize];
    const int32_t* map = a_.map + blockIdx.y * a_.m;
    const int lane = thread() % kWarpSize, warp = thread() / kWarpSize;
    const int64_t first = next_ + warp * kTurns * kWarpSize + lane;
    int32_t rows[kTurns];
    int before[kTurns], all = 0;
#pragma unroll
    for (int turn = 0; turn < kTurns; ++turn) {
      const int64_t m = first + turn * kWarpSize;
      rows[turn] = m < end_ ? map[m] : -1;
    }
#pragma unroll
    for (int turn = 0; turn < kTurns; ++turn) {
      if (rows[turn] >= a_.n) {
        note(log_, kBadMapEntry, 0, first + turn * kWarpSize, rows[turn]);
        rows[turn] = -1;
      }
      const unsigned set = __ballot_sync(kFullWarp, rows[turn] >= 0);
      before[turn] = all + __popc(set & ((1u << lane) - 1));
      all += __popc(set);
    }
    if (lane == 0) counts[warp] = all;
    __syncthreads();
    int base = count;
    for (int w = 0; w < T::kThreads / kWarpSize; ++w) {
      if (w < warp) base += counts[w];
      count += counts[w];
    }
#pragma unroll
    for (int turn = 0; turn < kTurns; ++turn)
      if (rows[turn] >= 0)
        set(base + before[turn], rows[turn], static_cast<int32_t>(first + turn * kWarpSize));
    next_ += Memory::kSpan;
    __syncthreads();  // counts is written again by the next call
    return count;
  }

  const WgradCall& a_;
  DataErrors* log_;
  int32_t *in_, *out_;
  int64_t next_, end_;
};

// Brings the rows of the listed pairs to shared memory, from channels `left` and `right` on.
template <class T>
class PairLoader {
 public:
  using Element = typename T::Element;

  __device__ PairLoader(const WgradCall& a, const PairList<T>& list, Element* shared, int left,
                        int right)
      : a_(a), in_(list.in_rows()), out_(list.out_rows()), shared_(shared), left_(left),
        right_(right) {}

  // Begins the copies of the next step.
  __device__ void load(int stage) {
    Element* to = shared_ + stage * Memory::kStageElements;
    copy<T::kM>(a_.feats, a_.feat_channels, in_, left_, to);
    copy<T::kN>(a_.grads, a_.grad_channels, out_, right_, to + Memory::kLeftElements);
    in_ += T::kK;
    out_ += T::kK;
  }

 private:
  using Memory = WgradMemory<T>;

  template <int kWidth>
  __device__ static void copy(const void* all, int channels, const int32_t* rows, int first,
                              Element* to) {
    constexpr int kPer = Memory::kPerVector, kVectors = kWidth / kPer;
    constexpr int kLoads = T::kK * kVectors, kStride = kWidth + T::kPad * kPer;
    const auto* from = static_cast<const Element*>(all);
#pragma unroll
    for (int at = static_cast<int>(threadIdx.x); at < kLoads; at += T::kThreads) {
      const int r = at / kVectors, column = at % kVectors * kPer;
      const int32_t row = rows[r];
      const bool there = row >= 0 && first + column < channels;
      copy_16(to + r * kStride + column,
              from + (there ? static_cast<int64_t>(row) * channels + first + column : 0), there);
    }
  }

  const WgradCall& a_;
  const int32_t *in_, *out_;
  Element* shared_;
  int left_, right_;
};

// Writes sums that stand side by side, those of columns that are there.
template <int kCount>
__device__ inline void write_sums(float* row, int column, int cout, const float (&sum)[kCount]) {
  if (cout % kCount == 0) {  // then all are inside, and aligned
    if (column < cout) copy_sums(row + column, sum);
    return;
  }
#pragma unroll
  for (int i = 0; i < kCount; ++i)
    if (column + i < cout) row[column + i] = sum[i];
}

// blockIdx.x: tiles, blockIdx.y: offsets, blockIdx.z: pieces.
template <class T>
__global__ void __launch_bounds__(T::kThreads, T::kResident) sum_outer(WgradCall a, DataErrors* log) {
  VMK_DYNAMIC_SHARED(shared);
  using Memory = WgradMemory<T>;
  using Element = typename T::Element;
  const auto tiles = static_cast<int>(ceil_div(a.cout, T::kN));
  const int i0 = static_cast<int>(blockIdx.x) / tiles * T::kM;
  const int o0 = static_cast<int>(blockIdx.x) % tiles * T::kN;
  auto* stages = reinterpret_cast<Element*>(shared);
  PairList<T> list(a, shared, log);
  typename T::Sums sums;
  while (const int pairs = list.fill()) {
    PairLoader<T> loader(a, list, stages, i0, o0);
    run_stages<T>(loader, 0, (pairs + T::kK - 1) / T::kK, [&](int stage) {
      const Element* left = stages + stage * Memory::kStageElements;
      sums.template add_transposed<Memory::kLeftStride, Memory::kRightStride>(
          left, left + Memory::kLeftElements);
    });
  }
  float* out = a.sums + (blockIdx.z * a.kv + blockIdx.y) * a.cin * a.cout;
  sums.each(shared, [&](int r, int column, const auto& sum) {
    if (i0 + r < a.cin)
      write_sums(out + static_cast<int64_t>(i0 + r) * a.cout, o0 + column, a.cout, sum);
  });
}

template <class T>
void launch_sums(CudaDevice& device, const WgradCall& a) {
  constexpr int kBytes = WgradMemory<T>::kBytes;
  dim3 grid = blocks(ceil_div(a.cin, T::kM) * ceil_div(a.cout, T::kN), 1, a.kv);
  grid.z = static_cast<unsigned>(a.pieces);
  device.allow_shared(reinterpret_cast<const void*>(sum_outer<T>), kBytes);
  VMK_LAUNCH_SHARED(device, sum_outer<T>, grid, T::kThreads, kBytes, a, device.data_errors());
}

template <class T>
constexpr WgradTile wgrad_tile(const char* name) {
  return {tile_shape<T>(name, WgradMemory<T>::kBytes), launch_sums<T>};
}

}  // namespace vmk
