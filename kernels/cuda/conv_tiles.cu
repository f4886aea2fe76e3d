// The choice of a tile by the model of its time in tile_shape.hpp.
#include "conv_tiles.hpp"

#include <algorithm>

namespace vmk {

namespace {

// Of a block: listing offsets, filling stages, writing out. Steps of warpgroups are longer.
double first_steps(const ConvTile& tile) { return tile.warpgroups ? 3 : 6; }
constexpr int kMostPieces = 16;
constexpr int kListBytes = 8192 + 64;  // of shared memory: 4096 offsets are listed

bool suits(const ConvTile& tile, const TileWish& wish, const CudaDevice& device) {
  const bool warpgroups = wish.products == Products::kWarpgroups;
  return tile.suits(device, wish.dtype, wish.products == Products::kTf32, kListBytes) &&
         tile.warpgroups == warpgroups && (!warpgroups || device.capability() == 90);
}

// In cycles.
double time_of(const ConvTile& tile, int pieces, const TileWish& wish, const CudaDevice& device) {
  const int resident = tile.resident(device);
  const double steps = static_cast<double>(ceil_div(wish.depth, tile.k)) / pieces + first_steps(tile);
  const int64_t blocks = ceil_div(wish.rows, tile.m) * ceil_div(wish.columns, tile.n) * pieces;
  const int64_t at_once = int64_t{1} * device.multiprocessors() * resident;
  const double sums = static_cast<double>(wish.rows) * wish.columns * pieces;
  return static_cast<double>(ceil_div(blocks, at_once)) * resident * steps * tile.step_cycles() +
         (pieces > 1 ? sum_cycles(device, sums) : 0);
}

// Pieces to try with a tile: one, two, four, .. or those that were asked for.
struct Pieces {
  int first, last;
};
Pieces pieces_of(const TileWish& wish, int64_t steps) {
  if (wish.pieces == 0) return {1, wish.splits_k ? kMostPieces : 1};
  const int pieces = static_cast<int>(std::clamp<int64_t>(steps, 1, wish.pieces));
  return {pieces, pieces};
}

}  // namespace

int32_t find_conv_tile(const char* name) { return find_tile(kConvTiles, kConvTileCount, name); }

std::string conv_tiles(Device& any, const Variant<SparseConv>& variant, vmk_dtype dtype) {
  // The variants for f32 alone are those that round it.
  const Products products = variant.warpgroups  ? Products::kWarpgroups
                            : variant.any_dtype ? Products::kAny
                                                : Products::kTf32;
  const TileWish wish{dtype, products, 1, 1, 1, false};
  return tile_names(kConvTiles, kConvTileCount, [&](const ConvTile& tile) {
    return suits(tile, wish, static_cast<CudaDevice&>(any));
  });
}

TileChoice choose_tile(CudaDevice& device, const TileWish& wish) {
  TileChoice best{nullptr, 1};
  double least = 0;
  for (int i = 0; i < kConvTileCount; ++i) {
    const ConvTile& tile = *kConvTiles[i];
    if ((wish.tile >= 0 && i != wish.tile) || !suits(tile, wish, device)) continue;
    const int64_t steps = ceil_div(wish.depth, tile.k);
    const Pieces range = pieces_of(wish, steps);
    for (int pieces = range.first; pieces <= range.last; pieces *= 2) {
      // A piece that only fills its stages is not worth it, unless it was asked for.
      if (pieces > range.first && steps < 4 * pieces) break;
      const double time = time_of(tile, pieces, wish, device);
      if (best.tile && time >= least) continue;
      best = {&tile, pieces};
      least = time;
    }
  }
  if (!best.tile) {
    const ConvTile* asked = wish.tile < 0 ? nullptr : kConvTiles[wish.tile];
    fail_tile(device, "sparse_conv", wish.dtype, wish.products == Products::kTf32, asked);
  }
  return best;
}

}  // namespace vmk
