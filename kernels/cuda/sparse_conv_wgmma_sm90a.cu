// sparse_conv.wgmma - implicit GEMM on Hopper's warpgroup products, f16 and bf16. This file is
// compiled for sm_90a alone, and left out of libraries for other GPUs.
//
// A block owns 128 outputs x kN columns. Warpgroup 0 brings the operands: features are gathered
// through the map by asynchronous copies into the 128-byte swizzled layout that wgmma reads, and
// weights, packed beforehand so that a step's piece is one run of memory, come by one bulk copy.
// Warpgroups 1 and 2 multiply 64 rows each from shared memory, with sums in registers. A stage goes
// round between them on two barriers: `full` and `free`.
//
// Memory order: gathered rows are written by the ordinary (generic) proxy and read by the tensor
// cores through the asynchronous one, so each writer waits for its copies, passes a proxy fence and
// only then arrives at `full`. Copies are left kStages - 1 steps to land before that wait.
#include "conv_dataflows.hpp"
#include "conv_offsets.cuh"

namespace vmk {

namespace {

constexpr int kM = 128, kK = 64, kStages = 4;  // 64 16-bit channels: one 128-byte swizzled row
constexpr int kGroup = 128, kThreads = 3 * kGroup;
constexpr int kVector = 8;  // elements of 16 bytes

template <int kN>
struct Stage {
  uint16_t rows[kM * kK];
  uint16_t weight[kN * kK];  // column by column: kK channels each
};
template <int kN>
constexpr int kSharedBytes = kStages * static_cast<int>(sizeof(Stage<kN>)) + 128;

// Element (row, channel) of a swizzled operand: vectors of a row are permuted by its number.
__device__ constexpr int swizzled(int row, int channel) {
  return row * kK + ((channel / kVector ^ row % 8) * kVector + channel % kVector);
}

// ---- barriers ----

__device__ inline void init_barrier(uint64_t* barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(arrivals)
               : "memory");
}
__device__ inline void arrive(uint64_t* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier))
               : "memory");
}
__device__ inline void wait_for(uint64_t* barrier, int phase) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@!done bra again;\n"
      "}" ::"r"(shared_address(barrier)),
      "r"(phase)
      : "memory");
}
// Arrives and announces the bytes of a bulk copy, then begins it.
__device__ inline void copy_bulk(void* to, const void* from, int bytes, uint64_t* barrier) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   shared_address(barrier)),
               "r"(bytes)
               : "memory");
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
          "r"(shared_address(to)),
      "l"(from), "r"(bytes), "r"(shared_address(barrier))
      : "memory");
}

// ---- products ----

// A 128-byte swizzled operand whose rows lie 128 bytes apart: eight of them are 1024 bytes.
__device__ inline uint64_t descriptor(const void* at) {
  const uint64_t address = (shared_address(at) & 0x3ffff) >> 4;
  return address | uint64_t{1} << 16 | uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62;
}

// sum[64 x kN] += rows[64 x 16] * weight[16 x kN]; asynchronous.
template <class Element, int kN>
__device__ inline void multiply_group(float (&sum)[kN / 2], uint64_t rows, uint64_t weight);

#define VMK_8(i)                                                                             \
  "+f"(sum[i]), "+f"(sum[i + 1]), "+f"(sum[i + 2]), "+f"(sum[i + 3]), "+f"(sum[i + 4]),      \
      "+f"(sum[i + 5]), "+f"(sum[i + 6]), "+f"(sum[i + 7])
#define VMK_WGMMA_64(type)                                                                   \
  asm volatile(                                                                              \
      "{\n.reg .pred whole;\nsetp.eq.b32 whole, 0, 0;\n"                                      \
      "wgmma.mma_async.sync.aligned.m64n64k16.f32." type "." type                            \
      " {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "   \
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "              \
      "%32, %33, whole, 1, 1, 0, 0;\n}"                                                      \
      : VMK_8(0), VMK_8(8), VMK_8(16), VMK_8(24)                                             \
      : "l"(rows), "l"(weight))
#define VMK_WGMMA_128(type)                                                                  \
  asm volatile(                                                                              \
      "{\n.reg .pred whole;\nsetp.eq.b32 whole, 0, 0;\n"                                      \
      "wgmma.mma_async.sync.aligned.m64n128k16.f32." type "." type                           \
      " {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "   \
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "     \
      "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "     \
      "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "              \
      "%64, %65, whole, 1, 1, 0, 0;\n}"                                                      \
      : VMK_8(0), VMK_8(8), VMK_8(16), VMK_8(24), VMK_8(32), VMK_8(40), VMK_8(48), VMK_8(56) \
      : "l"(rows), "l"(weight))

