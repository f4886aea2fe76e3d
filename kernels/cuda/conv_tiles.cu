// The choice of a tile by a model of its time: how often the device must be filled with blocks,
// times the slower of multiplying and loading in each of them. Constants are per multiprocessor
// and cycle, of data sheets; a caller that has timed the tiles names the one to use.
#include "conv_tiles.hpp"

#include <algorithm>
#include <cstring>

namespace vmk {

namespace {

constexpr double kLoadedBytes = 48;      // from the second-level cache
constexpr double kFirstSteps = 6;        // of a block: listing offsets, filling stages, writing out
constexpr double kSumBytes = 12;         // of memory, for a multiprocessor's share of the sums
constexpr int kRegisters = 65536, kThreadRegisters = 128, kMostPieces = 16;

double multiply_adds(const ConvTile& tile) {
  if (!tile.tensor_cores) return 128;
  return tile.dtype == VMK_F32 ? 512 : 1024;
}

bool suits(const ConvTile& tile, const TileWish& wish, const CudaDevice& device) {
  return tile.dtype == wish.dtype && tile.least_capability <= device.capability() &&
         tile.shared_bytes + 8192 + 64 <= device.shared_limit() &&  // 4096 offsets are listed
         (wish.dtype != VMK_F32 || tile.tensor_cores == wish.tf32);
}

// In cycles.
double time_of(const ConvTile& tile, int pieces, const TileWish& wish, const CudaDevice& device) {
  const double bytes = dtype_bytes(tile.dtype);
  const int resident = std::max(1, std::min(device.shared_limit() / tile.shared_bytes,
                                            kRegisters / (tile.threads * kThreadRegisters)));
  const double step = std::max(double{1} * tile.m * tile.n * tile.k / multiply_adds(tile),
                               (tile.m + tile.n) * tile.k * bytes / kLoadedBytes);
  const double steps = static_cast<double>(ceil_div(wish.depth, tile.k)) / pieces + kFirstSteps;
  const int64_t blocks = ceil_div(wish.rows, tile.m) * ceil_div(wish.columns, tile.n) * pieces;
  const int64_t at_once = int64_t{1} * device.multiprocessors() * resident;
  const double sums = pieces > 1 ? 8.0 * pieces * static_cast<double>(wish.rows) * wish.columns /
                                       (kSumBytes * device.multiprocessors())
                                 : 0;
  return static_cast<double>(ceil_div(blocks, at_once)) * resident * steps * step + sums;
}

[[noreturn]] void fail_choice(const TileWish& wish, const CudaDevice& device) {
  const char* type = wish.tf32 ? "tf32" : dtype_name(wish.dtype);
  if (wish.tile < 0)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv in %s: this device is an sm_%d, no tile of this "
         "library runs on it", type, device.capability());
  fail(VMK_UNSUPPORTED, "Cannot run sparse_conv in %s with tile \"%s\": it is for another type or "
       "more than this sm_%d has", type, kConvTiles[wish.tile]->name, device.capability());
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

int32_t find_conv_tile(const char* name) {
  for (int i = 0; i < kConvTileCount; ++i)
    if (std::strcmp(kConvTiles[i]->name, name) == 0) return i;
  return -1;
}

std::string conv_tiles(Device& any, const Variant<SparseConv>& variant, vmk_dtype dtype) {
  // The variants for f32 alone are those that round it.
  const TileWish wish{dtype, !variant.any_dtype, 1, 1, 1, false};
  std::string names;
  for (int i = 0; i < kConvTileCount; ++i) {
    if (!suits(*kConvTiles[i], wish, static_cast<CudaDevice&>(any))) continue;
    if (!names.empty()) names += ',';
    names += kConvTiles[i]->name;
  }
  return names;
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
  if (!best.tile) fail_choice(wish, device);
  return best;
}

}  // namespace vmk
