#pragma once
// The kernel of the weights' gradient that is instantiated once a tile. A block owns kM x kN of the
// gradient of one offset, and a chunk of its pairs: it brings the rows of kK pairs a step to shared
// memory, kStages - 1 steps ahead, and sums their outer products in the order of the pairs.
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
  static constexpr int kPairs = 1024;  // that are there at a time
  static_assert(kPairs % T::kK == 0);
  static constexpr int kBytes = kStageBytes + 2 * kPairs * static_cast<int>(sizeof(int32_t));
  static_assert(T::Sums::kBytes <= kStageBytes);
};

// The pairs of a chunk, some at a time. A row of -1 is zeros.
template <class T>
class PairList {
 public:
  __device__ PairList(const WgradCall& a, unsigned char* shared, int64_t begin, int64_t end,
                      DataErrors* log)
      : a_(a), log_(log), in_(reinterpret_cast<int32_t*>(shared + Memory::kStageBytes)),
        out_(in_ + Memory::kPairs), next_(begin), end_(end) {}

  // Reads the next pairs, with empty ones behind them that fill a step, and answers how many steps
  // they are; 0 at the end. Every thread of the block must call it, and nobody may still read the
  // list. Pairs that name no row are empty.
  __device__ int fill() {
    const auto count = static_cast<int>(min(end_ - next_, static_cast<int64_t>(Memory::kPairs)));
    const int steps = (count + T::kK - 1) / T::kK;
    for (int i = static_cast<int>(threadIdx.x); i < steps * T::kK; i += T::kThreads) {
      const bool there = i < count;
      const int32_t in = there ? a_.pairs[next_ + i] : -1;
      const int32_t out = there ? a_.pairs[a_.room + next_ + i] : -1;
      const bool bad_in = in < 0 || in >= a_.n, bad = bad_in || out < 0 || out >= a_.m;
      if (there && bad) report(next_ + i, in, out, bad_in);
      in_[i] = bad ? -1 : in;
      out_[i] = bad ? -1 : out;
    }
    next_ += count;
    __syncthreads();
    return steps;
  }

  __device__ const int32_t* in_rows() const { return in_; }
  __device__ const int32_t* out_rows() const { return out_; }

 private:
  using Memory = WgradMemory<T>;

  __device__ void report(int64_t pair, int32_t in, int32_t out, bool bad_in) const {
    if (a_.bad == kBadMapEntry) return note(log_, kBadMapEntry, 0, out, in);
    note(log_, a_.bad, 0, pair, bad_in ? in : out);
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

// blockIdx.x: the tiles of one chunk after another, as they read the same rows.
template <class T>
__global__ void __launch_bounds__(T::kThreads, T::kResident)
    sum_outer(WgradCall a, DataErrors* log) {
  VMK_DYNAMIC_SHARED(shared);
  using Memory = WgradMemory<T>;
  using Element = typename T::Element;
  const auto columns = static_cast<int>(ceil_div(a.cout, T::kN));
  const int tiles = static_cast<int>(ceil_div(a.cin, T::kM)) * columns;
  const int tile = static_cast<int>(blockIdx.x) % tiles;
  const int64_t chunk = static_cast<int>(blockIdx.x) / tiles;
  const int64_t k = offset_at(a.before, a.kv, chunk);
  if (k < 0) return;
  const int i0 = tile / columns * T::kM, o0 = tile % columns * T::kN;
  const int64_t begin = a.starts[k] + (chunk - a.before[k]) * a.chunk;
  PairList<T> list(a, shared, begin, min(begin + a.chunk, a.starts[k + 1]), log);
  auto* stages = reinterpret_cast<Element*>(shared);
  typename T::Sums sums;
  while (const int steps = list.fill()) {
    PairLoader<T> loader(a, list, stages, i0, o0);
    run_stages<T>(loader, 0, steps, [&](int stage) {
      const Element* left = stages + stage * Memory::kStageElements;
      sums.template add_transposed<Memory::kLeftStride, Memory::kRightStride>(
          left, left + Memory::kLeftElements);
    });
  }
  float* out = a.sums + (a.whole ? k : chunk) * a.cin * a.cout;
  sums.each(shared, [&](int r, int column, const auto& sum) {
    if (i0 + r < a.cin)
      write_sums(out + static_cast<int64_t>(i0 + r) * a.cout, o0 + column, a.cout, sum);
  });
}

template <class T>
void launch_sums(CudaDevice& device, const WgradCall& a) {
  constexpr int kBytes = WgradMemory<T>::kBytes;
  const int64_t tiles = ceil_div(a.cin, T::kM) * ceil_div(a.cout, T::kN);
  device.allow_shared(reinterpret_cast<const void*>(sum_outer<T>), kBytes);
  VMK_LAUNCH_SHARED(device, sum_outer<T>, blocks(a.chunks * tiles, 1), T::kThreads, kBytes, a,
                    device.data_errors());
}

template <class T>
constexpr WgradTile wgrad_tile(const char* name) {
  return {tile_shape<T>(name, WgradMemory<T>::kBytes), launch_sums<T>};
}

}  // namespace vmk
