#pragma once
// How a block brings its operands to shared memory: kM gathered rows and kN columns of the weights,
// kK channels a step, in the background and kStages - 1 steps ahead.
//
// The axis that is summed over runs through the channels of one offset after another, so that a
// step may hold several offsets of few channels. Rows and columns that are not there are zeros.
//
// A tile type T says: Element, kM, kN, kK, kStages, kThreads, kPad. Rows says which rows:
//   int offsets()                  how many offsets are summed
//   int64_t weight(int offset)     which matrix of the weights that is
//   int row(int offset, int r)     the row of the features for row r of the tile, or -1
#include "conv_call.cuh"

namespace vmk {

// Shared memory of a tile. Rows are an odd number of 16-byte vectors apart: eight of them, one
// below the other, then lie in different banks, which is what loads of matrices need.
template <class T>
struct TileMemory {
  using Element = typename T::Element;
  static constexpr int kPerVector = 16 / static_cast<int>(sizeof(Element));
  static constexpr int kRowVectors = T::kK / kPerVector, kWeightVectors = T::kN / kPerVector;
  static constexpr int kRowStride = (kRowVectors | 1) * kPerVector;  // elements
  static constexpr int kWeightStride = (kWeightVectors + T::kPad) * kPerVector;
  static constexpr int kRowElements = T::kM * kRowStride;
  static constexpr int kStageElements = kRowElements + T::kK * kWeightStride;
  static constexpr int kBytes =
      T::kStages * kStageElements * static_cast<int>(sizeof(Element));
};

template <class T, class Rows>
class TileLoader {
 public:
  using Element = typename T::Element;
  using Memory = TileMemory<T>;

  // Starts at step `step` of the sum.
  __device__ TileLoader(const ConvCall& a, const Rows& rows, const void* feats, Element* shared,
                        int column, int step)
      : a_(a), rows_(rows), feats_(static_cast<const Element*>(feats)), shared_(shared),
        column_(column), channel_(place(step * T::kK + thread() % Memory::kRowVectors * kPer)) {
#pragma unroll
    for (int turn = 0; turn < kWeightTurns; ++turn)
      weight_[turn] = place(step * T::kK + weight_row(turn));
    look_up();
  }

  // Begins the copies of the next step.
  __device__ void load(int stage) {
    Element* to = shared_ + stage * Memory::kStageElements;
    load_rows(to);
    load_weight(to + Memory::kRowElements);
    if (advance(channel_)) look_up();
#pragma unroll
    for (int turn = 0; turn < kWeightTurns; ++turn) advance(weight_[turn]);
  }

 private:
  static constexpr int kPer = Memory::kPerVector;
  static constexpr int kRowsATurn = T::kThreads / Memory::kRowVectors;
  static constexpr int kRowTurns = (T::kM + kRowsATurn - 1) / kRowsATurn;
  static constexpr int kWeightLoads = T::kK * Memory::kWeightVectors;
  static constexpr int kWeightTurns = (kWeightLoads + T::kThreads - 1) / T::kThreads;
  static_assert(T::kThreads % Memory::kRowVectors == 0, "a thread loads one column of the rows");

  // A place on the axis that is summed over.
  struct Place {
    int offset, channel;
  };

  __device__ static int thread() { return static_cast<int>(threadIdx.x); }
  __device__ static int weight_row(int turn) {
    return (thread() + turn * T::kThreads) / Memory::kWeightVectors;
  }
  __device__ Place place(int at) const { return {at / a_.cin, at % a_.cin}; }
  // One step on; whether the offset is another one now.
  __device__ bool advance(Place& at) const {
    const int before = at.offset;
    at.channel += T::kK;
    while (at.channel >= a_.cin) {
      at.channel -= a_.cin;
      ++at.offset;
    }
    return at.offset != before;
  }

  // The rows of this thread's next step, asked for a step ahead of the copies that need them.
  __device__ void look_up() {
#pragma unroll
    for (int turn = 0; turn < kRowTurns; ++turn) {
      const int r = thread() / Memory::kRowVectors + turn * kRowsATurn;
      const bool there = channel_.offset < rows_.offsets() && r < T::kM;
      row_[turn] = there ? rows_.row(channel_.offset, r) : -1;
    }
  }

  __device__ void load_rows(Element* to) const {
    const int vector = thread() % Memory::kRowVectors;
#pragma unroll
    for (int turn = 0; turn < kRowTurns; ++turn) {
      const int r = thread() / Memory::kRowVectors + turn * kRowsATurn;
      if (T::kM % kRowsATurn != 0 && r >= T::kM) break;
      const bool there = row_[turn] >= 0;
      const Element* from =
          feats_ + (there ? static_cast<int64_t>(row_[turn]) * a_.cin + channel_.channel : 0);
      copy_16(to + r * Memory::kRowStride + vector * kPer, from, there);
    }
  }

  __device__ void load_weight(Element* to) const {
#pragma unroll
    for (int turn = 0; turn < kWeightTurns; ++turn) {
      const int at = thread() + turn * T::kThreads;
      if (kWeightLoads % T::kThreads != 0 && at >= kWeightLoads) break;
      const int vector = at % Memory::kWeightVectors, column = column_ + vector * kPer;
      const Place& place = weight_[turn];
      const bool there = place.offset < rows_.offsets() && column < a_.columns;
      const int64_t matrix = there ? rows_.weight(place.offset) : 0;
      const int64_t from = there ? (matrix * a_.cin + place.channel) * a_.columns + column : 0;
      copy_16(to + weight_row(turn) * Memory::kWeightStride + vector * kPer,
              static_cast<const Element*>(a_.weight) + from, there);
    }
  }

  const ConvCall& a_;
  const Rows& rows_;
  const Element* feats_;
  Element* shared_;
  int column_;
  Place channel_;
  Place weight_[kWeightTurns];
  int row_[kRowTurns];
};

// Multiplies steps [begin, end): the loader runs kStages - 1 steps ahead of `multiply(stage)`.
// Afterwards shared memory is free. Every thread of the block must call it.
template <class T, class Loader, class Multiply>
__device__ inline void run_stages(Loader& loader, int begin, int end, Multiply&& multiply) {
  constexpr int kAhead = T::kStages - 1;
#pragma unroll
  for (int stage = 0; stage < kAhead; ++stage) {
    if (begin + stage < end) loader.load(stage);
    commit_copies();  // an empty group too: groups are counted
  }
  int stage = 0;
  for (int step = begin; step < end; ++step) {
    wait_copies<kAhead - 1>();
    __syncthreads();  // this step is there for all, and nobody reads the stage before it any more
    if (step + kAhead < end) loader.load(stage == 0 ? kAhead : stage - 1);
    commit_copies();
    multiply(stage);
    stage = stage == kAhead ? 0 : stage + 1;
  }
  wait_copies<0>();
  __syncthreads();
}

}  // namespace vmk
