// sparse_conv.
//   ref       one output at a time, all sums in double.
//   gather    gather-GEMM-scatter, offset by offset, as the first engines did it: rows are copied
//             into a buffer, multiplied, and added to the output. Moves 2 P (Cin + Cout) floats.
//   implicit  output-stationary implicit GEMM: a tile of outputs is accumulated in a buffer that
//             stays in cache while all offsets are applied; rows are read where they are, only
//             pairs that exist are multiplied, and every output is written once.
#include <algorithm>

#include "row_gemm.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

[[noreturn]] void fail_row(int64_t k, int64_t m, int32_t found, int64_t rows) {
  fail(VMK_INVALID_ARGUMENT, "Cannot convolve: map[%lld][%lld] = %d, feats has %lld rows",
       static_cast<long long>(k), static_cast<long long>(m), found, static_cast<long long>(rows));
}

void sparse_conv_ref(Device&, const SparseConv& a) {
  std::vector<double> sum(a.cout);
  for (int64_t m = 0; m < a.m; ++m) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t k = 0; k < a.kv; ++k) {
      const int32_t row = a.map[k * a.m + m];
      if (row < 0) continue;
      if (row >= a.n) fail_row(k, m, row, a.n);
      for (int64_t i = 0; i < a.cin; ++i)
        for (int64_t o = 0; o < a.cout; ++o)
          sum[o] += double{a.feats[row * a.cin + i]} * a.weight[(k * a.cin + i) * a.cout + o];
    }
    for (int64_t o = 0; o < a.cout; ++o) a.out[m * a.cout + o] = static_cast<float>(sum[o]);
  }
}

// Weights with columns padded by zeros to whole registers; the weights themselves if they are.
struct PaddedWeight {
  const float* data;
  int64_t columns;
};

PaddedWeight pad_weight(CpuDevice& device, const SparseConv& a) {
  const int64_t columns = padded_columns(a.cout);
  if (columns == a.cout) return {a.weight, columns};
  float* padded = device.scratch<float>(a.kv * a.cin * columns);
  device.pool.for_ranges(a.kv * a.cin, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      std::copy_n(a.weight + row * a.cout, a.cout, padded + row * columns);
      std::fill(padded + row * columns + a.cout, padded + (row + 1) * columns, 0.0f);
    }
  });
  return {padded, columns};
}

// Rows of a tile: as many as keep the accumulators in half of a 512 kB level-2 cache, which
// leaves the other half to the weights of the offset at hand.
int64_t tile_rows(int64_t columns) {
  return std::clamp<int64_t>((int64_t{1} << 16) / columns, 64, 1024);
}

// The pairs of offset k within the outputs [begin, end): input rows and rows of the tile.
int64_t pairs_in_tile(const SimdKernels& simd, const SparseConv& a, int64_t k, int64_t begin,
                      int64_t end, int32_t* in_rows, int32_t* out_rows) {
  const int32_t* map = a.map + k * a.m;
  // The next offset's slice lies a whole map row away, where no hardware prefetcher looks.
  if (k + 1 < a.kv)
    for (int64_t m = begin; m < end; m += 16) __builtin_prefetch(map + a.m + m);
  int32_t most;
  const int64_t count = simd.list_present(map + begin, end - begin, in_rows, out_rows, &most);
  if (most >= a.n)
    for (int64_t m = begin; m < end; ++m)
      if (map[m] >= a.n) fail_row(k, m, map[m], a.n);
  return count;
}

