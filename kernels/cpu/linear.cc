// linear.
//   ref    one output at a time, sums in double.
//   tiled  the micro-kernel of the convolutions (row_gemm) on tiles of rows by strips of columns:
//          85 to 90 % of the multiply-add peak, as much as a BLAS gets, so none is linked. The
//          weights are copied into strips once, the epilogue is applied while a tile is in cache.
//          Values of 16 bits are widened tile by tile; bf16 goes to the dot products of the CPU
//          where it has them.
#include <algorithm>
#include <array>
#include <numeric>

#include "dense_kernels.hpp"
#include "dense_ref.hpp"
#include "features.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

void linear_ref(Device& any, const Linear& a) {
  CpuDevice& device = cpu_device(any);
  const float* x = as_f32(device, a.x, a.dtype, a.n * a.k);
  const float* weight = as_f32(device, a.weight, a.dtype, a.k * a.m);
  const WideOutput out(device, a.out, a.dtype, a.n * a.m);
  Epilogue e = a.epilogue;
  if (e.residual) e.residual = as_f32(device, e.residual, a.dtype, a.n * a.m);
  std::vector<double> sums(a.m);
  for (int64_t i = 0; i < a.n; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t k = 0; k < a.k; ++k)
      for (int64_t o = 0; o < a.m; ++o) sums[o] += double{x[i * a.k + k]} * weight[k * a.m + o];
    for (int64_t o = 0; o < a.m; ++o)
      out.data[i * a.m + o] = static_cast<float>(finish_in_double(e, sums[o], i, o, a.m));
  }
  out.store();
}

// A multiple of the 6 and 8 rows that the micro-kernels hold.
constexpr int64_t kTileRows = 120;
// Of a strip of 64 columns 128 kB of weights and of a tile 240 kB: both stay in a level-2 cache.
constexpr int64_t kDepth = 512;
constexpr int64_t kStripColumns = 64;

// Strips of equal width: 6 registers are 3 + 3, not 4 + 2.
struct Strips {
  int64_t count, width, columns;

  explicit Strips(int64_t m) {
    const int64_t registers = padded_columns(m) / kColumnPad, most = kStripColumns / kColumnPad;
    count = (registers + most - 1) / most;
    width = count == 0 ? 0 : (registers + count - 1) / count * kColumnPad;
    columns = m;
  }
  int64_t used(int64_t strip) const { return std::min(width, columns - strip * width); }
};

// Strip after strip, each [k, width] and filled up with zeros.
float* pack(CpuDevice& device, const Linear& a, const Strips& strips) {
  const SimdKernels& simd = simd_kernels(device.isa);
  float* packed = device.scratch<float>(strips.count * a.k * strips.width);
  device.pool.for_ranges(strips.count * a.k, 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t strip = i / a.k, used = std::max<int64_t>(strips.used(strip), 0);
      const int64_t from = i % a.k * a.m + strip * strips.width;
      float* to = packed + i * strips.width;
      if (a.dtype == VMK_F32)
        std::copy_n(static_cast<const float*>(a.weight) + from, used, to);
      else
        simd.widen(static_cast<const uint16_t*>(a.weight) + from, a.dtype, to, used);
      std::fill(to + used, to + strips.width, 0.0f);
    }
  });
  return packed;
}

// Rows [first, first + rows) by the columns of a strip.
struct Part {
  int64_t strip, first, rows, column;
};

// The epilogue of a tile of sums, and its way to the output; `extra` holds a widened residual.
void finish_tile(CpuDevice& device, const Linear& a, const Strips& strips, const Part& part,
                 float* tile, float* extra) {
  const Epilogue& e = a.epilogue;
  const int64_t at = part.first * a.m + part.column, used = strips.used(part.strip);
  AffineRows rows{tile, strips.width, e.scale ? e.scale + part.column : nullptr,
                  e.shift ? e.shift + part.column : nullptr, nullptr, a.m, nullptr, a.m, part.rows,
                  used, e.activation, e.slope};
  const auto finish = dense_kernels(device.isa).affine;
  if (a.dtype == VMK_F32) {
    if (e.residual) rows.residual = static_cast<const float*>(e.residual) + at;
    rows.out = static_cast<float*>(a.out) + at;
    return finish(rows);
  }
  const SimdKernels& simd = simd_kernels(device.isa);
  if (e.residual) {
    const auto* residual = static_cast<const uint16_t*>(e.residual) + at;
    for (int64_t r = 0; r < part.rows; ++r)
      simd.widen(residual + r * a.m, a.dtype, extra + r * strips.width, used);
    rows.residual = extra;
  }
  rows.out = tile;
  rows.ldr = rows.ldo = strips.width;
  finish(rows);
  auto* out = static_cast<uint16_t*>(a.out) + at;
  for (int64_t r = 0; r < part.rows; ++r)
    simd.narrow(tile + r * strips.width, a.dtype, out + r * a.m, used);
}

