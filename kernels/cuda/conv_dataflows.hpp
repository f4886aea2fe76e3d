#pragma once
// What the dataflows of sparse_conv share on the host.
#include "conv_tiles.hpp"

namespace vmk {

// Throws unless the offsets can be listed and numbered.
void check_offsets(const SparseConv& args);
// Throws unless the call is in f32, the only type that rounding to tf32 is for.
void expect_f32(const SparseConv& args);

// Convolves through the map as it is, or over sorted outputs in parts.
void convolve_mapped(Device& any, const SparseConv& args, Products products);
void convolve_sorted(Device& any, const SparseConv& args, Products products);

// Notes starts and pairs that do not fit the call; kernels then find no pairs (pairs_are_bad).
void check_pairs(CudaDevice& device, const ConvCall& a);

// Buffers of all pairs: which rows of them belong to which offset.
struct BufferPlan {
  int64_t* begins;  // [kv + 1]
  int64_t* tiles;   // [kv + 1], of a tile of `tile_rows` rows
  int64_t rows;     // at most
};
// epsilon and threshold as vmk_conv_settings; 0, 0 pads nothing.
BufferPlan plan_buffers(CudaDevice& device, const ConvCall& a, double epsilon, int64_t threshold,
                        int tile_rows);

// slots[k][row] = the place in the buffers of the pair of offset k that has this row, or -1.
// `rows` are the input or the output rows of all pairs, of which there are n. A row that an offset
// has twice gets the later place.
int32_t* slots_of(CudaDevice& device, const ConvCall& a, const BufferPlan& plan,
                  const int32_t* rows, int64_t n);

// Products of all buffer rows, and each output as the sum of its products, ended.
void multiply_buffers(CudaDevice& device, const ConvCall& a, const ConvTile& tile,
                      const BufferPlan& plan, const void* rows, float* products);
void scatter_buffers(CudaDevice& device, const ConvCall& a, vmk_dtype dtype, const BufferPlan& plan,
                     const float* products);

// The tile of products of `rows` listed rows.
const ConvTile& list_tile(CudaDevice& device, const ConvCall& a, const SparseConv& args,
                          int64_t rows);

}  // namespace vmk
