// The choice of a tile by a model of its time: how often the device must be filled with blocks,
// times the slower of multiplying and loading in each of them. Constants are per multiprocessor
// and cycle, of data sheets; an autotuner that measures can only replace them.
#include "conv_tiles.hpp"

#include <algorithm>

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

}  // namespace

TileChoice choose_tile(CudaDevice& device, const TileWish& wish) {
  TileChoice best{nullptr, 1};
  double least = 0;
  for (int i = 0; i < kConvTileCount; ++i) {
    const ConvTile& tile = *kConvTiles[i];
    if (!suits(tile, wish, device)) continue;
    const int64_t steps = ceil_div(wish.depth, tile.k);
    for (int pieces = 1; pieces <= (wish.splits_k ? kMostPieces : 1); pieces *= 2) {
      if (pieces > 1 && steps < 4 * pieces) break;  // a piece that only fills its stages
      const double time = time_of(tile, pieces, wish, device);
      if (best.tile && time >= least) continue;
      best = {&tile, pieces};
      least = time;
    }
  }
  if (!best.tile)
    fail(VMK_UNSUPPORTED, "Cannot run sparse_conv in %s: this device is an sm_%d, no tile of this "
         "library runs on it", wish.tf32 ? "tf32" : dtype_name(wish.dtype), device.capability());
  return best;
}

}  // namespace vmk
