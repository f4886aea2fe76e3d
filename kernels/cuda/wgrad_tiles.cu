// The choice of a tile of the weights' gradient, and of the pairs that a block sums. Offsets have
// from few pairs to one an output, so blocks have much work or nearly none: the device is busy for
// the work of all of them, and at the end for one of the longest. Cycles are as in tile_shape.hpp.
#include "wgrad_tiles.hpp"

#include <algorithm>

namespace vmk {

namespace {

constexpr double kFirstSteps = 6;  // of a block: reading pairs, filling stages, writing out
constexpr double kDensity = 0.25;  // of a map whose pairs nobody has counted
constexpr int kOwnShared = 1024;   // the offset of a block, and what aligns the stages behind it
constexpr int64_t kLeastChunk = 256, kMostSums = int64_t{64} << 20;  // 256 MB

bool suits(const WgradTile& tile, vmk_dtype dtype, bool tf32, const CudaDevice& device) {
  return tile.suits(device, dtype, tf32, kOwnShared);
}

// In cycles.
double time_of(const WgradTile& tile, int64_t chunk, const WgradWish& wish,
               const CudaDevice& device) {
  const double pairs = static_cast<double>(wish.pairs) * (wish.counted ? 1 : kDensity);
  const double chunks = pairs / static_cast<double>(chunk) + static_cast<double>(wish.kv);
  const auto tiles = static_cast<double>(ceil_div(wish.cin, tile.m) * ceil_div(wish.cout, tile.n));
  const double all = tiles * (pairs / tile.k + chunks * kFirstSteps);
  const double longest = static_cast<double>(std::min(chunk, wish.m)) / tile.k + kFirstSteps;
  const bool whole = wish.whole && chunk >= wish.m;
  return (all / device.multiprocessors() + longest) * tile.step_cycles() +
         (whole ? 0 : sum_cycles(device, chunks * static_cast<double>(wish.cin * wish.cout)));
}

// Whether the sums of all chunks fit; an offset has no more pairs than there are outputs.
bool fits(const WgradWish& wish, int64_t chunk) {
  const int64_t size = std::max<int64_t>(wish.cin * wish.cout, 1);
  return chunk >= wish.m || wish.pairs / chunk + wish.kv <= kMostSums / size;
}

}  // namespace

int32_t find_wgrad_tile(const char* name) {
  return find_tile(kWgradTiles, kWgradTileCount, name);
}

std::string wgrad_tiles(Device& any, const Variant<SparseConvWgrad>& variant, vmk_dtype dtype) {
  // The variants for f32 alone are those that round it.
  return tile_names(kWgradTiles, kWgradTileCount, [&](const WgradTile& tile) {
    return suits(tile, dtype, !variant.any_dtype, static_cast<CudaDevice&>(any));
  });
}

WgradChoice choose_wgrad_tile(CudaDevice& device, const WgradWish& wish) {
  const WgradSettings& asked = wish.settings;
  int64_t least_chunk = asked.chunk > 0 ? asked.chunk : kLeastChunk;
  while (!fits(wish, least_chunk)) least_chunk *= 2;
  WgradChoice best{nullptr, least_chunk};
  double least = 0;
  for (int i = 0; i < kWgradTileCount; ++i) {
    const WgradTile& tile = *kWgradTiles[i];
    if ((asked.tile >= 0 && i != asked.tile) || !suits(tile, wish.dtype, wish.tf32, device))
      continue;
    for (int64_t chunk = least_chunk;; chunk *= 2) {
      const double time = time_of(tile, chunk, wish, device);
      if (!best.tile || time < least) {
        best = {&tile, chunk};
        least = time;
      }
      if (asked.chunk > 0 || chunk >= wish.m) break;
    }
  }
  if (best.tile) return best;
  const WgradTile* named = asked.tile < 0 ? nullptr : kWgradTiles[asked.tile];
  fail_tile(device, "sparse_conv_wgrad", wish.dtype, wish.tf32, named);
}

}  // namespace vmk
