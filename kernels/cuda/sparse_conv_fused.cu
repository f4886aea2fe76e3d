// sparse_conv.fused - all offsets at once: each input row is read once and written to all its
// places in the buffers (locality-aware gather), one launch multiplies the rows of all offsets, and
// each output row is the sum of its products, written once (TorchSparse, MLSys'22).
// sparse_conv.grouped - the same with offsets of similar size padded to one size while the padding
// stays within epsilon (adaptive matrix grouping), gathered pair by pair.
// Sums run over the offsets in ascending order: the same bits on every run, without atomics.
#include <algorithm>

#include "conv_dataflows.hpp"
#include "conv_offsets.cuh"

namespace vmk {

namespace {

// 16 bytes a thread.
template <class Element>
using Vector = Pack<Element, 16 / sizeof(Element)>;

template <class Element>
int64_t vectors(const ConvCall& a) {
  return a.cin * static_cast<int64_t>(sizeof(Element)) / 16;
}

// Each input row to all its places.
template <class Element>
__global__ void __launch_bounds__(kBlock)
    gather_inputs(ConvCall a, int groups, const int32_t* __restrict__ slots, Element* rows) {
  const int64_t at = thread_index(), i = at / groups, v = at % groups;
  if (i >= a.n) return;
  const auto vector = static_cast<const Vector<Element>*>(a.feats)[at];
  for (int64_t k = 0; k < a.kv; ++k) {
    const int32_t slot = slots[k * a.n + i];
    if (slot >= 0) reinterpret_cast<Vector<Element>*>(rows)[int64_t{slot} * groups + v] = vector;
  }
}

// The pairs of an offset, a block row each. With slots: those only whose input row the offset has
// again later, which no map of a convolution does.
template <class Element>
__global__ void __launch_bounds__(kBlock)
    gather_lists(ConvCall a, int groups, BufferPlan plan, const int32_t* __restrict__ slots,
                 Element* rows, const DataErrors* log) {
  const int64_t at = thread_index(), i = at / groups, v = at % groups, k = blockIdx.y;
  if (pairs_are_bad(*log) || i >= a.starts[k + 1] - a.starts[k]) return;
  const int64_t row = a.pairs[a.starts[k] + i], slot = plan.begins[k] + i;
  if (slots && slots[k * a.n + row] == slot) return;
  reinterpret_cast<Vector<Element>*>(rows)[slot * groups + v] =
      static_cast<const Vector<Element>*>(a.feats)[row * groups + v];
}

template <class Element>
void gather(CudaDevice& device, const ConvCall& a, const BufferPlan& plan, bool by_input,
            Element* rows) {
  const auto groups = static_cast<int>(vectors<Element>(a));
  const int32_t* slots = nullptr;
  if (by_input) {
    slots = slots_of(device, a, plan, a.pairs, a.n);
    VMK_LAUNCH(device, gather_inputs<Element>, blocks(a.n * groups), kBlock, a, groups, slots,
               rows);
  }
  VMK_LAUNCH(device, gather_lists<Element>, blocks(std::min(a.m, a.p) * groups, kBlock, a.kv),
             kBlock, a, groups, plan, slots, rows, device.data_errors());
}

void run(Device& any, const SparseConv& args, bool grouped) {
  CudaDevice& device = cuda_device(any);
  check_offsets(args);
  const ConvCall a = call_of(device, args);
  check_pairs(device, a);
  if (a.kv == 0 || a.cin == 0) return finish_sums(device, a, args.dtype, nullptr, 0);
  const ConvTile& tile = list_tile(device, a, args, a.p);
  const ConvSettings none{};
  const ConvSettings& s = grouped ? args.settings : none;
  const BufferPlan plan = plan_buffers(device, a, s.epsilon, s.threshold, tile.m);
  float* products = device.scratch<float>(plan.rows * a.columns);
  with_element(args.dtype, [&](auto element) {
    auto* rows = device.scratch<decltype(element)>(plan.rows * a.cin);
    gather(device, a, plan, !grouped, rows);
    multiply_buffers(device, a, tile, plan, rows, products);
  });
  scatter_buffers(device, a, args.dtype, plan, products);
}

}  // namespace

void sparse_conv_fused(Device& device, const SparseConv& args) { run(device, args, false); }
void sparse_conv_grouped(Device& device, const SparseConv& args) { run(device, args, true); }

}  // namespace vmk
