// sparse_conv_wgrad.tiles - a block owns a tile of the gradient of one offset and a range of
// outputs. It lists the pairs of a span of outputs in order, brings the rows of 16 of them at a
// time to shared memory, and sums their outer products. The sums of the ranges are added in order:
// the same bits on every run, without atomics. Rows of 16 bits go to the tensor cores as they are.
// sparse_conv_wgrad.tiles_tf32 - the same, operands rounded to tf32 for the tensor cores.
// sparse_conv_wgrad.ref - one thread an element, sums in double.
#include <algorithm>

#include "conv_offsets.cuh"
#include "tiles.cuh"

namespace vmk {

namespace {

constexpr int kSide = 64, kDepth = 16, kThread = 4;  // of a tile, of a step, of a thread
constexpr int kStride = kSide + 8;  // fragments of tf32 then lie in 32 banks
constexpr int kSpan = 1024;                          // outputs whose pairs are listed at a time
static_assert(kSide / kThread * (kSide / kThread) == kBlock && kSpan % kBlock == 0);

struct Ranges {
  int64_t outputs;  // of a range, a multiple of kSpan
  int count;
  int column_tiles;
  float* sums;  // [count, kv, cin, cout]
};

// Rows are kept as Stored: f32, or 16 bits for the tensor cores.
template <class Stored>
struct Memory {
  int32_t in_rows[kSpan], out_rows[kSpan];
  __align__(16) Stored feats[kDepth][kStride];
  __align__(16) Stored grads[kDepth][kStride];
};

// Lists the pairs of outputs [begin, end), at most kSpan, and answers how many there are.
template <class Stored>
__device__ int list_pairs(const SparseConvWgrad& a, const int32_t* map, int64_t begin, int64_t end,
                          Memory<Stored>& memory, DataErrors* log) {
  int count = 0;
  for (int64_t first = begin; first < end; first += kBlock) {
    const int64_t m = first + threadIdx.x;
    const int32_t row = m < end ? map[m] : -1;
    const bool bad = row >= a.n;
    if (bad) note(log, kBadMapEntry, 0, m, row);
    const Rank rank = block_rank(row >= 0 && !bad);
    if (row >= 0 && !bad) {
      memory.in_rows[count + rank.before] = row;
      memory.out_rows[count + rank.before] = static_cast<int32_t>(m);
    }
    count += rank.all;
  }
  return count;
}

// Columns [first, first + kSide) of kDepth listed rows; zeros beyond the list and the columns.
template <class Element, class Stored>
__device__ void load_rows(const Element* from, int64_t width, int64_t first, const int32_t* rows,
                          int left, Stored (*to)[kStride]) {
  const int column = static_cast<int>(threadIdx.x) % kSide;
#pragma unroll
  for (int r = static_cast<int>(threadIdx.x) / kSide; r < kDepth; r += kBlock / kSide) {
    const bool there = r < left && first + column < width;
    const Element value = there ? from[rows[r] * width + first + column] : Element{};
    if constexpr (std::is_same_v<Element, Stored>) {
      to[r][column] = value;
    } else {
      to[r][column] = to_float(value);
    }
  }
}

// A thread's sums on multiply-adds.
struct PlainSums {
  using Stored = float;
  float at[kThread][kThread] = {};

  __device__ static int row() {
    return static_cast<int>(threadIdx.x) / (kSide / kThread) * kThread;
  }
  __device__ static int column() {
    return static_cast<int>(threadIdx.x) % (kSide / kThread) * kThread;
  }
  __device__ void add(const Memory<float>& memory) {
#pragma unroll
    for (int d = 0; d < kDepth; ++d) {
      const float4 x = *reinterpret_cast<const float4*>(&memory.feats[d][row()]);
      const float4 y = *reinterpret_cast<const float4*>(&memory.grads[d][column()]);
      const float left[4] = {x.x, x.y, x.z, x.w}, right[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
      for (int i = 0; i < kThread; ++i)
#pragma unroll
        for (int j = 0; j < kThread; ++j) at[i][j] = fmaf(left[i], right[j], at[i][j]);
    }
  }
  // Calls use(row of the tile, column, sum).
  template <class Use>
  __device__ void each(Use&& use) const {
#pragma unroll
    for (int i = 0; i < kThread; ++i)
#pragma unroll
      for (int j = 0; j < kThread; ++j) use(row() + i, column() + j, at[i][j]);
  }
};

// The same on tensor cores: 4 x 2 warps of 16 x 32 sums, in fragments as mma.cuh describes them.
struct TensorSums {
  using Stored = float;
  float at[4][4] = {};

