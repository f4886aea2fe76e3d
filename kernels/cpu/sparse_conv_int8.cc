// sparse_conv_int8.
//   ref       one output at a time, sums in 64 bits.
//   implicit  the tiles of sparse_conv.implicit, summed by 8-bit dot products where the CPU has
//             them, else by f32 products of so few steps that every sum is a whole number below
//             2^24, and exact. Both give the bits of ref, whose last step they share.
#include "int8_gemm.hpp"

#include <vector>

#include "conv_tiles.hpp"
#include "int8.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

// Steps whose products of bytes add up to at most 2^24, the last whole number f32 counts to.
constexpr int64_t kExactSteps = (1 << 24) / (128 * 128);

// Half to even, for |value| < 2^22: the sum has no bits left for a fraction.
float rounded(float value) {
  constexpr float kShift = 12582912.0f;  // 1.5 * 2^23
  return (value + kShift) - kShift;
}

// One output row. Compiled once, for the baseline: with fused multiply-adds the bits would differ.
void finish_row(const SparseConvInt8& a, const int32_t* sums, int64_t m, float* row) {
  for (int64_t o = 0; o < a.cout; ++o) row[o] = static_cast<float>(sums[o]) * a.scale[o];
  if (a.shift)
    for (int64_t o = 0; o < a.cout; ++o) row[o] += a.shift[o];
  const auto* floats = static_cast<const float*>(a.residual);
  const auto* bytes = static_cast<const int8_t*>(a.residual);
  if (a.residual && a.dtype == VMK_F32)
    for (int64_t o = 0; o < a.cout; ++o) row[o] += floats[m * a.cout + o];
  else if (a.residual)
    for (int64_t o = 0; o < a.cout; ++o) row[o] += static_cast<float>(bytes[m * a.cout + o]);
  if (a.activation == VMK_ACT_RELU)
    for (int64_t o = 0; o < a.cout; ++o) row[o] = row[o] < 0 ? 0 : row[o];
  else if (a.activation == VMK_ACT_LEAKY_RELU)
    for (int64_t o = 0; o < a.cout; ++o) row[o] = row[o] < 0 ? row[o] * a.slope : row[o];
  if (a.dtype == VMK_F32) return;
  int8_t* to = static_cast<int8_t*>(a.out) + m * a.cout;
  for (int64_t o = 0; o < a.cout; ++o) {
    const float high = row[o] < 127.0f ? row[o] : 127.0f;
    to[o] = static_cast<int8_t>(rounded(high > -128.0f ? high : -128.0f));
  }
}

// Sums of the outputs [begin, end), rows ld apart.
void finish_rows(const SparseConvInt8& a, const int32_t* sums, int64_t ld, int64_t begin,
                 int64_t end) {
  std::vector<float> row(a.dtype == VMK_I8 ? a.cout : 0);
  for (int64_t m = begin; m < end; ++m) {
    float* to = a.dtype == VMK_I8 ? row.data() : static_cast<float*>(a.out) + m * a.cout;
    finish_row(a, sums + (m - begin) * ld, m, to);
  }
}

void sparse_conv_int8_ref(Device&, const SparseConvInt8& a) {
  std::vector<int64_t> exact(a.cout);
  std::vector<int32_t> sums(a.cout);
  for (int64_t m = 0; m < a.m; ++m) {
    std::fill(exact.begin(), exact.end(), 0);
    for (int64_t k = 0; k < a.kv; ++k) {
      const int32_t row = a.map[k * a.m + m];
      if (row < 0) continue;
      if (row >= a.n) fail_map_row(k, m, row, a.n);
      for (int64_t i = 0; i < a.cin; ++i)
        for (int64_t o = 0; o < a.cout; ++o)
          exact[o] += int64_t{a.feats[row * a.cin + i]} * a.weight[(k * a.cin + i) * a.cout + o];
    }
    for (int64_t o = 0; o < a.cout; ++o) sums[o] = static_cast<int32_t>(exact[o]);
    finish_rows(a, sums.data(), a.cout, m, m + 1);
  }
}

int64_t tensor_bytes(const SparseConvInt8& a) {
  return a.n * a.cin + a.m * a.cout * dtype_bytes(a.dtype) + a.kv * (a.cin * a.cout + a.m * 4);
}

template <class Product>
void run(CpuDevice& device, const SparseConvInt8& a, int64_t columns, Product&& product) {
  run_tiles<int32_t>(device, {a.map, a.n, a.m, a.kv}, columns, product,
                     [&](const int32_t* tile, int64_t begin, int64_t end) {
                       finish_rows(a, tile, columns, begin, end);
                     });
}

