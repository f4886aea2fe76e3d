// sparse_conv.gather - gather, GEMM, scatter, offset by offset: the separate dataflow of the first
// sparse-convolution engines, and the baseline that the implicit GEMM is measured against.
// Cost: every pair's features are written, read, multiplied, written and read again; 3 launches an
// offset. An output row occurs once in an offset, so that adding needs no atomics.
// sparse_conv.fetch - fetch-on-demand, deterministic: the same without buffers, one launch an
// offset; rows are read and added where they are.
#include <algorithm>

#include "conv_dataflows.hpp"
#include "conv_offsets.cuh"

namespace vmk {

namespace {

__device__ inline int64_t pair_count(const ConvCall& a, int64_t k, const DataErrors& log) {
  return pairs_are_bad(log) ? 0 : a.starts[k + 1] - a.starts[k];
}

// 16 bytes a thread.
template <class Element>
__global__ void __launch_bounds__(kBlock)
    gather_pairs(ConvCall a, int64_t k, Element* __restrict__ rows, const DataErrors* log) {
  using Vector = Pack<Element, 16 / sizeof(Element)>;
  const int groups = a.cin * static_cast<int>(sizeof(Element)) / 16;
  const int64_t at = thread_index(), i = at / groups, v = at % groups;
  if (i >= pair_count(a, k, *log)) return;
  const int64_t row = a.pairs[a.starts[k] + i];
  reinterpret_cast<Vector*>(rows)[at] = static_cast<const Vector*>(a.feats)[row * groups + v];
}

__global__ void __launch_bounds__(kBlock)
    scatter_pairs(ConvCall a, int64_t k, const float* __restrict__ products, float* sums,
                  const DataErrors* log) {
  const int groups = a.columns / 4;
  const int64_t at = thread_index(), i = at / groups, v = at % groups;
  if (i >= pair_count(a, k, *log)) return;
  const float4 four = reinterpret_cast<const float4*>(products)[at];
  const float sum[4] = {four.x, four.y, four.z, four.w};
  add_sums(sums + (a.pairs[a.p + a.starts[k] + i] * int64_t{groups} + v) * 4, sum);
}

// Sums of zero, in out itself where it has their form.
float* zeroed_sums(CudaDevice& device, const ConvCall& a, vmk_dtype dtype) {
  const bool in_place = dtype == VMK_F32 && a.columns == a.cout;
  const int64_t count = a.m * a.columns;
  float* sums = in_place ? static_cast<float*>(a.out) : device.scratch<float>(count);
  device.fill(sums, 0, count * static_cast<int64_t>(sizeof(float)));
  return sums;
}

void finish(CudaDevice& device, const ConvCall& a, const SparseConv& args, const float* sums) {
  if (sums != a.out || !args.epilogue.empty()) finish_sums(device, a, args.dtype, sums, 1);
}

template <class Element>
void gather_all(CudaDevice& device, const ConvCall& a, const SparseConv& args, float* sums) {
  const int64_t most = std::min(a.m, a.p);
  const ConvTile& tile = list_tile(device, a, args, most);
  auto* rows = device.scratch<Element>(most * a.cin);
  float* products = device.scratch<float>(most * a.columns);
  const DataErrors* log = device.data_errors();
  const int per = 16 / static_cast<int>(sizeof(Element));
  for (int64_t k = 0; k < a.kv; ++k) {
    VMK_LAUNCH(device, gather_pairs<Element>, blocks(most * a.cin / per), kBlock, a, k, rows, log);
    tile.lists(device, a, {rows, nullptr, nullptr, products, nullptr, nullptr, k, most, log});
    VMK_LAUNCH(device, scatter_pairs, blocks(most * a.columns / 4), kBlock, a, k, products, sums,
               log);
  }
}

}  // namespace

void sparse_conv_gather(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  check_offsets(args);
  const ConvCall a = call_of(device, args);
  float* sums = zeroed_sums(device, a, args.dtype);
  check_pairs(device, a);
  if (a.cin > 0)
    with_element(args.dtype, [&](auto element) {
      gather_all<decltype(element)>(device, a, args, sums);
    });
  finish(device, a, args, sums);
}

void sparse_conv_fetch(Device& any, const SparseConv& args) {
  CudaDevice& device = cuda_device(any);
  check_offsets(args);
  const ConvCall a = call_of(device, args);
  float* sums = zeroed_sums(device, a, args.dtype);
  check_pairs(device, a);
  const int64_t most = std::min(a.m, a.p);
  const ConvTile& tile = list_tile(device, a, args, most);
  for (int64_t k = 0; k < (a.cin > 0 ? a.kv : 0); ++k)
    tile.lists(device, a, {a.feats, a.pairs, a.pairs + a.p, sums, nullptr, nullptr, k, most,
                           device.data_errors()});
  finish(device, a, args, sums);
}

}  // namespace vmk
