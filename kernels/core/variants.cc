// Names of variants by op, for vmk_variants.
#include <cstring>

#include "dense.hpp"
#include "int8.hpp"

namespace {

template <class Args>
std::string names(const vmk::Variants<Args>& table) {
  std::string text;
  for (int32_t i = 0; i < table.count; ++i) {
    if (i > 0) text += ',';
    text += table.list[i].name;
  }
  return text;
}

std::string names_of(const char* op) {
  const std::string name = op ? op : "";
  if (name == "quantize") return names(vmk::kQuantize);
  if (name == "voxelize") return names(vmk::kVoxelize);
  if (name == "voxel_reduce") return names(vmk::kVoxelReduce);
  if (name == "devoxelize_map") return names(vmk::kDevoxelizeMap);
  if (name == "devoxelize") return names(vmk::kDevoxelize);
  if (name == "hash_insert") return names(vmk::kHashInsert);
  if (name == "hash_query") return names(vmk::kHashQuery);
  if (name == "downsample") return names(vmk::kDownsample);
  if (name == "kernel_map") return names(vmk::kKernelMap);
  if (name == "strided_map") return names(vmk::kStridedMap);
  if (name == "kernel_map_transpose") return names(vmk::kKernelMapTranspose);
  if (name == "kernel_map_count") return names(vmk::kKernelMapCount);
  if (name == "kernel_map_pairs") return names(vmk::kKernelMapPairs);
  if (name == "kernel_map_order") return names(vmk::kKernelMapOrder);
  if (name == "sparse_conv") return names(vmk::kSparseConv);
  if (name == "sparse_conv_wgrad") return names(vmk::kSparseConvWgrad);
  if (name == "weight_transpose") return names(vmk::kWeightTranspose);
  if (name == "weight_pack") return names(vmk::kWeightPack);
  if (name == "weight_count") return names(vmk::kWeightCount);
  if (name == "weight_compress") return names(vmk::kWeightCompress);
  if (name == "sparse_conv_ws") return names(vmk::kSparseConvWs);
  if (name == "sparse_conv_int8") return names(vmk::kSparseConvInt8);
  if (name == "bev_cells") return names(vmk::kBevCells);
  if (name == "bev_intervals") return names(vmk::kBevIntervals);
  if (name == "bev_pool") return names(vmk::kBevPool);
  if (name == "bev_pool_backward") return names(vmk::kBevPoolBackward);
  if (name == "bev_pool_fused") return names(vmk::kBevPoolFused);
  if (name == "bev_pool_fused_backward") return names(vmk::kBevPoolFusedBackward);
  if (name == "linear") return names(vmk::kLinear);
  if (name == "affine") return names(vmk::kAffine);
  if (name == "layer_norm") return names(vmk::kLayerNorm);
  if (name == "softmax") return names(vmk::kSoftmax);
  if (name == "concat") return names(vmk::kConcat);
  if (name == "split") return names(vmk::kSplit);
  if (name == "attention") return names(vmk::kAttention);
  if (name == "map_reduce") return names(vmk::kMapReduce);
  if (name == "grid_voxelize") return names(vmk::kGridVoxelize);
  return "";
}

}  // namespace

VMK_API int64_t vmk_variants(const char* op, char* buf, int64_t cap) {
  return vmk::copy_text(names_of(op), buf, cap);
}
