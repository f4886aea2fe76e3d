// sparse_conv_wgrad.tiles - the tiles of wgrad_tile.cuh: the pairs of an offset, listed here unless
// the call brings them, are cut into chunks, each for the blocks of a gradient's tiles, so that the
// centre offset, which has most pairs, keeps nobody waiting. The sums of the chunks are added in
// order: the same bits on every run, without atomics.
// sparse_conv_wgrad.tiles_tf32 - the same, f32 rounded to tf32 for the tensor cores.
// sparse_conv_wgrad.ref - one thread an element, sums in double.
#include "conv_call.cuh"
#include "pair_lists.hpp"
#include "primitives.hpp"
#include "wgrad_tiles.hpp"

namespace vmk {

namespace {

// Chunks of every offset, and 0 behind them. Notes starts that do not fit the pairs.
__global__ void __launch_bounds__(kBlock)
    count_chunks(WgradCall a, int64_t* chunks, DataErrors* log) {
  const int64_t k = thread_index();
  if (k > a.kv) return;
  int64_t count = 0;
  if (k < a.kv) {
    const int64_t begin = a.starts[k], end = a.starts[k + 1];
    count = end - begin;
    if (begin < 0 || count < 0 || end > a.room || count > a.m || (k == 0 && begin != 0)) {
      note(log, kBadConvStarts, 0, k, begin);
      count = 0;
    }
  }
  chunks[k] = ceil_div(count, a.chunk);
}

template <class Out>
__global__ void __launch_bounds__(kBlock) add_chunks(WgradCall a, Out* __restrict__ out) {
  const int64_t at = thread_index(), size = int64_t{a.cin} * a.cout;
  if (at >= a.kv * size) return;
  const int64_t k = at / size;
  // Starts that overlap, which were noted, have more chunks than there is room for.
  const int64_t end = min(a.before[k + 1], a.chunks);
  float sum = 0;
  for (int64_t chunk = a.before[k]; chunk < end; ++chunk) sum += a.sums[chunk * size + at % size];
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
  const int64_t size = a.cin * a.cout;
  if (a.kv * size == 0) return;
  const bool listed = a.pairs && a.starts;
  const int64_t room = listed ? a.p : a.kv * a.m;
  const WgradChoice choice = choose_wgrad_tile(
      device, {a.dtype, tf32, a.cin, a.cout, a.kv, a.m, room, listed, a.out_dtype == VMK_F32,
               a.settings});
  const PairLists lists = listed ? PairLists{a.pairs, a.starts, room}
                                 : list_pairs(device, a.map, a.kv, a.m);
  WgradCall call{};
  call.cin = channels_of(a.cin);
  call.cout = channels_of(a.cout);
  call.feats = whole_vectors(device, a.dtype, a.feats, a.n, call.cin, call.feat_channels);
  call.grads = whole_vectors(device, a.dtype, a.grad_out, a.m, call.cout, call.grad_channels);
  call.pairs = lists.pairs;
  call.starts = lists.starts;
  call.n = a.n;
  call.m = a.m;
  call.kv = a.kv;
  call.room = lists.room;
  call.chunk = choice.chunk;
  call.chunks = room / choice.chunk + a.kv;
  call.bad = listed ? kBadPair : kBadMapEntry;
  call.whole = choice.chunk >= a.m && a.out_dtype == VMK_F32;
  if (call.whole) {
    call.sums = static_cast<float*>(a.grad_weight);
    device.fill(call.sums, 0, a.kv * size * static_cast<int64_t>(sizeof(float)));
  } else {
    call.sums = device.scratch<float>(call.chunks * size);
  }
  auto* before = device.scratch<int64_t>(a.kv + 1);
  VMK_LAUNCH(device, count_chunks, blocks(a.kv + 1), kBlock, call, before, device.data_errors());
  exclusive_sum(device, before, before, a.kv + 1);
  call.before = before;
  choice.tile->sum(device, call);
  if (call.whole) return;
  with_element(a.out_dtype, [&](auto out) {
    using Out = decltype(out);
    VMK_LAUNCH(device, add_chunks<Out>, blocks(a.kv * size), kBlock, call,
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