// product(part, tile, thread) adds to a tile of zeros, whose rows are strips.width apart.
template <class Product>
void run_tiles(CpuDevice& device, const Linear& a, const Strips& strips, Product&& product) {
  const int64_t size = kTileRows * strips.width;
  float* tiles = device.scratch<float>(device.threads() * 2 * size);
  const int64_t tasks = (a.n + kTileRows - 1) / kTileRows * strips.count;
  device.pool.for_ranges(tasks, 1, [&](int64_t task, int64_t, int32_t thread) {
    const int64_t strip = task % strips.count, first = task / strips.count * kTileRows;
    const Part part{strip, first, std::min(kTileRows, a.n - first), strip * strips.width};
    float* tile = tiles + thread * 2 * size;
    std::fill(tile, tile + part.rows * strips.width, 0.0f);
    product(part, tile, thread);
    finish_tile(device, a, strips, part, tile, tile + size);
  });
}

void run_f32(CpuDevice& device, const Linear& a, const Strips& strips) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const float* packed = pack(device, a, strips);
  const bool wide = a.dtype == VMK_F32;
  float* buffers = wide ? nullptr : device.scratch<float>(device.threads() * kTileRows * kDepth);
  run_tiles(device, a, strips, [&](const Part& part, float* tile, int32_t thread) {
    float* buffer = wide ? nullptr : buffers + thread * kTileRows * kDepth;
    for (int64_t k = 0; k < a.k; k += kDepth) {
      const int64_t depth = std::min(kDepth, a.k - k);
      const void* x = at(a.x, a.dtype, part.first * a.k + k);
      for (int64_t r = 0; !wide && r < part.rows; ++r)
        simd.widen(static_cast<const uint16_t*>(x) + r * a.k, a.dtype, buffer + r * depth, depth);
      simd.row_gemm({wide ? static_cast<const float*>(x) : buffer, wide ? a.k : depth, nullptr,
                     packed + (part.strip * a.k + k) * strips.width, strips.width, tile,
                     strips.width, nullptr, part.rows, depth,
                     padded_columns(strips.used(part.strip))});
    }
  });
}

#if defined(__x86_64__)
// Strip after strip as the dot-product instructions want them: [k / 2, width] pairs of rows.
uint32_t* pack_pairs(CpuDevice& device, const Linear& a, const Strips& strips) {
  const int64_t pairs = a.k / 2;
  auto* packed = device.scratch<uint32_t>(strips.count * pairs * strips.width);
  device.pool.for_ranges(strips.count * pairs, 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t strip = i / pairs, used = std::max<int64_t>(strips.used(strip), 0);
      const auto* even = static_cast<const uint16_t*>(a.weight) + i % pairs * 2 * a.m +
                         strip * strips.width;
      uint32_t* to = packed + i * strips.width;
      for (int64_t o = 0; o < used; ++o) to[o] = even[o] | uint32_t{even[a.m + o]} << 16;
      std::fill(to + used, to + strips.width, 0u);
    }
  });
  return packed;
}

void run_bf16(CpuDevice& device, const Linear& a, const Strips& strips) {
  const uint32_t* packed = pack_pairs(device, a, strips);
  const auto* x = static_cast<const uint16_t*>(a.x);
  std::array<int32_t, kTileRows> in_order;
  std::iota(in_order.begin(), in_order.end(), 0);
  run_tiles(device, a, strips, [&](const Part& part, float* tile, int32_t) {
    row_gemm_bf16({x + part.first * a.k, a.k, in_order.data(),
                   packed + part.strip * (a.k / 2) * strips.width, tile, strips.width,
                   in_order.data(), part.rows, a.k, strips.width});
  });
}
#endif

void linear_tiled(Device& any, const Linear& a) {
  CpuDevice& device = cpu_device(any);
  const Strips strips(a.m);
  if (a.n == 0 || a.m == 0) return;
#if defined(__x86_64__)
  if (a.dtype == VMK_BF16 && a.k % 2 == 0 && has_fast_bf16_dot(device.isa))
    return run_bf16(device, a, strips);
#endif
  run_f32(device, a, strips);
}

constexpr Variant<Linear> kList[] = {of_any_dtype("tiled", linear_tiled),
                                     of_any_dtype("ref", linear_ref)};

}  // namespace

const Variants<Linear> kLinear = variants(kList);

}  // namespace vmk
