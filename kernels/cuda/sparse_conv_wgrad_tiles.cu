// sparse_conv_wgrad.tiles - the tiles of wgrad_tile.cuh: a block owns a tile of the gradient of one
// offset and a piece of the outputs, whose pairs it lists in order unless the call brings them. The
// sums of the pieces are added in order: the same bits on every run, without atomics.
// sparse_conv_wgrad.tiles_tf32 - the same, f32 rounded to tf32 for the tensor cores.
// sparse_conv_wgrad.ref - one thread an element, sums in double.
#include "conv_call.cuh"
#include "wgrad_tiles.hpp"

namespace vmk {

namespace {

template <class Out>
__global__ void __launch_bounds__(kBlock)
    add_pieces(const float* __restrict__ sums, int64_t size, int count, Out* __restrict__ out) {
  const int64_t at = thread_index();
  if (at >= size) return;
  float sum = 0;
  for (int piece = 0; piece < count; ++piece) sum += sums[piece * size + at];
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

int channels_of(int64_t channels) {
  if (channels > INT32_MAX - 8)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv_wgrad: %lld channels, at most %d are supported",
         static_cast<long long>(channels), INT32_MAX - 8);
  return static_cast<int>(channels);
}

void run(CudaDevice& device, const SparseConvWgrad& a, bool tf32) {
  const bool listed = a.pairs && a.starts;
  const WgradChoice choice = choose_wgrad_tile(
      device, {a.dtype, tf32, a.cin, a.cout, a.kv, a.m, listed ? a.p : -1, a.settings});
  const int64_t size = a.kv * a.cin * a.cout;
  const bool direct = choice.pieces == 1 && a.out_dtype == VMK_F32;
  WgradCall call{};
  call.cin = channels_of(a.cin);
  call.cout = channels_of(a.cout);
  call.feats = whole_vectors(device, a.dtype, a.feats, a.n, call.cin, call.feat_channels);
  call.grads = whole_vectors(device, a.dtype, a.grad_out, a.m, call.cout, call.grad_channels);
  call.map = a.map;
  call.pairs = listed ? a.pairs : nullptr;
  call.starts = a.starts;
  call.n = a.n;
  call.m = a.m;
  call.kv = a.kv;
  call.p = a.p;
  call.pieces = choice.pieces;
  call.sums = direct ? static_cast<float*>(a.grad_weight)
                     : device.scratch<float>(choice.pieces * size);
  choice.tile->sum(device, call);
  if (direct) return;
  with_element(a.out_dtype, [&](auto out) {
    using Out = decltype(out);
    VMK_LAUNCH(device, add_pieces<Out>, blocks(size), kBlock, call.sums, size, choice.pieces,
               static_cast<Out*>(a.grad_weight));
  });
}

}  // namespace

void sparse_conv_wgrad_tiles(Device& any, const SparseConvWgrad& a) {
  run(cuda_device(any), a, false);
}

void sparse_conv_wgrad_tiles_tf32(Device& any, const SparseConvWgrad& a) {
  run(cuda_device(any), a, true);
}

void sparse_conv_wgrad_ref(Device& any, const SparseConvWgrad& a) {
  CudaDevice& device = cuda_device(any);
  with_element(a.dtype, [&](auto element) {
    VMK_LAUNCH(device, sum_element<decltype(element)>, blocks(a.kv * a.cin * a.cout), kBlock, a,
               device.data_errors());
  });
}

}  // namespace vmk
