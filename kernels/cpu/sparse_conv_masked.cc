// sparse_conv.masked - sorted implicit GEMM with mask splits, as GPU engines run it.
//
// The offsets are cut into `splits` parts. Within a part outputs are sorted by the offsets that they
// have (kernel_map_order), so that tiles of outputs need the same offsets, and a tile multiplies all
// its rows for every offset that any of them needs: missing rows count as zeros. The CPU has no need
// for this (see implicit); it is here to measure what the redundancy of the published algorithm
// costs (TorchSparse++, spconv 2).
#include <algorithm>

#include "kernel_map_order.hpp"
#include "sparse_conv.hpp"

namespace vmk {

namespace {

constexpr int64_t kTileRows = 128;

// Features with one row of zeros behind them, which missing rows are pointed at.
const float* with_zero_row(CpuDevice& device, const SparseConv& a) {
  const float* feats = as_f32(device, a.feats, a.dtype, a.n * a.cin);
  float* padded = device.scratch<float>((a.n + 1) * a.cin);
  device.pool.for_ranges(a.n, 1024, [&](int64_t begin, int64_t end) {
    std::copy(feats + begin * a.cin, feats + end * a.cin, padded + begin * a.cin);
  });
  std::fill_n(padded + a.n * a.cin, a.cin, 0.0f);
  return padded;
}

// Who works on `order` may write an output at a time: each of them is in it once.
void check_order(CpuDevice& device, const SparseConv& a) {
  auto* seen = device.scratch<uint8_t>(a.m);
  for (int64_t part = 0; part < a.parts; ++part) {
    std::fill_n(seen, a.m, uint8_t{0});
    for (int64_t i = 0; i < a.m; ++i) {
      const int32_t row = a.order[part * a.m + i];
      if (row < 0 || row >= a.m || seen[row]++)
        fail(VMK_INVALID_ARGUMENT, "Cannot convolve: order[%lld][%lld] = %d, each of the %lld rows "
             "must be there once", static_cast<long long>(part), static_cast<long long>(i), row,
             static_cast<long long>(a.m));
    }
  }
}

// What the call was given, or made for it.
KernelMapOrder order_of(CpuDevice& device, const SparseConv& a) {
  if (a.order) {
    check_order(device, a);
    return {a.map, const_cast<int32_t*>(a.order), const_cast<int32_t*>(a.ordered), a.kv, a.m,
            a.parts};
  }
  const int64_t parts = std::min<int64_t>(a.settings.splits, std::max<int64_t>(1, a.kv));
  const KernelMapOrder made{a.map, device.scratch<int32_t>(parts * a.m),
                            device.scratch<int32_t>(a.kv * a.m), a.kv, a.m, parts};
  order_rows(device, made);
  return made;
}

// The input rows of places [begin, end) through offset k; false when there is none.
bool read_rows(const SparseConv& a, const KernelMapOrder& sorted, int64_t k, const int32_t* order,
               int64_t begin, int64_t end, int32_t* rows) {
  bool any = false;
  for (int64_t i = begin; i < end; ++i) {
    const int32_t row = sorted.ordered[k * a.m + i];
    if (row >= a.n) fail_map_row(k, order[i], row, a.n);
    any |= row >= 0;
    rows[i - begin] = row >= 0 ? row : static_cast<int32_t>(a.n);
  }
  return any;
}

}  // namespace

void sparse_conv_masked(Device& any, const SparseConv& a) {
  CpuDevice& device = cpu_device(any);
  const auto row_gemm = simd_kernels(device.isa).row_gemm;
  const PaddedWeight weight = pad_weight(device, a);
  const float* feats = with_zero_row(device, a);
  const Sums sums = zeroed_sums(device, a, weight.columns);
  const KernelMapOrder sorted = order_of(device, a);
  const int64_t offsets = (a.kv + sorted.parts - 1) / sorted.parts;
  for (int64_t first = 0; first < a.kv; first += offsets) {
    const int64_t last = std::min(a.kv, first + offsets);
    const int32_t* order = sorted.order + first / offsets * a.m;
    device.pool.for_ranges(a.m, kTileRows, [&](int64_t begin, int64_t end) {
      int32_t rows[kTileRows];
      for (int64_t k = first; k < last; ++k) {
        if (!read_rows(a, sorted, k, order, begin, end, rows)) continue;
        row_gemm({feats, a.cin, rows, weight.of_offset(a, k), weight.columns, sums.data, sums.ld,
                  order + begin, end - begin, a.cin, weight.columns});
      }
    });
  }
  finish_all(device, a, sums);
}

}  // namespace vmk
