// THE list of CUDA variants. The first of an op is its default.
#include "dense.hpp"
#include "int8.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

template <class Args, int32_t N>
constexpr Variants<Args> all(const Variant<Args> (&list)[N]) {
  return {list, N};
}

// Dataflows on tiles: through the map, through a sorted one, by lists of pairs.
constexpr bool kAnyDtype = true;
using Convolve = void (*)(Device&, const SparseConv&);
constexpr Variant<SparseConv> tiled(const char* name, Convolve run, bool any_dtype) {
  return {.name = name, .run = run, .any_dtype = any_dtype, .fused = true, .tiled = true};
}
constexpr Variant<SparseConv> sorted(const char* name, Convolve run, bool any_dtype) {
  Variant<SparseConv> variant = tiled(name, run, any_dtype);
  variant.sorts = true;
  return variant;
}
constexpr Variant<SparseConv> listed(const char* name, Convolve run) {
  Variant<SparseConv> variant = tiled(name, run, kAnyDtype);
  variant.needs_pairs = true;
  return variant;
}

using SumOuter = void (*)(Device&, const SparseConvWgrad&);
constexpr Variant<SparseConvWgrad> on_pairs(const char* name, SumOuter run, bool any_dtype) {
  return {.name = name, .run = run, .any_dtype = any_dtype, .reads_pairs = true, .tiled = true};
}

#ifdef VMK_SM90A
constexpr Variant<SparseConv> hopper(Variant<SparseConv> variant) {
  variant.warpgroups = true;
  return variant;
}
#endif

constexpr Variant<Quantize> kQuantizeList[] = {{"rows", quantize_rows}};
constexpr Variant<Voxelize> kVoxelizeList[] = {{"sort", voxelize_sort}};
constexpr Variant<VoxelReduce> kVoxelReduceList[] = {of_any_dtype("rows", voxel_reduce_rows)};
constexpr Variant<DevoxelizeMap> kDevoxelizeMapList[] = {{"hash", devoxelize_map_hash}};
constexpr Variant<Devoxelize> kDevoxelizeList[] = {of_any_dtype("rows", devoxelize_rows)};
constexpr Variant<HashInsert> kHashInsertList[] = {{"cas", hash_insert_cas}};
constexpr Variant<HashQuery> kHashQueryList[] = {{"probe", hash_query_probe}};
constexpr Variant<Downsample> kDownsampleList[] = {{"sort", downsample_sort}};
constexpr Variant<KernelMap> kKernelMapList[] = {
    {.name = "hash", .run = kernel_map_hash, .counted = true},
    {"search", kernel_map_search},
    {"grid", kernel_map_grid}};
constexpr Variant<StridedMap> kStridedMapList[] = {{"sort", strided_map_sort}};
constexpr Variant<KernelMapTranspose> kTransposeList[] = {
    {"scatter", kernel_map_transpose_scatter}};
constexpr Variant<KernelMapCount> kCountList[] = {{"tiles", kernel_map_count_tiles}};
constexpr Variant<KernelMapPairs> kPairsList[] = {{"tiles", kernel_map_pairs_tiles}};
constexpr Variant<KernelMapOrder> kOrderList[] = {{"sort", kernel_map_order_sort}};
constexpr Variant<SparseConv> kSparseConvList[] = {
    tiled("implicit", sparse_conv_implicit, kAnyDtype),
    sorted("masked", sparse_conv_masked, kAnyDtype),
    listed("fetch", sparse_conv_fetch),
    listed("fused", sparse_conv_fused),
    listed("grouped", sparse_conv_grouped),
    listed("gather", sparse_conv_gather),
    tiled("implicit_tf32", sparse_conv_implicit_tf32, !kAnyDtype),
    sorted("masked_tf32", sparse_conv_masked_tf32, !kAnyDtype),
#ifdef VMK_SM90A
    hopper(tiled("wgmma", sparse_conv_wgmma, kAnyDtype)),
    hopper(sorted("masked_wgmma", sparse_conv_masked_wgmma, kAnyDtype)),
#endif
    {.name = "ref", .run = sparse_conv_ref, .any_dtype = true, .fused = true}};
constexpr Variant<SparseConvWgrad> kWgradList[] = {
    on_pairs("tiles", sparse_conv_wgrad_tiles, kAnyDtype),
    on_pairs("tiles_tf32", sparse_conv_wgrad_tiles_tf32, !kAnyDtype),
    of_any_dtype("ref", sparse_conv_wgrad_ref)};
constexpr Variant<WeightTranspose> kWeightTransposeList[] = {
    of_any_dtype("tiles", weight_transpose_tiles), of_any_dtype("ref", weight_transpose_ref)};
