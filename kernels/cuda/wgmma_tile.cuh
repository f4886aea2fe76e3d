#pragma once
// The kernel of implicit GEMM on Hopper's warpgroup products (f16 and bf16) that is instantiated
// once a tile, for sm_90a alone.
//
// A block owns kM outputs x kN columns of one part. Warpgroup 0 brings the operands: features are
// gathered through the map by asynchronous copies into the 128-byte swizzled layout that products
// read, and weights, packed beforehand (weight_pack_swizzle.cu) so that a step's piece is one run
// of memory, come by one bulk copy. Columns behind the last are what lies there, and not written.
// Warpgroups 1 and 2 multiply kM / 2 rows each from shared memory, with sums in registers. A stage
// goes round between them on two barriers: `full` and `free`.
//
// Memory order: gathered rows are written by the ordinary (generic) proxy and read by the tensor
// cores through the asynchronous one, so each writer waits for its copies, publishes them and only
// then arrives at `full`. Products of two steps are under way at a time: a stage is free once the
// products of the next step were begun and its own are done. So the copies of a step must not wait
// for the stage before it, and run kStages - 2 steps ahead.
#include "conv_offsets.cuh"
#include "conv_tiles.hpp"
#include "weight_pack.hpp"
#include "wgmma.cuh"

namespace vmk {

namespace hopper {

constexpr int kK = kSwizzledRow;  // channels of a step
constexpr int kThreads = 3 * kWarpgroup, kMultipliers = 2;
constexpr int kVector = 8;  // elements of 16 bytes
constexpr int kMultiplyingWarps = kMultipliers * kWarpgroup / kWarpSize;
// Of 168 that a thread of three warpgroups is launched with.
constexpr int kBringRegisters = 72, kMultiplyRegisters = 208;

template <class ElementType, int M, int N, int Stages>
struct Shape {
  using Element = ElementType;
  static constexpr int kM = M, kN = N, kStages = Stages;
  static constexpr int kRowTiles = M / kMultipliers / 64;  // products of 64 rows a warpgroup
  static constexpr int kSums = N / 2;                      // of a thread and such a product
  static_assert(kRowTiles * kSums <= 128, "a thread has sums and little else");
};

template <class T>
struct Stage {
  uint16_t rows[T::kM * kK];
  uint16_t weight[T::kN * kK];  // column by column: kK channels each
};

template <class T>
struct Shared {
  Stage<T> stages[T::kStages];
  uint64_t full[T::kStages], free[T::kStages];
  uint64_t done;  // all products are
};

struct WgmmaCall {
  ConvCall a;
  MapJob job;
  const void* packed;  // weights, as WeightPack
  int channel_blocks;
};

// What a block has to do.
struct Work {
  const int32_t* map;    // of the part
  const int32_t* order;  // of the part, or null
  int first_matrix;      // of the part
  int64_t first;         // output of the tile
  OffsetList list;
  int begin, end;  // steps
};

// Warpgroup 0: thread t knows which input the tile's row t needs (and row t + 128), lanes tell each
// other, and eight of them copy a row, side by side.
template <class T>
class Bringer {
 public:
  __device__ Bringer(const WgmmaCall& call, const Work& work, Shared<T>& shared)
      : call_(call), work_(work), shared_(shared), offset_(work.begin / call.channel_blocks),
        block_(work.begin % call.channel_blocks) {
    look_up();
  }

  __device__ void run() {
    constexpr int kAhead = T::kStages - 2;
    const int steps = work_.end - work_.begin;
    for (int step = 0; step < steps + kAhead; ++step) {
      if (step < steps) {
        const int stage = step % T::kStages;
        if (step >= T::kStages) wait_for(&shared_.free[stage], (step / T::kStages - 1) & 1);
        bring(stage);
      }
      commit_copies();
      if (step < kAhead) continue;
      wait_copies<kAhead>();  // those of step - kAhead have landed
      publish_writes();
      arrive(&shared_.full[(step - kAhead) % T::kStages]);
    }
  }

 private:
  static constexpr int kRowsAThread = T::kM / kWarpgroup;
  static constexpr int kRowVectors = kK / kVector, kRowsATurn = kWarpSize / kRowVectors;

  __device__ static int thread() { return static_cast<int>(threadIdx.x); }

  // The inputs of the next offset, asked for a step ahead of the copies that need them.
  __device__ void look_up() {
    const ConvCall& a = call_.a;
    const bool there = offset_ < *work_.list.count;
    const int32_t* map = work_.map + (there ? work_.list.at[offset_] * a.m : 0);
#pragma unroll
    for (int i = 0; i < kRowsAThread; ++i) {
      const int64_t m = work_.first + i * kWarpgroup + thread();
      const int32_t row = there && m < a.m ? map[m] : -1;
      row_[i] = row < a.n ? row : -1;  // what is too large was noted when the offsets were listed
    }
  }

