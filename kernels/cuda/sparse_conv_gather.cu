// sparse_conv.gather - gather, GEMM, scatter, offset by offset: the separate dataflow of the first
// sparse-convolution engines, and the baseline that the implicit GEMM is measured against.
// Cost: every pair's features are written, read, multiplied, written and read again; 3 launches an
// offset. An output row occurs once in an offset, so that adding needs no atomics. The number of
// pairs stays on the device: launches are sized for one pair an output row, blocks behind the last
// pair end at once.
#include "gemm_tile.cuh"

namespace vmk {

namespace {

// The pairs of one offset. Once check_pairs has noted anything, there are none to work on: two
// pairs could own one output row.
struct Pairs {
  const int64_t* starts;
  int64_t k, most;
  const DataErrors* log;

  __device__ int64_t first() const { return starts[k]; }
  __device__ int64_t count() const {
    const bool bad = log->first[kBadPair][0] != ~0ull || log->first[kBadConvStarts][0] != ~0ull;
    return bad ? 0 : starts[k + 1] - starts[k];
  }
};

__global__ void __launch_bounds__(kBlock) check_starts(Conv a, DataErrors* log) {
  const int64_t k = thread_index();
  if (k >= a.kv) return;
  const int64_t begin = a.starts[k], end = a.starts[k + 1];
  if (begin < 0 || end < begin || end > a.p || end - begin > a.m || (k == 0 && begin != 0))
    note(log, kBadConvStarts, 0, k, begin);
}

// Rows must be there, and the output rows of an offset ascend.
__global__ void __launch_bounds__(kBlock) check_pairs(Conv a, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= a.p) return;
  const int32_t row = a.pairs[i], m = a.pairs[a.p + i];
  if (row < 0 || row >= a.n) return note(log, kBadPair, 0, i, row);
  if (m < 0 || m >= a.m) return note(log, kBadPair, 0, i, m);
  if (i == 0 || m > a.pairs[a.p + i - 1]) return;
  for (int64_t k = 0; k < a.kv; ++k)
    if (a.starts[k] == i) return;  // the first of an offset: this is the one place to go back
  note(log, kBadPair, 0, i, m);
}

template <class V>
__global__ void __launch_bounds__(kBlock)
    gather_pairs(Conv a, Pairs pairs, float* __restrict__ rows) {
  const int64_t groups = a.cin / kWidth<V>;
  const int64_t at = thread_index();
  const int64_t i = at / groups, v = at % groups;
  if (i < pairs.count())
    store(rows, i, groups, v, load<V>(a.feats, a.pairs[pairs.first() + i], groups, v));
}

struct DenseSource {
  const float* rows;
  const float* weights;
  int64_t first, count, cin;

  __device__ const float* row(int, int r) const {
    return first + r < count ? rows + (first + r) * cin : nullptr;
  }
  __device__ const float* weight(int) const { return weights; }
};

template <class T, bool kVector>
__global__ void __launch_bounds__(T::kThreads)
    multiply_pairs(Conv a, Pairs pairs, const float* __restrict__ rows,
                   float* __restrict__ products) {
  __shared__ __align__(16) TileBuffers<T> buffers;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * T::kM, count = pairs.count();
  if (first >= count) return;
  const int64_t column = static_cast<int64_t>(blockIdx.y) * T::kN;
  const DenseSource source{rows, a.weight + pairs.k * a.cin * a.cout, first, count, a.cin};
  TileProduct<T, kVector, DenseSource> product(source, {a.cin, a.cout}, buffers, column);
  product.run(1);
  product.write(products, first, count, ConvEnd{});
}

template <class V>
__global__ void __launch_bounds__(kBlock)
    scatter_pairs(Conv a, Pairs pairs, const float* __restrict__ products) {
  const int64_t groups = a.cout / kWidth<V>;
  const int64_t at = thread_index();
  const int64_t i = at / groups, v = at % groups;
  if (i >= pairs.count()) return;
  const int32_t m = a.pairs[a.p + pairs.first() + i];
  const V sum = load<V>(a.out, m, groups, v);
  store(a.out, m, groups, v, add(sum, 1.0f, load<V>(products, i, groups, v)));
}

__global__ void __launch_bounds__(kBlock) finish_rows(Conv a) {
  const int64_t at = thread_index();
  if (at < a.m * a.cout) a.out[at] = a.end.of(a.out[at], at, at % a.cout);
}

template <class V>
void run_offset(CudaDevice& device, const Conv& a, const Pairs& pairs, float* rows,
                float* products) {
  VMK_LAUNCH(device, gather_pairs<V>, blocks(pairs.most * a.cin / kWidth<V>), kBlock, a, pairs,
             rows);
  with_tile(pairs.most, a.cout, device.multiprocessors(), [&](auto tile) {
    using T = decltype(tile);
    VMK_LAUNCH(device, (multiply_pairs<T, kWidth<V> == 4>),
               blocks(pairs.most, T::kM, ceil_div(a.cout, T::kN)), T::kThreads, a, pairs, rows,
               products);
  });
  VMK_LAUNCH(device, scatter_pairs<V>, blocks(pairs.most * a.cout / kWidth<V>), kBlock, a, pairs,
             products);
}

}  // namespace

void sparse_conv_gather(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  const Conv a = conv_of(args);
  device.fill(a.out, 0, a.m * a.cout * static_cast<int64_t>(sizeof(float)));
  DataErrors* log = device.data_errors();
  VMK_LAUNCH(device, check_starts, blocks(a.kv), kBlock, a, log);
  VMK_LAUNCH(device, check_pairs, blocks(a.p), kBlock, a, log);
  const int64_t most = std::min(a.m, a.p);
  float* rows = device.scratch<float>(most * a.cin);
  float* products = device.scratch<float>(most * a.cout);
  for (int64_t k = 0; k < a.kv; ++k) {
    const Pairs pairs{a.starts, k, most, log};
    if (a.fours()) {
      run_offset<float4>(device, a, pairs, rows, products);
    } else {
      run_offset<float>(device, a, pairs, rows, products);
    }
  }
  if (!args.epilogue.empty())
    VMK_LAUNCH(device, finish_rows, blocks(a.m * a.cout), kBlock, a);
}

}  // namespace vmk
