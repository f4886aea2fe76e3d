#pragma once
// The argument structs of voxelization and of the hash map.
#include <array>
#include <cstdint>

namespace vmk {

struct Quantize {
  const float* points;
  const int32_t* batch;  // or nullptr
  int32_t* coords;
  int64_t n, c;
  std::array<float, 3> voxel, origin;
  int32_t rounding;
};
struct Voxelize {
  const int32_t* coords;
  int32_t *voxels, *inverse, *order, *starts;
  int64_t* count;
  int64_t n, capacity;
};
struct VoxelReduce {
  const void* feats;
  const int32_t *order, *starts;
  void* out;
  int64_t n, m, c;
  int32_t reduce;
  vmk_dtype dtype;  // of feats and out
};
struct DevoxelizeMap {
  const float* positions;
  const int32_t* voxels;
  int32_t* index;
  float* weight;
  int64_t n, m, t;
  int32_t stride;
};
struct Devoxelize {
  const void* feats;
  const int32_t* index;
  const float* weight;  // or nullptr
  void* out;
  int64_t n, m, t, c;
  vmk_dtype dtype;  // of feats and out
};
struct HashInsert {
  const int32_t* coords;
  int64_t* keys;
  int32_t* rows;
  int64_t n, capacity;
};
struct HashQuery {
  const int64_t* keys;
  const int32_t* rows;
  const int32_t* queries;
  int32_t* found;
  int64_t n, capacity;
};

}  // namespace vmk
