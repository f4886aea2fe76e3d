// sparse_conv.implicit - output-stationary implicit GEMM.
//
// A tile of outputs is accumulated in a buffer that stays in cache while all offsets are applied.
// Rows are read where they are, only pairs that exist are multiplied, every output is written
// once, with the epilogue applied while it is still in cache. Sums run over offsets in ascending
// order whatever the number of threads: the bits are always the same.
#include <algorithm>

#include "sparse_conv.hpp"

namespace vmk {

namespace {

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
      if (map[m] >= a.n) fail_map_row(k, m, map[m], a.n);
  return count;
}

// Adds offset k's products to a tile: product(k, in_rows, tile, out_rows, pairs).
template <class Product>
void run_tiles(CpuDevice& device, const SparseConv& a, int64_t columns, Product&& product) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const int64_t rows = tile_rows(columns), list = rows + kColumnPad;
  const Finish finish = finish_of(device, a);
  float* tiles = device.scratch<float>(device.threads() * rows * columns);
  int32_t* lists = device.scratch<int32_t>(device.threads() * list * 2);
  device.pool.for_ranges(a.m, rows, [&](int64_t begin, int64_t end, int32_t thread) {
    float* tile = tiles + thread * rows * columns;
    int32_t *in_rows = lists + thread * list * 2, *out_rows = in_rows + list;
    std::fill(tile, tile + (end - begin) * columns, 0.0f);
    for (int64_t k = 0; k < a.kv; ++k) {
      const int64_t pairs = pairs_in_tile(simd, a, k, begin, end, in_rows, out_rows);
      product(k, in_rows, tile, out_rows, pairs);
    }
    finish_rows(device, a, finish, tile, columns, begin, end);
  });
}

#if defined(__x86_64__)
// bf16 weights as the dot-product instructions want them: [KV, Cin / 2, columns] pairs of rows.
const uint32_t* pair_weight_rows(CpuDevice& device, const SparseConv& a, int64_t columns) {
  const auto* weight = static_cast<const uint16_t*>(a.weight);
  auto* packed = device.scratch<uint32_t>(a.kv * a.cin / 2 * columns);
  device.pool.for_ranges(a.kv * a.cin / 2, 256, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const uint16_t *even = weight + 2 * row * a.cout, *odd = even + a.cout;
      for (int64_t o = 0; o < columns; ++o)
        packed[row * columns + o] = o < a.cout ? even[o] | uint32_t{odd[o]} << 16 : 0;
    }
  });
  return packed;
}

void run_bf16(CpuDevice& device, const SparseConv& a) {
  const int64_t columns = padded_columns(a.cout);
  const uint32_t* weight = pair_weight_rows(device, a, columns);
  const auto* feats = static_cast<const uint16_t*>(a.feats);
  run_tiles(device, a, columns, [&](int64_t k, const int32_t* in_rows, float* tile,
                                    const int32_t* out_rows, int64_t pairs) {
    row_gemm_bf16({feats, a.cin, in_rows, weight + k * a.cin / 2 * columns, tile, columns,
                   out_rows, pairs, a.cin, columns});
  });
}
#endif

}  // namespace

void sparse_conv_implicit(Device& any, const SparseConv& a) {
  CpuDevice& device = cpu_device(any);
#if defined(__x86_64__)
  if (a.dtype == VMK_BF16 && a.cin % 2 == 0 && has_bf16_dot(device.isa))
    return run_bf16(device, a);
#endif
  const auto row_gemm = simd_kernels(device.isa).row_gemm;
  const PaddedWeight weight = pad_weight(device, a);
  const float* feats = as_f32(device, a.feats, a.dtype, a.n * a.cin);
  run_tiles(device, a, weight.columns, [&](int64_t k, const int32_t* in_rows, float* tile,
                                           const int32_t* out_rows, int64_t pairs) {
    row_gemm({feats, a.cin, in_rows, weight.of_offset(a, k), weight.columns, tile, weight.columns,
              out_rows, pairs, a.cin, weight.columns});
  });
}

}  // namespace vmk