// 32 gathered rows at a time in f32; what at most kExactSteps steps of them add up to goes to the
// tile as integers.
struct ExactFloats {
  static constexpr int64_t kRows = 32;
  const SparseConvInt8& a;
  int64_t columns;
  float *rows, *sums;  // [kRows, cin], [kRows, columns]

  void add(const SimdKernels& simd, const float* b, const int32_t* in_rows, int32_t* tile,
           const int32_t* out_rows, int64_t count) {
    for (int64_t r = 0; r < count; ++r) {
      const int8_t* from = a.feats + in_rows[r] * a.cin;
      for (int64_t i = 0; i < a.cin; ++i) rows[r * a.cin + i] = from[i];
    }
    for (int64_t i = 0; i < a.cin; i += kExactSteps) {
      std::fill(sums, sums + count * columns, 0.0f);
      simd.row_gemm({rows + i, a.cin, nullptr, b + i * columns, columns, sums, columns, nullptr,
                     count, std::min(kExactSteps, a.cin - i), columns});
      for (int64_t r = 0; r < count; ++r) {
        int32_t* to = tile + out_rows[r] * columns;
        for (int64_t o = 0; o < columns; ++o)
          to[o] += static_cast<int32_t>(sums[r * columns + o]);
      }
    }
  }
};

void run_floats(CpuDevice& device, const SparseConvInt8& a, int64_t columns) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const int64_t size = a.cin * columns;
  const OffsetWeights weight(
      device, a.kv, size, is_small(a.kv * size * 4, tensor_bytes(a)),
      [&a, columns](int64_t k, float* to) {
        for (int64_t i = 0; i < a.cin; ++i, to += columns) {
          const int8_t* from = a.weight + (k * a.cin + i) * a.cout;
          for (int64_t o = 0; o < columns; ++o) to[o] = o < a.cout ? from[o] : 0;
        }
      },
      Item<float>{});
  const int64_t buffer = ExactFloats::kRows * (a.cin + columns);
  float* buffers = device.scratch<float>(device.threads() * buffer);
  run(device, a, columns, [&](int64_t k, const int32_t* in_rows, int32_t* tile,
                              const int32_t* out_rows, int64_t pairs, int32_t thread) {
    const float* b = weight.of(k, thread);
    float* rows = buffers + thread * buffer;
    ExactFloats exact{a, columns, rows, rows + ExactFloats::kRows * a.cin};
    for (int64_t i = 0; i < pairs; i += ExactFloats::kRows)
      exact.add(simd, b, in_rows + i, tile, out_rows + i,
                std::min(ExactFloats::kRows, pairs - i));
  });
}

#if defined(__x86_64__)
// 128 times the sum of each row of the features.
const int32_t* row_excess(CpuDevice& device, const SparseConvInt8& a) {
  int32_t* excess = device.scratch<int32_t>(a.n);
  device.pool.for_ranges(a.n, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int32_t sum = 0;
      for (int64_t c = 0; c < a.cin; ++c) sum += a.feats[i * a.cin + c];
      excess[i] = 128 * sum;
    }
  });
  return excess;
}

void run_dots(CpuDevice& device, const SparseConvInt8& a, int64_t columns) {
  const int64_t size = a.cin / 4 * columns;
  const OffsetWeights weight(
      device, a.kv, size, is_small(a.kv * size * 4, tensor_bytes(a)),
      [&a, columns](int64_t k, uint32_t* to) {
        pack_int8(a.weight + k * a.cin * a.cout, a.cin, a.cout, columns, to);
      },
      Item<uint32_t>{});
  const int32_t* excess = row_excess(device, a);
  run(device, a, columns, [&](int64_t k, const int32_t* in_rows, int32_t* tile,
                              const int32_t* out_rows, int64_t pairs, int32_t thread) {
    row_gemm_int8({a.feats, in_rows, excess, weight.of(k, thread), tile, out_rows, pairs, a.cin,
                   columns});
  });
}
#endif

void sparse_conv_int8_implicit(Device& any, const SparseConvInt8& a) {
  CpuDevice& device = cpu_device(any);
  const int64_t columns = padded_columns(a.cout);
#if defined(__x86_64__)
  if (a.cin % 4 == 0 && has_int8_dot(device.isa)) return run_dots(device, a, columns);
#endif
  run_floats(device, a, columns);
}

constexpr Variant<SparseConvInt8> kList[] = {{"implicit", sparse_conv_int8_implicit},
                                             {"ref", sparse_conv_int8_ref}};

}  // namespace

const Variants<SparseConvInt8> kSparseConvInt8 = variants(kList);

}  // namespace vmk