  __device__ void bring(int stage) {
    const ConvCall& a = call_.a;
    Stage<T>& to = shared_.stages[stage];
    if (thread() == 0) {
      const int64_t matrix = work_.first_matrix + work_.list.at[offset_];
      const int64_t column = (matrix * call_.channel_blocks + block_) * a.columns +
                             int64_t{blockIdx.y} * T::kN;
      constexpr int kBytes = T::kN * kK * 2;
      arrive_expecting(&shared_.full[stage], kBytes);
      copy_bulk(to.weight, static_cast<const uint16_t*>(call_.packed) + column * kK, kBytes,
                &shared_.full[stage]);
    }
    const int lane = thread() % kWarpSize, vector = lane % kRowVectors;
    const int channel = block_ * kK + vector * kVector;
    const auto* feats = static_cast<const uint16_t*>(a.feats) + channel;
#pragma unroll
    for (int i = 0; i < kRowsAThread; ++i)
#pragma unroll
      for (int turn = 0; turn < kWarpSize / kRowsATurn; ++turn) {
        const int from = turn * kRowsATurn + lane / kRowVectors;  // the lane that knows
        const int32_t row = __shfl_sync(kFullWarp, row_[i], from);
        const bool there = row >= 0 && channel < a.cin;
        copy_16(&to.rows[swizzled(i * kWarpgroup + thread() - lane + from, vector * kVector)],
                there ? feats + int64_t{row} * a.cin : call_.a.feats, there);
      }
    if (++block_ < call_.channel_blocks) return;
    block_ = 0;
    ++offset_;
    look_up();
  }

