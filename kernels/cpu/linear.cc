// linear.
//   ref    one output at a time, sums in double.
//   tiled  the micro-kernel of the convolutions (row_gemm) on tiles of rows by strips of columns:
//          85 to 90 % of the multiply-add peak, as much as a BLAS gets, so none is linked. The
//          weights are copied into strips once, the epilogue is applied while a tile is in cache.
#include <algorithm>

#include "dense_kernels.hpp"
#include "dense_ref.hpp"
#include "row_gemm.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

void linear_ref(Device&, const Linear& a) {
  std::vector<double> sums(a.m);
  for (int64_t i = 0; i < a.n; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t k = 0; k < a.k; ++k)
      for (int64_t o = 0; o < a.m; ++o) sums[o] += double{a.x[i * a.k + k]} * a.weight[k * a.m + o];
    for (int64_t o = 0; o < a.m; ++o)
      a.out[i * a.m + o] = static_cast<float>(finish_in_double(a.epilogue, sums[o], i, o, a.m));
  }
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
  float* packed = device.scratch<float>(strips.count * a.k * strips.width);
  device.pool.for_ranges(strips.count * a.k, 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t strip = i / a.k, used = std::max<int64_t>(strips.used(strip), 0);
      float* to = packed + i * strips.width;
      std::copy_n(a.weight + i % a.k * a.m + strip * strips.width, used, to);
      std::fill(to + used, to + strips.width, 0.0f);
    }
  });
  return packed;
}

void linear_tiled(Device& any, const Linear& a) {
  CpuDevice& device = cpu_device(any);
  const auto row_gemm = simd_kernels(device.isa).row_gemm;
  const auto finish = dense_kernels(device.isa).affine;
  const Strips strips(a.m);
  if (a.n == 0 || a.m == 0) return;
  const float* packed = pack(device, a, strips);
  float* tiles = device.scratch<float>(device.threads() * kTileRows * strips.width);
  const Epilogue& e = a.epilogue;
  const int64_t tasks = (a.n + kTileRows - 1) / kTileRows * strips.count;
  device.pool.for_ranges(tasks, 1, [&](int64_t task, int64_t, int32_t thread) {
    const int64_t strip = task % strips.count, row = task / strips.count * kTileRows;
    const int64_t rows = std::min(kTileRows, a.n - row), column = strip * strips.width;
    float* tile = tiles + thread * kTileRows * strips.width;
    std::fill(tile, tile + rows * strips.width, 0.0f);
    for (int64_t k = 0; k < a.k; k += kDepth)
      row_gemm({a.x + row * a.k + k, a.k, nullptr, packed + (strip * a.k + k) * strips.width,
                strips.width, tile, strips.width, nullptr, rows, std::min(kDepth, a.k - k),
                padded_columns(strips.used(strip))});
    const int64_t at = row * a.m + column;
    const auto* residual = static_cast<const float*>(e.residual);
    finish({tile, strips.width, e.scale ? e.scale + column : nullptr,
            e.shift ? e.shift + column : nullptr, residual ? residual + at : nullptr, a.m,
            a.out + at, a.m, rows, strips.used(strip), e.activation, e.slope});
  });
}

constexpr Variant<Linear> kList[] = {{"tiled", linear_tiled}, {"ref", linear_ref}};

}  // namespace

const Variants<Linear> kLinear = variants(kList);

}  // namespace vmk