void sparse_conv_implicit(Device& any, const SparseConv& a) {
  CpuDevice& device = cpu_device(any);
  const SimdKernels& simd = simd_kernels(device.isa);
  const PaddedWeight weight = pad_weight(device, a);
  const int64_t rows = tile_rows(weight.columns), list = rows + kColumnPad;
  float* tiles = device.scratch<float>(device.threads() * rows * weight.columns);
  int32_t* lists = device.scratch<int32_t>(device.threads() * list * 2);
  device.pool.for_ranges(a.m, rows, [&](int64_t begin, int64_t end, int32_t thread) {
    float* tile = tiles + thread * rows * weight.columns;
    int32_t *in_rows = lists + thread * list * 2, *out_rows = in_rows + list;
    std::fill(tile, tile + (end - begin) * weight.columns, 0.0f);
    for (int64_t k = 0; k < a.kv; ++k) {
      const int64_t pairs = pairs_in_tile(simd, a, k, begin, end, in_rows, out_rows);
      simd.row_gemm({a.feats, a.cin, in_rows, weight.data + k * a.cin * weight.columns, weight.columns,
                tile, weight.columns, out_rows, pairs, a.cin, weight.columns});
    }
    for (int64_t m = begin; m < end; ++m)
      std::copy_n(tile + (m - begin) * weight.columns, a.cout, a.out + m * a.cout);
  });
}

void check_pairs(const SparseConv& a) {
  for (int64_t k = 0; k < a.kv; ++k)
    if (a.starts[0] != 0 || a.starts[k + 1] < a.starts[k] || a.starts[k + 1] > a.p)
      fail(VMK_INVALID_ARGUMENT, "Cannot convolve: starts[%lld] = %lld, pairs has %lld columns",
           static_cast<long long>(k + 1), static_cast<long long>(a.starts[k + 1]),
           static_cast<long long>(a.p));
  for (int64_t i = 0; i < a.p; ++i)
    if (a.pairs[i] < 0 || a.pairs[i] >= a.n || a.pairs[a.p + i] < 0 || a.pairs[a.p + i] >= a.m)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot convolve: pair %lld joins row %d of %lld to row %d of %lld",
           static_cast<long long>(i), a.pairs[i], static_cast<long long>(a.n), a.pairs[a.p + i],
           static_cast<long long>(a.m));
}

void sparse_conv_gather(Device& any, const SparseConv& a) {
  CpuDevice& device = cpu_device(any);
  check_pairs(a);
  const auto row_gemm = simd_kernels(device.isa).row_gemm;
  const PaddedWeight weight = pad_weight(device, a);
  int64_t most = 0;
  for (int64_t k = 0; k < a.kv; ++k) most = std::max(most, a.starts[k + 1] - a.starts[k]);
  float* gathered = device.scratch<float>(most * a.cin);
  float* product = device.scratch<float>(most * weight.columns);
  constexpr int64_t kGrain = 512;
  device.pool.for_ranges(a.m * a.cout, 1 << 16, [&](int64_t begin, int64_t end) {
    std::fill(a.out + begin, a.out + end, 0.0f);
  });
  for (int64_t k = 0; k < a.kv; ++k) {
    const int64_t first = a.starts[k], pairs = a.starts[k + 1] - first;
    const int32_t *in_rows = a.pairs + first, *out_rows = a.pairs + a.p + first;
    device.pool.for_ranges(pairs, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        std::copy_n(a.feats + in_rows[i] * a.cin, a.cin, gathered + i * a.cin);
    });
    device.pool.for_ranges(pairs, kGrain, [&](int64_t begin, int64_t end) {
      std::fill(product + begin * weight.columns, product + end * weight.columns, 0.0f);
      row_gemm({gathered + begin * a.cin, a.cin, nullptr, weight.data + k * a.cin * weight.columns,
                weight.columns, product + begin * weight.columns, weight.columns, nullptr,
                end - begin, a.cin, weight.columns});
    });
    // An output row appears once an offset: ranges never add to the same row.
    device.pool.for_ranges(pairs, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        for (int64_t o = 0; o < a.cout; ++o)
          a.out[out_rows[i] * a.cout + o] += product[i * weight.columns + o];
    });
  }
}

constexpr Variant<SparseConv> kList[] = {{"implicit", sparse_conv_implicit},
                                         {"gather", sparse_conv_gather, true},
                                         {"ref", sparse_conv_ref}};

}  // namespace

const Variants<SparseConv> kSparseConv = variants(kList);

}  // namespace vmk
