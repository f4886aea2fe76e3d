// THE list of CPU variants of sparse_conv, its reference, and what the dataflows share.
#include "sparse_conv.hpp"

#include <algorithm>

#include "variants.hpp"

namespace vmk {

PaddedWeight pad_weight(CpuDevice& device, const SparseConv& a) {
  const int64_t columns = padded_columns(a.cout);
  const float* weight = as_f32(device, a.weight, a.dtype, a.kv * a.cin * a.cout);
  if (columns == a.cout) return {weight, columns};
  float* padded = device.scratch<float>(a.kv * a.cin * columns);
  device.pool.for_ranges(a.kv * a.cin, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      std::copy_n(weight + row * a.cout, a.cout, padded + row * columns);
      std::fill(padded + row * columns + a.cout, padded + (row + 1) * columns, 0.0f);
    }
  });
  return {padded, columns};
}

Sums zeroed_sums(CpuDevice& device, const SparseConv& a, int64_t columns) {
  const bool in_place = a.dtype == VMK_F32 && columns == a.cout;
  float* sums = in_place ? static_cast<float*>(a.out) : device.scratch<float>(a.m * columns);
  device.pool.for_ranges(a.m * columns, 1 << 16, [&](int64_t begin, int64_t end) {
    std::fill(sums + begin, sums + end, 0.0f);
  });
  return {sums, columns};
}

Finish finish_of(CpuDevice& device, const SparseConv& a) {
  const Epilogue& e = a.epilogue;
  Finish finish{nullptr, 0,     0,       a.cout,       nullptr, nullptr, nullptr,
                nullptr, a.dtype, e.activation, e.slope};
  if (!e.scale && !e.shift) return finish;
  float* scale = device.scratch<float>(a.cout);
  float* shift = device.scratch<float>(a.cout);
  for (int64_t o = 0; o < a.cout; ++o) {
    scale[o] = e.scale ? e.scale[o] : 1;
    shift[o] = e.shift ? e.shift[o] : 0;
  }
  finish.scale = scale;
  finish.shift = shift;
  return finish;
}

void finish_rows(CpuDevice& device, const SparseConv& a, const Finish& finish, const float* sums,
                 int64_t ld, int64_t begin, int64_t end) {
  const int64_t at = begin * a.cout * dtype_bytes(a.dtype);
  Finish rows = finish;
  rows.sums = sums;
  rows.ld = ld;
  rows.rows = end - begin;
  rows.out = static_cast<char*>(a.out) + at;
  if (a.epilogue.residual) rows.residual = static_cast<const char*>(a.epilogue.residual) + at;
  simd_kernels(device.isa).finish(rows);
}

void finish_all(CpuDevice& device, const SparseConv& a, const Sums& sums) {
  if (sums.data == a.out && a.epilogue.empty()) return;
  const Finish finish = finish_of(device, a);
  device.pool.for_ranges(a.m, 256, [&](int64_t begin, int64_t end) {
    finish_rows(device, a, finish, sums.data + begin * sums.ld, sums.ld, begin, end);
  });
}

void fail_map_row(int64_t k, int64_t m, int32_t found, int64_t rows) {
  fail(VMK_INVALID_ARGUMENT, "Cannot convolve: map[%lld][%lld] = %d, feats has %lld rows",
       static_cast<long long>(k), static_cast<long long>(m), found, static_cast<long long>(rows));
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

// One output at a time, all sums in double.
void sparse_conv_ref(Device& any, const SparseConv& a) {
  CpuDevice& device = cpu_device(any);
  const float* feats = as_f32(device, a.feats, a.dtype, a.n * a.cin);
  const float* weight = as_f32(device, a.weight, a.dtype, a.kv * a.cin * a.cout);
  const Sums sums{device.scratch<float>(a.m * a.cout), a.cout};
  std::vector<double> sum(a.cout);
  for (int64_t m = 0; m < a.m; ++m) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int64_t k = 0; k < a.kv; ++k) {
      const int32_t row = a.map[k * a.m + m];
      if (row < 0) continue;
      if (row >= a.n) fail_map_row(k, m, row, a.n);
      for (int64_t i = 0; i < a.cin; ++i)
        for (int64_t o = 0; o < a.cout; ++o)
          sum[o] += double{feats[row * a.cin + i]} * weight[(k * a.cin + i) * a.cout + o];
    }
    for (int64_t o = 0; o < a.cout; ++o) sums.data[m * a.cout + o] = static_cast<float>(sum[o]);
  }
  finish_all(device, a, sums);
}

namespace {

constexpr bool kPairs = true, kAnyDtype = true, kFused = true;
constexpr Variant<SparseConv> kList[] = {
    {"implicit", sparse_conv_implicit, !kPairs, kAnyDtype, kFused},
    {.name = "masked", .run = sparse_conv_masked, .any_dtype = true, .fused = true, .sorts = true},
    {"fetch", sparse_conv_fetch, kPairs, kAnyDtype, kFused},
    {"fused", sparse_conv_fused, kPairs, kAnyDtype, kFused},
    {"grouped", sparse_conv_grouped, kPairs, kAnyDtype, kFused},
    {"gather", sparse_conv_gather, kPairs, kAnyDtype, kFused},
    {"ref", sparse_conv_ref, !kPairs, kAnyDtype, kFused},
};

}  // namespace

const Variants<SparseConv> kSparseConv = variants(kList);

// Blocks of registers are the instruction set's.
int32_t find_conv_tile(const char*) { return -1; }
std::string conv_tiles(Device&, const Variant<SparseConv>&, vmk_dtype) { return ""; }

}  // namespace vmk
