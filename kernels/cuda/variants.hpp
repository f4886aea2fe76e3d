#pragma once
// The host side of every variant, one declaration a line; the tables are in variants.cu.
#include "dense.hpp"

namespace vmk {

void quantize_rows(Device&, const Quantize&);
void voxelize_sort(Device&, const Voxelize&);
void voxel_reduce_rows(Device&, const VoxelReduce&);
void devoxelize_map_hash(Device&, const DevoxelizeMap&);
void devoxelize_rows(Device&, const Devoxelize&);
void hash_insert_cas(Device&, const HashInsert&);
void hash_query_probe(Device&, const HashQuery&);
void downsample_sort(Device&, const Downsample&);
void kernel_map_hash(Device&, const KernelMap&);
void kernel_map_search(Device&, const KernelMap&);
void kernel_map_grid(Device&, const KernelMap&);
void strided_map_sort(Device&, const StridedMap&);
void kernel_map_transpose_scatter(Device&, const KernelMapTranspose&);
void kernel_map_count_tiles(Device&, const KernelMapCount&);
void kernel_map_pairs_tiles(Device&, const KernelMapPairs&);
void kernel_map_order_sort(Device&, const KernelMapOrder&);
void sparse_conv_implicit(Device&, const SparseConv&);
void sparse_conv_implicit_tf32(Device&, const SparseConv&);
void sparse_conv_masked(Device&, const SparseConv&);
void sparse_conv_masked_tf32(Device&, const SparseConv&);
void sparse_conv_wgmma(Device&, const SparseConv&);         // with VMK_SM90A only
void sparse_conv_masked_wgmma(Device&, const SparseConv&);  // with VMK_SM90A only
void sparse_conv_fetch(Device&, const SparseConv&);
void sparse_conv_fused(Device&, const SparseConv&);
void sparse_conv_grouped(Device&, const SparseConv&);
void sparse_conv_gather(Device&, const SparseConv&);
void sparse_conv_ref(Device&, const SparseConv&);
void sparse_conv_wgrad_tiles(Device&, const SparseConvWgrad&);
void sparse_conv_wgrad_tiles_tf32(Device&, const SparseConvWgrad&);
void sparse_conv_wgrad_ref(Device&, const SparseConvWgrad&);
void weight_transpose_tiles(Device&, const WeightTranspose&);
void weight_transpose_ref(Device&, const WeightTranspose&);
void weight_pack_swizzle(Device&, const WeightPack&);  // with VMK_SM90A only
void weight_count_columns(Device&, const WeightCount&);
void weight_compress_columns(Device&, const WeightCompress&);
void sparse_conv_ws_lanes(Device&, const SparseConvWs&);
void bev_cells_rows(Device&, const BevCells&);
void bev_intervals_sort(Device&, const BevIntervals&);
void bev_pool_balanced(Device&, const BevPool&);
void bev_pool_interval(Device&, const BevPool&);
void bev_pool_prefix_sum(Device&, const BevPool&);
void bev_pool_backward_points(Device&, const BevPoolBackward&);
void bev_pool_fused_balanced(Device&, const BevPoolFused&);
void bev_pool_fused_interval(Device&, const BevPoolFused&);
void bev_pool_fused_backward_points(Device&, const BevPoolFusedBackward&);
void linear_tiled(Device&, const Linear&);
void linear_ref(Device&, const Linear&);
void affine_rows(Device&, const Affine&);
void layer_norm_warp(Device&, const LayerNorm&);
void softmax_warp(Device&, const Softmax&);
void concat_rows(Device&, const Concat&);
void split_rows(Device&, const Split&);
void attention_warp(Device&, const Attention&);
void map_reduce_rows(Device&, const MapReduce&);
void grid_voxelize_sort(Device&, const GridVoxelize&);

}  // namespace vmk
