#pragma once
// The loop of the output-stationary convolutions: a tile of outputs is summed in a buffer that
// stays in cache while all offsets are applied, so nothing is written before it is finished. What
// is not in the form of a product yet (types, padding) is converted piece by piece beside it: no
// whole copy of the features, and of the weights only where it is small beside the tensors.
#include <algorithm>

#include "sparse_conv.hpp"

namespace vmk {

struct TileMap {
  const int32_t* map;
  int64_t n, m, kv;
};

// Rows of a tile: as many as keep the accumulators in half of a 512 kB level-2 cache, which
// leaves the other half to the weights of the offset at hand.
inline int64_t tile_rows(int64_t columns) {
  return std::clamp<int64_t>((int64_t{1} << 16) / columns, 64, 1024);
}

// The pairs of offset k within the outputs [begin, end): input rows and rows of the tile.
inline int64_t pairs_in_tile(const SimdKernels& simd, const TileMap& a, int64_t k, int64_t begin,
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

// product(k, in_rows, tile, out_rows, pairs, thread) adds the products of an offset to a tile;
// done(tile, begin, end) takes the finished sums, rows `columns` apart.
template <class Sum, class Product, class Done>
void run_tiles(CpuDevice& device, const TileMap& a, int64_t columns, Product&& product,
               Done&& done) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const int64_t rows = tile_rows(columns), list = rows + kColumnPad;
  Sum* tiles = device.scratch<Sum>(device.threads() * rows * columns);
  int32_t* lists = device.scratch<int32_t>(device.threads() * list * 2);
  device.pool.for_ranges(a.m, rows, [&](int64_t begin, int64_t end, int32_t thread) {
    Sum* tile = tiles + thread * rows * columns;
    int32_t *in_rows = lists + thread * list * 2, *out_rows = in_rows + list;
    std::fill(tile, tile + (end - begin) * columns, Sum{0});
    for (int64_t k = 0; k < a.kv; ++k) {
      const int64_t pairs = pairs_in_tile(simd, a, k, begin, end, in_rows, out_rows);
      if (pairs > 0) product(k, in_rows, tile, out_rows, pairs, thread);
    }
    done(tile, begin, end);
  });
}

template <class T>
struct Item {};  // names the type of OffsetWeights' items

// The weights of each offset in the form of a product, `size` items that make(k, to) writes.
template <class T, class Make>
class OffsetWeights {
 public:
  // whole: all offsets beforehand, for the memory that this takes; else when a tile asks.
  OffsetWeights(CpuDevice& device, int64_t kv, int64_t size, bool whole, Make make,
                Item<T>)
      : size_(size), whole_(whole), make_(make),
        data_(device.scratch<T>((whole ? kv : device.threads()) * size)) {
    if (!whole) return;
    device.pool.for_ranges(kv, 1, [&](int64_t k, int64_t) { make_(k, data_ + k * size_); });
  }
  const T* of(int64_t k, int32_t thread) const {
    T* data = data_ + (whole_ ? k : thread) * size_;
    if (!whole_) make_(k, data);
    return data;
  }

 private:
  int64_t size_;
  bool whole_;
  Make make_;
  T* data_;
};

// Whether a copy of this size is small beside the tensors of a convolution.
inline bool is_small(int64_t copy_bytes, int64_t tensor_bytes) {
  return copy_bytes * 16 <= tensor_bytes;
}

}  // namespace vmk
