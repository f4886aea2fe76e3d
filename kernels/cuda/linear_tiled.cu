// linear.tiled - the tile product of the convolutions with one offset and rows where they lie.
//   Of 16 bits: a convolution of one offset with a map of every row to itself, on tensor cores;
//   with a GELU, which convolutions do not have, as linear.ref.
// linear.ref - one thread an output element, sums in double.
#include "conv_dataflows.hpp"
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

template <class T>
__global__ void __launch_bounds__(kBlock) sum_product(Linear a) {
  const int64_t at = thread_index();
  if (at >= a.n * a.m) return;
  const auto *x = static_cast<const T*>(a.x) + at / a.m * a.k,
             *weight = static_cast<const T*>(a.weight) + at % a.m;
  const Epilogue& e = a.epilogue;
  double sum = 0;
  for (int64_t c = 0; c < a.k; ++c)
    sum += static_cast<double>(to_float(x[c])) * to_float(weight[c * a.m]);
  if (e.scale) sum *= e.scale[at % a.m];
  if (e.shift) sum += e.shift[at % a.m];
  if (e.residual) sum += to_float(static_cast<const T*>(e.residual)[at]);
  from_float(static_cast<float>(activate(sum, e.activation, e.slope)), static_cast<T*>(a.out)[at]);
}

__global__ void __launch_bounds__(kBlock) number_rows(int32_t* rows, int64_t n) {
  const int64_t at = thread_index();
  if (at < n) rows[at] = static_cast<int32_t>(at);
}

// As a convolution of one offset that every row has.
SparseConv convolution_of(const Linear& a) {
  SparseConv conv{};
  conv.feats = a.x;
  conv.weight = a.weight;
  conv.out = a.out;
  conv.n = conv.m = a.n;
  conv.kv = 1;
  conv.cin = a.k;
  conv.cout = a.m;
  conv.dtype = a.dtype;
  conv.epilogue = a.epilogue;
  conv.settings.splits = 1;
  return conv;
}

void multiply_halves(CudaDevice& device, const Linear& a) {
  if (a.n > INT32_MAX)
    fail(VMK_UNSUPPORTED, "Cannot run linear in %s: %lld rows, at most %d can be numbered",
         dtype_name(a.dtype), static_cast<long long>(a.n), INT32_MAX);
  SparseConv conv = convolution_of(a);
  auto* rows = device.scratch<int32_t>(a.n);
  VMK_LAUNCH(device, number_rows, blocks(a.n), kBlock, rows, a.n);
  conv.map = rows;
  sparse_conv_implicit(device, conv);
}

}  // namespace

void linear_tiled(Device& any, const Linear& args) {
  CudaDevice& device = cuda_device(any);
  if (args.dtype != VMK_F32) {
    if (args.epilogue.activation == VMK_ACT_GELU) return linear_ref(device, args);
    return multiply_halves(device, args);
  }
  const Conv a = conv_of(convolution_of(args));
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

void linear_ref(Device& any, const Linear& a) {
  CudaDevice& device = cuda_device(any);
  with_element(a.dtype, [&](auto element) {
    VMK_LAUNCH(device, sum_product<decltype(element)>, blocks(a.n * a.m), kBlock, a);
  });
}

}  // namespace vmk