  __device__ static int group() { return static_cast<int>(threadIdx.x) % kWarpSize / 4; }
  __device__ static int member() { return static_cast<int>(threadIdx.x) % 4; }
  __device__ static int row() { return static_cast<int>(threadIdx.x) / kWarpSize / 2 * 16; }
  __device__ static int column() { return static_cast<int>(threadIdx.x) / kWarpSize % 2 * 32; }

  __device__ void add(const Memory<float>& memory) {
#pragma unroll
    for (int d = 0; d < kDepth; d += 8) {
      uint32_t left[4], right[2];
#pragma unroll
      for (int i = 0; i < 4; ++i)
        left[i] = rounded(memory.feats[d + member() + i / 2 * 4][row() + group() + i % 2 * 8]);
#pragma unroll
      for (int j = 0; j < 4; ++j) {
#pragma unroll
        for (int i = 0; i < 2; ++i)
          right[i] = rounded(memory.grads[d + member() + i * 4][column() + j * 8 + group()]);
        multiply<Tf32>(at[j], left, right);
      }
    }
  }
  __device__ static uint32_t rounded(float value) {
    return tf32_of(static_cast<uint32_t>(__float_as_int(value)));
  }
  template <class Use>
  __device__ void each(Use&& use) const {
#pragma unroll
    for (int j = 0; j < 4; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        use(row() + group() + i / 2 * 8, column() + j * 8 + member() * 2 + i % 2, at[j][i]);
  }
};

// The same of 16-bit rows. Both lie pair by pair, so their fragments are loaded transposed.
template <class Element>
struct HalfSums : TensorSums {
  using Stored = Element;

