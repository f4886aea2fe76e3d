// sparse_conv.gather - gather, GEMM, scatter, offset by offset: the separate dataflow of the first
// sparse-convolution engines, and the baseline that the implicit GEMM is measured against.
// Cost: every pair's features are written, read, multiplied, written and read again; 3 launches an
// offset. An output row occurs once in an offset, so that adding needs no atomics. The number of
// pairs stays on the device: launches are sized for one pair an output row, blocks behind the last
// pair end at once.
#include "gemm_tile.cuh"

namespace vmk {

namespace {

// The pairs of one offset.
struct Pairs {
  const int64_t* starts;
  int64_t k, most, p;

  __device__ int64_t first() const { return starts[k]; }
  // 0 for starts that are not of these pairs.
  __device__ int64_t count() const {
    const int64_t begin = starts[k], end = starts[k + 1];
    return begin < 0 || end < begin || end > p || end - begin > most ? 0 : end - begin;
  }
};

template <class V>
__global__ void __launch_bounds__(kBlock)
    gather_pairs(Conv a, Pairs pairs, float* __restrict__ rows, DataErrors* log) {
  const int64_t groups = a.cin / kWidth<V>;
  const int64_t at = thread_index();
  const int64_t i = at / groups, v = at % groups;
  if (i >= pairs.count()) return;
  const int32_t row = a.pairs[pairs.first() + i];
  const bool there = row >= 0 && row < a.n;
  if (!there) note(log, kBadPair, 0, pairs.first() + i, row);
  store(rows, i, groups, v, there ? load<V>(a.feats, row, groups, v) : V{});
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
    scatter_pairs(Conv a, Pairs pairs, const float* __restrict__ products, DataErrors* log) {
  const int64_t groups = a.cout / kWidth<V>;
  const int64_t at = thread_index();
  const int64_t i = at / groups, v = at % groups;
  if (i >= pairs.count()) return;
  const int32_t m = a.pairs[a.p + pairs.first() + i];
  if (m < 0 || m >= a.m) return note(log, kBadPair, 0, pairs.first() + i, m);
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
             rows, device.data_errors());
  with_tile(pairs.most, a.cout, device.multiprocessors(), [&](auto tile) {
    using T = decltype(tile);
    VMK_LAUNCH(device, (multiply_pairs<T, kWidth<V> == 4>),
               blocks(pairs.most, T::kM, ceil_div(a.cout, T::kN)), T::kThreads, a, pairs, rows,
               products);
  });
  VMK_LAUNCH(device, scatter_pairs<V>, blocks(pairs.most * a.cout / kWidth<V>), kBlock, a, pairs,
             products, device.data_errors());
}

}  // namespace

void sparse_conv_gather(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  const Conv a = conv_of(args);
  device.fill(a.out, 0, a.m * a.cout * static_cast<int64_t>(sizeof(float)));
  const int64_t most = std::min(a.m, a.p);
  float* rows = device.scratch<float>(most * a.cin);
  float* products = device.scratch<float>(most * a.cout);
  for (int64_t k = 0; k < a.kv; ++k) {
    const Pairs pairs{a.starts, k, most, a.p};
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
