// sparse_conv.implicit - output-stationary implicit GEMM.
//
// Rows are read where they are, only pairs that exist are multiplied, every output is written
// once, with the epilogue applied while it is still in cache. Sums run over offsets in ascending
// order whatever the number of threads: the bits are always the same.
#include "conv_tiles.hpp"

namespace vmk {

namespace {

int64_t tensor_bytes(const SparseConv& a) {
  return (a.n * a.cin + a.m * a.cout + a.kv * a.cin * a.cout) * dtype_bytes(a.dtype) +
         a.kv * a.m * 4;
}

template <class Product>
void run(CpuDevice& device, const SparseConv& a, int64_t columns, Product&& product) {
  const Finish finish = finish_of(device, a);
  run_tiles<float>(device, {a.map, a.n, a.m, a.kv}, columns, product,
                   [&](const float* tile, int64_t begin, int64_t end) {
                     finish_rows(device, a, finish, tile, columns, begin, end);
                   });
}

// Weights of an offset in f32, columns padded by zeros to whole registers.
void write_f32_weight(const SimdKernels& simd, const SparseConv& a, int64_t columns, int64_t k,
                      float* to) {
  for (int64_t i = 0; i < a.cin; ++i, to += columns) {
    const int64_t at = (k * a.cin + i) * a.cout;
    if (a.dtype == VMK_F32)
      std::copy_n(static_cast<const float*>(a.weight) + at, a.cout, to);
    else
      simd.widen(static_cast<const uint16_t*>(a.weight) + at, a.dtype, to, a.cout);
    std::fill(to + a.cout, to + columns, 0.0f);
  }
}

// Products of rows that are widened on the way, a few at a time so that they stay in cache.
template <class Weight>
void run_widened(CpuDevice& device, const SparseConv& a, int64_t columns, const Weight& weight) {
  constexpr int64_t kRows = 32, kAhead = 8;
  const SimdKernels& simd = simd_kernels(device.isa);
  const auto* feats = static_cast<const uint16_t*>(a.feats);
  float* buffers = device.scratch<float>(device.threads() * kRows * a.cin);
  run(device, a, columns, [&](int64_t k, const int32_t* in_rows, float* tile,
                              const int32_t* out_rows, int64_t pairs, int32_t thread) {
    const float* b = weight(k, thread);
    float* wide = buffers + thread * kRows * a.cin;
    for (int64_t i = 0; i < pairs; i += kRows) {
      const int64_t rows = std::min(kRows, pairs - i);
      for (int64_t r = 0; r < rows; ++r) {
        const int32_t later = in_rows[std::min(i + r + kAhead, pairs - 1)];
        for (int64_t p = 0; p < a.cin; p += 32) __builtin_prefetch(feats + later * a.cin + p);
        simd.widen(feats + in_rows[i + r] * a.cin, a.dtype, wide + r * a.cin, a.cin);
      }
      simd.row_gemm({wide, a.cin, nullptr, b, columns, tile, columns, out_rows + i, rows, a.cin,
                     columns});
    }
  });
}

// weight(k, thread): the f32 weights of an offset.
template <class Weight>
void run_f32(CpuDevice& device, const SparseConv& a, int64_t columns, const Weight& weight) {
  if (a.dtype != VMK_F32) return run_widened(device, a, columns, weight);
  const auto row_gemm = simd_kernels(device.isa).row_gemm;
  const auto* feats = static_cast<const float*>(a.feats);
  run(device, a, columns, [&](int64_t k, const int32_t* in_rows, float* tile,
                              const int32_t* out_rows, int64_t pairs, int32_t thread) {
    row_gemm({feats, a.cin, in_rows, weight(k, thread), columns, tile, columns, out_rows, pairs,
              a.cin, columns});
  });
}

#if defined(__x86_64__)
// bf16 weights of an offset as the dot-product instructions want them: [Cin / 2, columns] pairs.
void write_weight_pairs(const SparseConv& a, int64_t columns, int64_t k, uint32_t* to) {
  const auto* weight = static_cast<const uint16_t*>(a.weight) + k * a.cin * a.cout;
  for (int64_t i = 0; i < a.cin; i += 2, to += columns) {
    const uint16_t *even = weight + i * a.cout, *odd = even + a.cout;
    for (int64_t o = 0; o < a.cout; ++o) to[o] = even[o] | uint32_t{odd[o]} << 16;
    std::fill(to + a.cout, to + columns, 0u);
  }
}

void run_bf16(CpuDevice& device, const SparseConv& a, int64_t columns) {
  const int64_t size = a.cin / 2 * columns;
  const OffsetWeights weight(
      device, a.kv, size, is_small(a.kv * size * 4, tensor_bytes(a)),
      [&a, columns](int64_t k, uint32_t* to) { write_weight_pairs(a, columns, k, to); },
      Item<uint32_t>{});
  const auto* feats = static_cast<const uint16_t*>(a.feats);
  run(device, a, columns, [&](int64_t k, const int32_t* in_rows, float* tile,
                              const int32_t* out_rows, int64_t pairs, int32_t thread) {
    row_gemm_bf16({feats, a.cin, in_rows, weight.of(k, thread), tile, columns, out_rows, pairs,
                   a.cin, columns});
  });
}
#endif

}  // namespace

void sparse_conv_implicit(Device& any, const SparseConv& a) {
  CpuDevice& device = cpu_device(any);
  const int64_t columns = padded_columns(a.cout), size = a.cin * columns;
#if defined(__x86_64__)
  if (a.dtype == VMK_BF16 && a.cin % 2 == 0 && has_bf16_dot(device.isa))
    return run_bf16(device, a, columns);
#endif
  if (a.dtype == VMK_F32 && columns == a.cout) {
    const auto* weight = static_cast<const float*>(a.weight);
    return run_f32(device, a, columns, [&](int64_t k, int32_t) { return weight + k * size; });
  }
  const SimdKernels& simd = simd_kernels(device.isa);
  const OffsetWeights weight(
      device, a.kv, size, is_small(a.kv * size * 4, tensor_bytes(a)),
      [&](int64_t k, float* to) { write_f32_weight(simd, a, columns, k, to); }, Item<float>{});
  run_f32(device, a, columns,
          [&](int64_t k, int32_t thread) { return weight.of(k, thread); });
}

}  // namespace vmk
