#pragma once
// The tiles of sparse_conv.wgmma, for a test of each. They do products through a map alone.
#include "conv_tiles.hpp"

namespace vmk {

extern const ConvTile kWgmmaTiles[];
extern const int kWgmmaTileCount;

}  // namespace vmk
