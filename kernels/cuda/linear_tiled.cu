// linear.tiled - the tile product of the convolutions with one offset and rows where they lie.
// linear.ref - one thread an output element, sums in double.
#include "gemm_tile.cuh"

namespace vmk {

namespace {

// Rows of x from `first` on.
struct RowSource {
  const Conv& a;
  int64_t first;

  __device__ const float* row(int, int r) const {
    return first + r < a.m ? a.feats + (first + r) * a.cin : nullptr;
  }
  __device__ const float* weight(int) const { return a.weight; }
};

template <class T, bool kVector>
__global__ void __launch_bounds__(T::kThreads) multiply_rows(Conv a) {
  __shared__ __align__(16) TileBuffers<T> buffers;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * T::kM;
  const RowSource source{a, first};
  TileProduct<T, kVector, RowSource> product(source, {a.cin, a.cout}, buffers,
                                             static_cast<int64_t>(blockIdx.y) * T::kN);
  product.run(1);
  product.write(a.out, first, a.m, a.end);
}

__global__ void __launch_bounds__(kBlock) sum_product(Conv a) {
  const int64_t at = thread_index();
  if (at >= a.m * a.cout) return;
  const int64_t row = at / a.cout, column = at % a.cout;
  double sum = 0;
  for (int64_t c = 0; c < a.cin; ++c)
    sum += static_cast<double>(a.feats[row * a.cin + c]) * a.weight[c * a.cout + column];
  a.out[at] = a.end.of(sum, at, column);
}

// As a convolution of one offset that every row has.
Conv conv_of(const Linear& a) {
  SparseConv conv{};
  conv.feats = a.x;
  conv.weight = a.weight;
  conv.out = a.out;
  conv.n = conv.m = a.n;
  conv.kv = 1;
  conv.cin = a.k;
  conv.cout = a.m;
  conv.epilogue = a.epilogue;
  return conv_of(conv);
}

}  // namespace

void linear_tiled(Device& any, const Linear& args) {
  CudaDevice& device = cuda_device(any);
  const Conv a = conv_of(args);
  with_tile(a.m, a.cout, device.multiprocessors(), [&](auto tile) {
    using T = decltype(tile);
    const dim3 grid = blocks(a.m, T::kM, ceil_div(a.cout, T::kN));
    if (a.fours()) {
      VMK_LAUNCH(device, (multiply_rows<T, true>), grid, T::kThreads, a);
    } else {
      VMK_LAUNCH(device, (multiply_rows<T, false>), grid, T::kThreads, a);
    }
  });
}

void linear_ref(Device& any, const Linear& args) {
  CudaDevice& device = cuda_device(any);
  const Conv a = conv_of(args);
  VMK_LAUNCH(device, sum_product, blocks(a.m * a.cout), kBlock, a);
}

}  // namespace vmk