template <>
__device__ inline void multiply_group<F16, 64>(float (&sum)[32], uint64_t rows, uint64_t weight) {
  VMK_WGMMA_64("f16");
}
template <>
__device__ inline void multiply_group<F16, 128>(float (&sum)[64], uint64_t rows,
                                                uint64_t weight) {
  VMK_WGMMA_128("f16");
}
template <>
__device__ inline void multiply_group<Bf16, 64>(float (&sum)[32], uint64_t rows,
                                                uint64_t weight) {
  VMK_WGMMA_64("bf16");
}
template <>
__device__ inline void multiply_group<Bf16, 128>(float (&sum)[64], uint64_t rows,
                                                 uint64_t weight) {
  VMK_WGMMA_128("bf16");
}

// ---- the kernel ----

struct WgmmaCall {
  ConvCall a;
  const void* packed;  // weights: [kv, channel blocks, column tiles, kN, kK], swizzled
  int channel_blocks;
};

// Weights as the stages hold them; one thread an element.
template <class Element, int kN>
__global__ void __launch_bounds__(kBlock)
    pack_weights(ConvCall a, int channel_blocks, int column_tiles, Element* __restrict__ to) {
  const int64_t at = thread_index();
  if (at >= a.kv * channel_blocks * column_tiles * kN * kK) return;
  const auto within = static_cast<int>(at % (kN * kK));
  const int64_t piece = at / (kN * kK), tile = piece % column_tiles;
  const int64_t k = piece / column_tiles / channel_blocks;
  const int64_t column = tile * kN + within / kK;
  const int64_t channel = piece / column_tiles % channel_blocks * kK + within % kK;
  const bool there = column < a.columns && channel < a.cin;
  const auto* weight = static_cast<const Element*>(a.weight);
  to[piece * kN * kK + swizzled(within / kK, within % kK)] =
      there ? weight[(k * a.cin + channel) * a.columns + column] : Element{};
}

template <int kN>
struct Shared {
  Stage<kN>* stages;
  uint64_t *full, *free;
};

// Warpgroup 0: thread t gathers row t of every step, eight vectors of 16 bytes.
template <int kN>
__device__ void bring(const WgmmaCall& call, const OffsetList& list, int64_t first, int steps,
                      const Shared<kN>& shared) {
  const ConvCall& a = call.a;
  const auto thread = static_cast<int>(threadIdx.x);
  const int64_t m = first + thread;
  constexpr int kAhead = kStages - 1;
  for (int step = 0; step < steps + kAhead; ++step) {
    if (step < steps) {
      const int stage = step % kStages;
      if (step >= kStages) wait_for(&shared.free[stage], (step / kStages - 1) & 1);
      const int k = list.at[step / call.channel_blocks], block = step % call.channel_blocks;
      const int32_t row = m < a.m ? a.map[k * a.m + m] : -1;
      const auto* feats = static_cast<const uint16_t*>(a.feats);
#pragma unroll
      for (int v = 0; v < kK / kVector; ++v) {
        const int channel = block * kK + v * kVector;
        const bool there = row >= 0 && row < a.n && channel < a.cin;
        copy_16(&shared.stages[stage].rows[swizzled(thread, v * kVector)],
                feats + (there ? int64_t{row} * a.cin + channel : 0), there);
      }
      if (thread == 0) {
        const int64_t piece = (int64_t{k} * call.channel_blocks + block) * gridDim.y + blockIdx.y;
        copy_bulk(shared.stages[stage].weight,
                  static_cast<const uint16_t*>(call.packed) + piece * kN * kK, kN * kK * 2,
                  &shared.full[stage]);
      }
    }
    commit_copies();
    if (step < kAhead) continue;
    wait_copies<kAhead>();  // those of step - kAhead have landed
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    arrive(&shared.full[(step - kAhead) % kStages]);
  }
}

