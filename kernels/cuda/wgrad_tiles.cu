// The choice of a tile of the weights' gradient, and of the pieces that its sum is cut into, by the
// model of their time in tile_shape.hpp.
#include "wgrad_tiles.hpp"

#include <algorithm>

namespace vmk {

namespace {

constexpr double kFirstSteps = 6;    // of a block: filling stages, writing out
constexpr double kSpanCycles = 800;  // until the map's entries of a span are there and ranked
constexpr double kDensity = 0.25;    // of a map whose pairs nobody has counted
constexpr int64_t kMostPieces = 1024, kMostSums = int64_t{64} << 20;  // 256 MB

bool suits(const WgradTile& tile, vmk_dtype dtype, bool tf32, const CudaDevice& device) {
  return tile.suits(device, dtype, tf32);
}

// In cycles.
double time_of(const WgradTile& tile, int64_t pieces, const WgradWish& wish,
               const CudaDevice& device) {
  const auto offsets = static_cast<double>(std::max<int64_t>(wish.kv, 1));
  const auto outputs = static_cast<double>(wish.m), parts = static_cast<double>(pieces);
  const double pairs = wish.pairs < 0 ? kDensity * outputs : static_cast<double>(wish.pairs) /
                                                                 offsets;
  const double steps = pairs / parts / tile.k + kFirstSteps;
  const double listing = wish.pairs < 0 ? outputs / parts / kPairSpan * kSpanCycles : 0;
  const int64_t blocks = ceil_div(wish.cin, tile.m) * ceil_div(wish.cout, tile.n) * wish.kv *
                         pieces;
  const int resident = tile.resident(device);
  const int64_t at_once = int64_t{1} * device.multiprocessors() * resident;
  const double sums = parts * offsets * static_cast<double>(wish.cin * wish.cout);
  return static_cast<double>(ceil_div(blocks, at_once)) *
             (resident * steps * tile.step_cycles() + listing) +
         (pieces > 1 ? sum_cycles(device, sums) : 0);
}

// As many pieces as there can be: sums of all of them fit, and each has something to add.
int64_t most_pieces(const WgradWish& wish) {
  const int64_t fit = kMostSums / std::max<int64_t>(wish.kv * wish.cin * wish.cout, 1);
  return std::clamp<int64_t>(std::min(fit, wish.m), 1, kMostPieces);
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
  const int64_t most = most_pieces(wish);
  const int64_t last = asked.pieces > 0 ? std::min<int64_t>(asked.pieces, most) : most;
  WgradChoice best{nullptr, 1};
  double least = 0;
  for (int i = 0; i < kWgradTileCount; ++i) {
    const WgradTile& tile = *kWgradTiles[i];
    if ((asked.tile >= 0 && i != asked.tile) || !suits(tile, wish.dtype, wish.tf32, device))
      continue;
    for (int64_t pieces = asked.pieces > 0 ? last : 1; pieces <= last; pieces *= 2) {
      // A piece of less than a span is not worth it, unless it was asked for.
      if (asked.pieces == 0 && pieces > 1 && wish.m < pieces * kPairSpan) break;
      const double time = time_of(tile, pieces, wish, device);
      if (best.tile && time >= least) continue;
      best = {&tile, static_cast<int>(pieces)};
      least = time;
    }
  }
  if (best.tile) return best;
  const WgradTile* named = asked.tile < 0 ? nullptr : kWgradTiles[asked.tile];
  fail_tile(device, "sparse_conv_wgrad", wish.dtype, wish.tf32, named);
}

}  // namespace vmk
