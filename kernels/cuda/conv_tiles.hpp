#pragma once
// The table of tile products: one entry an instance that kernels/tiles.ts asked for, and the choice
// among them. Every entry computes the same thing; they differ in shape and in the units they use.
#include "conv_call.cuh"
#include "tile_shape.hpp"

namespace vmk {

// Products of rows that are found through a map.
struct MapJob {
  const int32_t* map;    // [kv, m]
  const int32_t* order;  // [parts, m]: the row of out of each column of the map, or null for itself
  int part_offsets;      // offsets of a part, at most; kv when there is one part
  int parts;             // that the offsets are cut into
  int pieces;            // that the steps of a part are cut into: split-K
  float* sums;  // [parts * pieces, m, columns], or null: the sums are whole and end in out
};

// Products of rows that are listed by offset, of all offsets or of one. In a buffer of all, offset
// k has rows [begins[k], begins[k + 1]): as many as it has pairs are real, the rest are zeros.
struct ListJob {
  const void* rows;         // the buffer, or feats
  const int32_t* in_rows;   // of each pair: its row of `rows`; null: where the buffer has it
  const int32_t* out_rows;  // of each pair: the row of `sums` to add to; null: as the buffer, set
  float* sums;              // [.., columns]
  const int64_t* begins;    // [kv + 1]; null: of one offset, from the first row of the buffer on
  const int64_t* tiles;     // [kv + 1]: tiles before those of each offset; null: of one
  int64_t offset;
  int64_t rows_at_most;  // of the buffer, or of the one offset
  const DataErrors* log;    // once pairs were found wrong, there are none to work on
};

struct ConvTile : TileShape {
  void (*map)(CudaDevice&, const ConvCall&, const MapJob&);
  void (*lists)(CudaDevice&, const ConvCall&, const ListJob&);
};

extern const ConvTile* const kConvTiles[];
extern const int kConvTileCount;

// The units that multiply: those for any GPU, f32 on tensor cores, or Hopper's.
enum class Products { kAny, kTf32, kWarpgroups };

// What a call may choose from.
struct TileWish {
  vmk_dtype dtype;
  Products products;
  int64_t rows;    // of the product
  int columns;
  int64_t depth;   // channels times offsets that a row sums over
  bool splits_k;   // whether the choice of pieces may be more than one
  int32_t tile = -1;  // to use this one
  int pieces = 0;     // and as many, fewer where there are fewer steps
};
struct TileChoice {
  const ConvTile* tile;
  int pieces;
};
// The cheapest tile by the model in conv_tiles.cu, of those that the wish leaves. Throws when it
// leaves none.
TileChoice choose_tile(CudaDevice& device, const TileWish& wish);

}  // namespace vmk