// Warpgroups 1 and 2.
template <class Element, int kN>
__device__ void multiply_steps(int steps, const Shared<kN>& shared, float (&sum)[kN / 2]) {
  const int group = static_cast<int>(threadIdx.x) / kGroup - 1;
  for (int step = 0; step < steps; ++step) {
    const int stage = step % kStages;
    wait_for(&shared.full[stage], step / kStages & 1);
    const uint64_t rows = descriptor(shared.stages[stage].rows + group * 64 * kK);
    const uint64_t weight = descriptor(shared.stages[stage].weight);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
    for (int k = 0; k < kK / 16; ++k)  // 16 channels are 32 bytes: 2 units of a descriptor
      multiply_group<Element, kN>(sum, rows + k * 2, weight + k * 2);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    if (threadIdx.x % kWarpSize == 0) arrive(&shared.free[stage]);
  }
}

// Lane l of warp w holds rows 16 w + l / 4 and 8 below, columns 8 j + 2 (l % 4) and the next.
template <class Element, int kN>
__device__ void write_group(const ConvCall& a, int64_t first, const float (&sum)[kN / 2]) {
  const int thread = static_cast<int>(threadIdx.x) - kGroup, lane = thread % kWarpSize;
  const int column0 = static_cast<int>(blockIdx.y) * kN + lane % 4 * 2;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int64_t m = first + thread / kWarpSize * 16 + lane / 4 + half * 8;
    if (m >= a.m) break;
#pragma unroll
    for (int j = 0; j < kN / 8; ++j) {
      const float two[2] = {sum[j * 4 + half * 2], sum[j * 4 + half * 2 + 1]};
      write_end<Element>(a, m, column0 + j * 8, two);
    }
  }
}

template <class Element, int kN>
__global__ void __launch_bounds__(kThreads, 1) multiply_wgmma(WgmmaCall call, DataErrors* log) {
  VMK_DYNAMIC_SHARED(memory);
  Shared<kN> shared;
  shared.stages = reinterpret_cast<Stage<kN>*>(memory);
  shared.full = reinterpret_cast<uint64_t*>(shared.stages + kStages);
  shared.free = shared.full + kStages;
  const ConvCall& a = call.a;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kM;
  const OffsetList list = offset_list(memory + kSharedBytes<kN>);
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < kStages; ++stage) {
      init_barrier(&shared.full[stage], kGroup + 1);  // those who gather, and the bulk copy
      init_barrier(&shared.free[stage], 8);           // the warps that multiply
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  list_offsets(a.map, static_cast<int>(a.kv), a.m, a.n, first, kM, nullptr, list, log);
  __syncthreads();
  const int steps = *list.count * call.channel_blocks;
  if (threadIdx.x < kGroup) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 72;");
    bring<kN>(call, list, first, steps, shared);
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 184;");
    float sum[kN / 2] = {};
    multiply_steps<Element, kN>(steps, shared, sum);
    write_group<Element, kN>(a, first, sum);
  }
}

template <class Element, int kN>
void run(CudaDevice& device, const ConvCall& a) {
  const auto blocks_of_channels = static_cast<int>(ceil_div(a.cin, kK));
  const auto column_tiles = static_cast<int>(ceil_div(a.columns, kN));
  const int64_t count = a.kv * blocks_of_channels * column_tiles * kN * kK;
  auto* packed = device.scratch<Element>(count);
  VMK_LAUNCH(device, (pack_weights<Element, kN>), blocks(count), kBlock, a, blocks_of_channels,
             column_tiles, packed);
  const int shared = kSharedBytes<kN> + offset_list_bytes(static_cast<int>(a.kv));
  device.allow_shared(reinterpret_cast<const void*>(multiply_wgmma<Element, kN>), shared);
  VMK_LAUNCH_SHARED(device, (multiply_wgmma<Element, kN>), blocks(a.m, kM, column_tiles), kThreads,
                    shared, (WgmmaCall{a, packed, blocks_of_channels}), device.data_errors());
}

}  // namespace

void sparse_conv_wgmma(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  if (args.dtype == VMK_F32 || device.capability() != 90)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv.wgmma: it takes f16 or bf16 on an sm_90, this is "
         "%s on an sm_%d", dtype_name(args.dtype), device.capability());
  check_offsets(args);
  const ConvCall a = call_of(device, args);
  if (a.kv == 0 || a.cin == 0) return finish_sums(device, a, args.dtype, nullptr, 0);
  const bool wide = a.columns > 64;
  if (args.dtype == VMK_F16) return wide ? run<F16, 128>(device, a) : run<F16, 64>(device, a);
  return wide ? run<Bf16, 128>(device, a) : run<Bf16, 64>(device, a);
}

}  // namespace vmk
