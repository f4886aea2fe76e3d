#pragma once
// The table of tile products of the weights' gradient: one entry an instance that kernels/tiles.ts
// asked for, and the choice among them. Every entry computes the same thing; they differ in shape
// and in the units they use.
#include "data_errors.hpp"
#include "tile_shape.hpp"
#include "weights.hpp"

namespace vmk {

struct WgradCall {
  const void *feats, *grads;  // [n, feat_channels] and [m, grad_channels]: rows of whole vectors
  const int32_t* pairs;       // [2, room]
  const int64_t* starts;      // [kv + 1]
  const int64_t* before;      // [kv + 1]: chunks before those of each offset
  int64_t n, m, kv, room;
  int cin, cout;                     // of the gradient
  int feat_channels, grad_channels;  // those, or more with zeros
  int64_t chunk;   // pairs that a block sums
  int64_t chunks;  // at most
  bool whole;      // no offset has more than one chunk, whose sums are its gradient
  float* sums;     // [chunks, cin, cout]; where they are whole, [kv, cin, cout]
  DataError bad;   // what to note of a pair that names no row
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
  int64_t pairs;  // at most
  bool counted;   // whether they are about as many; else that is the size of the map
  bool whole;     // whether a gradient may be written as one chunk sums it
  WgradSettings settings;
};
struct WgradChoice {
  const WgradTile* tile;
  int64_t chunk;
};
// The cheapest tile by the model in wgrad_tiles.cu, of those that the wish leaves. Throws when it
// leaves none.
WgradChoice choose_wgrad_tile(CudaDevice& device, const WgradWish& wish);

}  // namespace vmk
