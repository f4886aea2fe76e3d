// sparse_conv.masked - sorted implicit GEMM with mask splits, as GPU engines run it.
//
// The offsets are cut into `splits` parts. Within a part every output has a bit mask of the
// offsets that it has; outputs are sorted by their mask, so that tiles of outputs need the same
// offsets, and a tile multiplies all its rows for every offset that any of them needs: missing
// rows count as zeros. The CPU has no need for this (see implicit); it is here to measure what the
// redundancy of the published algorithm costs (TorchSparse++, spconv 2).
#include <algorithm>
#include <numeric>

#include "sparse_conv.hpp"

namespace vmk {

namespace {

constexpr int64_t kTileRows = 128;

// Masks of offsets [first, last) and the outputs in descending order of them, ties by row.
void sort_by_mask(CpuDevice& device, const SparseConv& a, int64_t first, int64_t last,
                  uint64_t* masks, int32_t* order) {
  device.pool.for_ranges(a.m, 4096, [&](int64_t begin, int64_t end) {
    std::fill(masks + begin, masks + end, 0);
    for (int64_t k = first; k < last; ++k)
      for (int64_t m = begin; m < end; ++m) {
        const int32_t row = a.map[k * a.m + m];
        if (row >= a.n) fail_map_row(k, m, row, a.n);
        masks[m] |= uint64_t{row >= 0} << (k - first);
      }
  });
  std::iota(order, order + a.m, 0);
  std::stable_sort(order, order + a.m, [&](int32_t x, int32_t y) { return masks[x] > masks[y]; });
}

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

}  // namespace

void sparse_conv_masked(Device& any, const SparseConv& a) {
  CpuDevice& device = cpu_device(any);
  const auto row_gemm = simd_kernels(device.isa).row_gemm;
  const PaddedWeight weight = pad_weight(device, a);
  const float* feats = with_zero_row(device, a);
  const Sums sums = zeroed_sums(device, a, weight.columns);
  // A mask has 64 bits: more offsets than that need more parts than were asked for.
  const int64_t parts = std::max<int64_t>(a.settings.splits, (a.kv + 63) / 64);
  const int64_t part = std::max<int64_t>(1, (a.kv + parts - 1) / parts);
  auto* masks = device.scratch<uint64_t>(a.m);
  auto* order = device.scratch<int32_t>(a.m);
  for (int64_t first = 0; first < a.kv; first += part) {
    const int64_t last = std::min(a.kv, first + part);
    sort_by_mask(device, a, first, last, masks, order);
    device.pool.for_ranges(a.m, kTileRows, [&](int64_t begin, int64_t end) {
      uint64_t any_row = 0;
      for (int64_t i = begin; i < end; ++i) any_row |= masks[order[i]];
      int32_t rows[kTileRows];
      for (int64_t k = first; k < last; ++k) {
        if (!(any_row >> (k - first) & 1)) continue;
        for (int64_t i = begin; i < end; ++i) {
          const int32_t row = a.map[k * a.m + order[i]];
          rows[i - begin] = row >= 0 ? row : static_cast<int32_t>(a.n);
        }
        row_gemm({feats, a.cin, rows, weight.of_offset(a, k), weight.columns, sums.data, sums.ld,
                  order + begin, end - begin, a.cin, weight.columns});
      }
    });
  }
  finish_all(device, a, sums);
}

}  // namespace vmk