#ifdef VMK_SM90A
constexpr Variant<WeightPack> kWeightPackList[] = {of_any_dtype("swizzle", weight_pack_swizzle)};
#endif
constexpr Variant<WeightCount> kWeightCountList[] = {{"columns", weight_count_columns}};
constexpr Variant<WeightCompress> kWeightCompressList[] = {{"columns", weight_compress_columns}};
constexpr Variant<SparseConvWs> kSparseConvWsList[] = {{"lanes", sparse_conv_ws_lanes}};
constexpr Variant<BevCells> kBevCellsList[] = {{"rows", bev_cells_rows}};
constexpr Variant<BevIntervals> kBevIntervalsList[] = {{"sort", bev_intervals_sort}};
constexpr Variant<BevPool> kBevPoolList[] = {of_any_dtype("balanced", bev_pool_balanced),
                                             of_any_dtype("interval", bev_pool_interval),
                                             {"prefix_sum", bev_pool_prefix_sum}};
constexpr Variant<BevPoolBackward> kBevBackwardList[] = {
    of_any_dtype("points", bev_pool_backward_points)};
constexpr Variant<BevPoolFused> kBevFusedList[] = {
    of_any_dtype("balanced", bev_pool_fused_balanced),
    of_any_dtype("interval", bev_pool_fused_interval)};
constexpr Variant<BevPoolFusedBackward> kBevFusedBackwardList[] = {
    of_any_dtype("points", bev_pool_fused_backward_points)};
constexpr Variant<Linear> kLinearList[] = {of_any_dtype("tiled", linear_tiled),
                                           of_any_dtype("ref", linear_ref)};
constexpr Variant<Affine> kAffineList[] = {of_any_dtype("rows", affine_rows)};
constexpr Variant<LayerNorm> kLayerNormList[] = {of_any_dtype("warp", layer_norm_warp)};
constexpr Variant<Softmax> kSoftmaxList[] = {of_any_dtype("warp", softmax_warp)};
constexpr Variant<Concat> kConcatList[] = {of_any_dtype("rows", concat_rows)};
constexpr Variant<Split> kSplitList[] = {of_any_dtype("rows", split_rows)};
constexpr Variant<Attention> kAttentionList[] = {{"warp", attention_warp}};
constexpr Variant<MapReduce> kMapReduceList[] = {of_any_dtype("rows", map_reduce_rows)};
constexpr Variant<GridVoxelize> kGridVoxelizeList[] = {{"sort", grid_voxelize_sort}};

}  // namespace

const Variants<Quantize> kQuantize = all(kQuantizeList);
const Variants<Voxelize> kVoxelize = all(kVoxelizeList);
const Variants<VoxelReduce> kVoxelReduce = all(kVoxelReduceList);
const Variants<DevoxelizeMap> kDevoxelizeMap = all(kDevoxelizeMapList);
const Variants<Devoxelize> kDevoxelize = all(kDevoxelizeList);
const Variants<HashInsert> kHashInsert = all(kHashInsertList);
const Variants<HashQuery> kHashQuery = all(kHashQueryList);
const Variants<Downsample> kDownsample = all(kDownsampleList);
const Variants<KernelMap> kKernelMap = all(kKernelMapList);
const Variants<StridedMap> kStridedMap = all(kStridedMapList);
const Variants<KernelMapTranspose> kKernelMapTranspose = all(kTransposeList);
const Variants<KernelMapCount> kKernelMapCount = all(kCountList);
const Variants<KernelMapPairs> kKernelMapPairs = all(kPairsList);
const Variants<KernelMapOrder> kKernelMapOrder = all(kOrderList);
const Variants<SparseConv> kSparseConv = all(kSparseConvList);
const Variants<SparseConvWgrad> kSparseConvWgrad = all(kWgradList);
const Variants<WeightTranspose> kWeightTranspose = all(kWeightTransposeList);
#ifdef VMK_SM90A
const Variants<WeightPack> kWeightPack = all(kWeightPackList);
#else
const Variants<WeightPack> kWeightPack = {nullptr, 0};
#endif
const Variants<WeightCount> kWeightCount = all(kWeightCountList);
const Variants<WeightCompress> kWeightCompress = all(kWeightCompressList);
const Variants<SparseConvWs> kSparseConvWs = all(kSparseConvWsList);
const Variants<SparseConvInt8> kSparseConvInt8 = {nullptr, 0};
const Variants<BevCells> kBevCells = all(kBevCellsList);
const Variants<BevIntervals> kBevIntervals = all(kBevIntervalsList);
const Variants<BevPool> kBevPool = all(kBevPoolList);
const Variants<BevPoolBackward> kBevPoolBackward = all(kBevBackwardList);
const Variants<BevPoolFused> kBevPoolFused = all(kBevFusedList);
const Variants<BevPoolFusedBackward> kBevPoolFusedBackward = all(kBevFusedBackwardList);
const Variants<Linear> kLinear = all(kLinearList);
const Variants<Affine> kAffine = all(kAffineList);
const Variants<LayerNorm> kLayerNorm = all(kLayerNormList);
const Variants<Softmax> kSoftmax = all(kSoftmaxList);
const Variants<Concat> kConcat = all(kConcatList);
const Variants<Split> kSplit = all(kSplitList);
const Variants<Attention> kAttention = all(kAttentionList);
const Variants<MapReduce> kMapReduce = all(kMapReduceList);
const Variants<GridVoxelize> kGridVoxelize = all(kGridVoxelizeList);

}  // namespace vmk