  __device__ void add(const Memory<Element>& memory) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize, matrix = lane / 8, r = lane % 8;
    uint32_t left[4], right[4];
    load_matrices<true>(left, &memory.feats[matrix / 2 * 8 + r][row() + matrix % 2 * 8]);
#pragma unroll
    for (int j = 0; j < 4; j += 2) {
      load_matrices<true>(right,
                          &memory.grads[matrix % 2 * 8 + r][column() + (j + matrix / 2) * 8]);
      const uint32_t first[2] = {right[0], right[1]}, second[2] = {right[2], right[3]};
      multiply<Element>(at[j], left, first);
      multiply<Element>(at[j + 1], left, second);
    }
  }
};

// blockIdx.x: tiles, blockIdx.y: offsets, blockIdx.z: ranges.
template <class Element, class Sums>
__global__ void __launch_bounds__(kBlock)
    sum_outer(SparseConvWgrad a, Ranges ranges, DataErrors* log) {
  __shared__ __align__(16) Memory<typename Sums::Stored> memory;
  const int64_t i0 = blockIdx.x / ranges.column_tiles * kSide;
  const int64_t o0 = blockIdx.x % ranges.column_tiles * kSide;
  const int32_t* map = a.map + blockIdx.y * a.m;
  const int64_t from = blockIdx.z * ranges.outputs, to = min(a.m, from + ranges.outputs);
  const auto *feats = static_cast<const Element*>(a.feats),
             *grads = static_cast<const Element*>(a.grad_out);
  Sums sums;
  for (int64_t span = from; span < to; span += kSpan) {
    const int pairs = list_pairs(a, map, span, min(to, span + kSpan), memory, log);
    __syncthreads();
    for (int first = 0; first < pairs; first += kDepth) {
      load_rows(feats, a.cin, i0, memory.in_rows + first, pairs - first, memory.feats);
      load_rows(grads, a.cout, o0, memory.out_rows + first, pairs - first, memory.grads);
      __syncthreads();
      sums.add(memory);
      __syncthreads();
    }
  }
  float* out = ranges.sums + (blockIdx.z * a.kv + blockIdx.y) * a.cin * a.cout;
  sums.each([&](int row, int column, float sum) {
    if (i0 + row < a.cin && o0 + column < a.cout) out[(i0 + row) * a.cout + o0 + column] = sum;
  });
}

template <class Out>
__global__ void __launch_bounds__(kBlock)
    add_ranges(const float* __restrict__ sums, int64_t size, int count, Out* __restrict__ out) {
  const int64_t at = thread_index();
  if (at >= size) return;
  float sum = 0;
  for (int range = 0; range < count; ++range) sum += sums[range * size + at];
  from_float(sum, out[at]);
}

template <class Element>
__global__ void __launch_bounds__(kBlock) sum_element(SparseConvWgrad a, DataErrors* log) {
  const int64_t at = thread_index(), size = a.cin * a.cout;
  if (at >= a.kv * size) return;
  const int64_t k = at / size, i = at % size / a.cout, o = at % a.cout;
  double sum = 0;
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t row = a.map[k * a.m + m];
    if (row >= a.n) {
      note(log, kBadMapEntry, 0, m, row);
    } else if (row >= 0) {
      sum += static_cast<double>(to_float(static_cast<const Element*>(a.feats)[row * a.cin + i])) *
             to_float(static_cast<const Element*>(a.grad_out)[m * a.cout + o]);
    }
  }
  const auto wide = static_cast<float>(sum);
  if (a.out_dtype == VMK_F32) {
    static_cast<float*>(a.grad_weight)[at] = wide;
  } else {
    from_float(wide, static_cast<Element*>(a.grad_weight)[at]);
  }
}

// As many ranges as keep the device busy, while their sums stay below 256 MB.
int range_count(const CudaDevice& device, const SparseConvWgrad& a, int64_t tiles) {
  constexpr int64_t kMostSums = int64_t{64} << 20, kMostRanges = 1024;
  const int64_t wanted = ceil_div(8 * int64_t{device.multiprocessors()},
                                  std::max<int64_t>(tiles * a.kv, 1));
  const int64_t fit = kMostSums / std::max<int64_t>(a.kv * a.cin * a.cout, 1);
  const int64_t spans = std::max<int64_t>(ceil_div(a.m, kSpan), 1);
  return static_cast<int>(
      std::clamp<int64_t>(std::min({wanted, fit, spans}), 1, kMostRanges));
}

template <class Element, class Sums>
void run(CudaDevice& device, const SparseConvWgrad& a) {
  const int64_t column_tiles = ceil_div(a.cout, kSide);
  const int64_t tiles = ceil_div(a.cin, kSide) * column_tiles, size = a.kv * a.cin * a.cout;
  const int count = range_count(device, a, tiles);
  const int64_t outputs = ceil_div(std::max<int64_t>(a.m, 1), int64_t{count} * kSpan) * kSpan;
  Ranges ranges{outputs, count, static_cast<int>(column_tiles), nullptr};
  const bool direct = count == 1 && a.out_dtype == VMK_F32;
  ranges.sums = direct ? static_cast<float*>(a.grad_weight) : device.scratch<float>(count * size);
  dim3 grid = blocks(tiles, 1, a.kv);
  grid.z = static_cast<unsigned>(count);
  VMK_LAUNCH(device, (sum_outer<Element, Sums>), grid, kBlock, a, ranges, device.data_errors());
  if (direct) return;
  with_element(a.out_dtype, [&](auto out) {
    using Out = decltype(out);
    VMK_LAUNCH(device, add_ranges<Out>, blocks(size), kBlock, ranges.sums, size, count,
               static_cast<Out*>(a.grad_weight));
  });
}

}  // namespace

void sparse_conv_wgrad_tiles(Device& any, const SparseConvWgrad& a) {
  CudaDevice& device = cuda_device(any);
  if (a.dtype == VMK_F32) return run<float, PlainSums>(device, a);
  if (a.dtype == VMK_F16) return run<F16, HalfSums<F16>>(device, a);
  if (device.capability() < 80) return run<Bf16, PlainSums>(device, a);
  run<Bf16, HalfSums<Bf16>>(device, a);
}

void sparse_conv_wgrad_tiles_tf32(Device& any, const SparseConvWgrad& a) {
  CudaDevice& device = cuda_device(any);
  if (device.capability() < 80)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv_wgrad in tf32: this device is an sm_%d, sm_80 is "
         "needed", device.capability());
  run<float, TensorSums>(device, a);
}

void sparse_conv_wgrad_ref(Device& any, const SparseConvWgrad& a) {
  CudaDevice& device = cuda_device(any);
  with_element(a.dtype, [&](auto element) {
    VMK_LAUNCH(device, sum_element<decltype(element)>, blocks(a.kv * a.cin * a.cout), kBlock, a,
               device.data_errors());
  });
}

}  // namespace vmk
