#pragma once
// The table of tile products of the weights' gradient: one entry an instance that kernels/tiles.ts
// asked for, and the choice among them. Every entry computes the same thing; they differ in shape
// and in the units they use.
#include "tile_shape.hpp"
#include "weights.hpp"

namespace vmk {

constexpr int kPairSpan = 1024;  // outputs that a block looks up in the map at a time, or a few less

struct WgradCall {
  const void *feats, *grads;  // [n, feat_channels] and [m, grad_channels]: rows of whole vectors
  const int32_t *map, *pairs;  // pairs [2, p] and starts [kv + 1] may be null
  const int64_t* starts;
  int64_t n, m, kv, p;
  int cin, cout;                     // of the gradient
  int feat_channels, grad_channels;  // those, or more with zeros
  int pieces;   // that the outputs, or the pairs of an offset, are cut into
  float* sums;  // [pieces, kv, cin, cout]
};

struct WgradTile : TileShape {
  void (*sum)(CudaDevice&, const WgradCall&);
};

extern const WgradTile* const kWgradTiles[];
extern const int kWgradTileCount;

// What a call may choose from.
struct WgradWish {
  vmk_dtype dtype;
  bool tf32;  // f32 on tensor cores
  int64_t cin, cout, kv, m;
  int64_t pairs;  // that are listed already; -1: every block lists its own
  WgradSettings settings;
};
struct WgradChoice {
  const WgradTile* tile;
  int pieces;
};
// The cheapest tile by the model in wgrad_tiles.cu, of those that the wish leaves. Throws when it
// leaves none.
WgradChoice choose_wgrad_tile(CudaDevice& device, const WgradWish& wish);

}  // namespace vmk