  const WgmmaCall& call_;
  const Work& work_;
  Shared<T>& shared_;
  int offset_, block_;  // of the next step
  int32_t row_[kRowsAThread];
};

// Warpgroups 1 and 2.
template <class T>
__device__ inline void multiply_steps(int steps, Shared<T>& shared,
                                      float (&sum)[T::kRowTiles][T::kSums]) {
  const int group = static_cast<int>(threadIdx.x) / kWarpgroup - 1;
  const bool tells = threadIdx.x % kWarpSize == 0;
  for (int step = 0; step < steps; ++step) {
    const int stage = step % T::kStages;
    wait_for(&shared.full[stage], step / T::kStages & 1);
    const uint64_t weight = operand_at(shared.stages[stage].weight);
    begin_products();
#pragma unroll
    for (int k = 0; k < kK / 16; ++k)
#pragma unroll
      for (int i = 0; i < T::kRowTiles; ++i) {
        const uint64_t rows =
            operand_at(shared.stages[stage].rows + (group * T::kRowTiles + i) * 64 * kK);
        multiply_group<typename T::Element>(sum[i], rows + k * 2, weight + k * 2);
      }
    commit_products();
    wait_products<1>();
    if (step > 0 && tells) arrive(&shared.free[(step - 1) % T::kStages]);
  }
  wait_products<0>();
  if (tells) arrive(&shared.done);
  wait_for(&shared.done, 0);
}

// Ends the sums of a warp: through the stages, which nobody needs any more, so that a row is
// written in long pieces.
template <class T>
__device__ inline void write_sums(const WgmmaCall& call, const Work& work, Shared<T>& shared,
                                  const float (&sum)[T::kRowTiles][T::kSums], DataErrors* log) {
  constexpr int kStride = T::kN + 4, kPacks = T::kN / 8;
  static_assert(T::kM * kStride * sizeof(float) <= sizeof shared.stages);
  const ConvCall& a = call.a;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize - kWarpgroup / kWarpSize;
  const int first_row = warp / 4 * (T::kM / kMultipliers) + warp % 4 * 16;
  auto* rows = reinterpret_cast<float*>(shared.stages) + first_row * kStride;
#pragma unroll
  for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
    for (int j = 0; j < kPacks; ++j) {
      const float* four = sum[i] + j * 4;
      float* at = rows + (i * 64 + lane / 4) * kStride + j * 8 + lane % 4 * 2;
      *reinterpret_cast<float2*>(at) = make_float2(four[0], four[1]);
      *reinterpret_cast<float2*>(at + 8 * kStride) = make_float2(four[2], four[3]);
    }
  __syncwarp();
  float* sums = call.job.sums ? call.job.sums + blockIdx.z * a.m * a.columns : nullptr;
  for (int at = lane; at < T::kRowTiles * 16 * kPacks; at += kWarpSize) {
    const int row = at / kPacks / 16 * 64 + at / kPacks % 16;
    const int column = static_cast<int>(blockIdx.y) * T::kN + at % kPacks * 8;
    const int64_t r = work.first + first_row + row;
    if (r >= a.m || column >= a.columns) continue;
    const int64_t m = work.order ? work.order[r] : r;
    const auto* from = reinterpret_cast<const float4*>(rows + row * kStride + at % kPacks * 8);
    const float4 low = from[0], high = from[1];
    const float eight[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
    if (m < 0 || m >= a.m) {
      note(log, kBadOrder, 0, r, m);
    } else if (sums) {
      copy_sums(sums + m * a.columns + column, eight);
    } else {
      write_end<typename T::Element>(a, m, column, eight);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1) multiply_wgmma(WgmmaCall call, DataErrors* log) {
  VMK_DYNAMIC_SHARED(memory);
  auto& shared = *reinterpret_cast<Shared<T>*>(memory);
  const ConvCall& a = call.a;
  const MapJob& job = call.job;
  const int part = static_cast<int>(blockIdx.z) / job.pieces;
  const int piece = static_cast<int>(blockIdx.z) % job.pieces;
  Work work;
  work.first_matrix = part * job.part_offsets;
  work.map = job.map + work.first_matrix * a.m;
  work.order = job.order ? job.order + part * a.m : nullptr;
  work.first = static_cast<int64_t>(blockIdx.x) * T::kM;
  work.list = offset_list(memory + sizeof(Shared<T>));
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < T::kStages; ++stage) {
      init_barrier(&shared.full[stage], kWarpgroup + 1);  // those who gather, and the bulk copy
      init_barrier(&shared.free[stage], kMultiplyingWarps);
    }
    init_barrier(&shared.done, kMultiplyingWarps);
    publish_barriers();
  }
  list_offsets<T::kM>(work.map, min(job.part_offsets, static_cast<int>(a.kv) - work.first_matrix),
                      a.m, a.n, work.first, work.order, work.list, log);
  __syncthreads();
  const int64_t steps = int64_t{*work.list.count} * call.channel_blocks;
  work.begin = static_cast<int>(steps * piece / job.pieces);
  work.end = static_cast<int>(steps * (piece + 1) / job.pieces);
  if (threadIdx.x < kWarpgroup) {
    give_registers<kBringRegisters>();
    Bringer<T>(call, work, shared).run();
  } else {
    take_registers<kMultiplyRegisters>();
    float sum[T::kRowTiles][T::kSums] = {};
    multiply_steps<T>(work.end - work.begin, shared, sum);
    write_sums<T>(call, work, shared, sum, log);
  }
}

template <class T>
void launch(CudaDevice& device, const ConvCall& a, const MapJob& job) {
  static_assert(T::kN <= WeightPack::kTail);
  constexpr vmk_dtype kType = kDtype<typename T::Element>;
  const void* packed = a.weight;
  if (!a.packed) {
    const int64_t rows = WeightPack::rows(a.kv, a.cin, a.columns);
    auto* made = device.scratch<uint16_t>(rows * kK);
    pack(device, {a.weight, made, a.kv, a.cin, a.columns, kType});
    packed = made;
  }
  dim3 grid = blocks(a.m, T::kM, ceil_div(a.columns, T::kN));
  grid.z = static_cast<unsigned>(job.parts * job.pieces);
  const int shared = static_cast<int>(sizeof(Shared<T>)) + offset_list_bytes(job.part_offsets);
  const auto channel_blocks = static_cast<int>(WeightPack::blocks(a.cin));
  device.allow_shared(reinterpret_cast<const void*>(multiply_wgmma<T>), shared);
  VMK_LAUNCH_SHARED(device, multiply_wgmma<T>, grid, kThreads, shared,
                    (WgmmaCall{a, job, packed, channel_blocks}), device.data_errors());
}

}  // namespace hopper

template <class ElementType, int M, int N, int K, int Stages>
struct WgmmaTile : hopper::Shape<ElementType, M, N, Stages> {
  static_assert(K == hopper::kK, "a step is one swizzled row");
};

template <class T>
constexpr ConvTile wgmma_tile(const char* name) {
  const TileShape shape{.name = name,
                        .dtype = kDtype<typename T::Element>,
                        .tensor_cores = true,
                        .m = T::kM,
                        .n = T::kN,
                        .k = hopper::kK,
                        .stages = T::kStages,
                        .threads = hopper::kThreads,
                        .shared_bytes = static_cast<int>(sizeof(hopper::Shared<T>)),
                        .least_capability = 90,
                        .warpgroups = true};
  return {shape, hopper::launch<T>, nullptr};
}

}  // namespace vmk
