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

// Of sparse_conv: reads pairs, takes bf16 and f16, applies the epilogue.
constexpr bool kPairs = true, kAnyDtype = true, kFused = true;

constexpr Variant<Quantize> kQuantizeList[] = {{"rows", quantize_rows}};
constexpr Variant<Voxelize> kVoxelizeList[] = {{"sort", voxelize_sort}};
constexpr Variant<VoxelReduce> kVoxelReduceList[] = {{"rows", voxel_reduce_rows}};
constexpr Variant<DevoxelizeMap> kDevoxelizeMapList[] = {{"hash", devoxelize_map_hash}};
constexpr Variant<Devoxelize> kDevoxelizeList[] = {{"rows", devoxelize_rows}};
constexpr Variant<HashInsert> kHashInsertList[] = {{"cas", hash_insert_cas}};
constexpr Variant<HashQuery> kHashQueryList[] = {{"probe", hash_query_probe}};
constexpr Variant<Downsample> kDownsampleList[] = {{"sort", downsample_sort}};
constexpr Variant<KernelMap> kKernelMapList[] = {{"hash", kernel_map_hash}};
constexpr Variant<KernelMapTranspose> kTransposeList[] = {
    {"scatter", kernel_map_transpose_scatter}};
constexpr Variant<KernelMapCount> kCountList[] = {{"tiles", kernel_map_count_tiles}};
constexpr Variant<KernelMapPairs> kPairsList[] = {{"tiles", kernel_map_pairs_tiles}};
constexpr Variant<SparseConv> kSparseConvList[] = {
    {"implicit", sparse_conv_implicit, !kPairs, !kAnyDtype, kFused},
    {"gather", sparse_conv_gather, kPairs, !kAnyDtype, kFused},
    {"ref", sparse_conv_ref, !kPairs, !kAnyDtype, kFused}};
constexpr Variant<BevIntervals> kBevIntervalsList[] = {{"sort", bev_intervals_sort}};
constexpr Variant<BevPool> kBevPoolList[] = {{"interval", bev_pool_interval},
                                             {"prefix_sum", bev_pool_prefix_sum}};

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
const Variants<StridedMap> kStridedMap = {nullptr, 0};
const Variants<KernelMapTranspose> kKernelMapTranspose = all(kTransposeList);
const Variants<KernelMapCount> kKernelMapCount = all(kCountList);
const Variants<KernelMapPairs> kKernelMapPairs = all(kPairsList);
const Variants<SparseConv> kSparseConv = all(kSparseConvList);
const Variants<SparseConvWgrad> kSparseConvWgrad = {nullptr, 0};
const Variants<WeightTranspose> kWeightTranspose = {nullptr, 0};
const Variants<WeightCount> kWeightCount = {nullptr, 0};
const Variants<WeightCompress> kWeightCompress = {nullptr, 0};
const Variants<SparseConvWs> kSparseConvWs = {nullptr, 0};
const Variants<SparseConvInt8> kSparseConvInt8 = {nullptr, 0};
const Variants<BevCells> kBevCells = {nullptr, 0};
const Variants<BevIntervals> kBevIntervals = all(kBevIntervalsList);
const Variants<BevPool> kBevPool = all(kBevPoolList);
const Variants<BevPoolBackward> kBevPoolBackward = {nullptr, 0};
const Variants<BevPoolFused> kBevPoolFused = {nullptr, 0};
const Variants<BevPoolFusedBackward> kBevPoolFusedBackward = {nullptr, 0};
const Variants<Linear> kLinear = {nullptr, 0};
const Variants<Affine> kAffine = {nullptr, 0};
const Variants<LayerNorm> kLayerNorm = {nullptr, 0};
const Variants<Softmax> kSoftmax = {nullptr, 0};
const Variants<Concat> kConcat = {nullptr, 0};
const Variants<MapReduce> kMapReduce = {nullptr, 0};
const Variants<GridVoxelize> kGridVoxelize = {nullptr, 0};

}  // namespace vmk
