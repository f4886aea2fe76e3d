// devoxelize_map.hash - a table of the voxels in scratch; one thread a point (nearest) or eight
// lanes a point (trilinear), one corner each.
// The arithmetic is that of the CPU library, operation by operation, so that the same bits come
// out: products are kept from contracting into fused multiply-adds, the sum runs over the corners
// in their order.
#include "hash_table.cuh"

namespace vmk {

namespace {

// A point in units of one voxel of the map's stride.
struct Place {
  bool valid;
  int64_t batch;
  float low[3], below[3], above[3];  // below + above = the stride
};

__device__ inline Place place_of(const DevoxelizeMap& a, int64_t i, DataErrors* log) {
  // Four times the voxel range still converts to an integer exactly; beyond it nothing can match.
  constexpr float kFar = 4.0f * VMK_COORD_MAX * 1024.0f;
  const float* p = a.positions + i * 4;
  const auto scale = static_cast<float>(a.stride);
  Place place{};
  if (!(p[0] >= 0 && p[0] <= VMK_BATCH_MAX) || p[0] != floorf(p[0])) {
    note(log, kBadPosition, 0, i, __float_as_int(p[0]));
    return place;
  }
  place.batch = static_cast<int64_t>(p[0]);
  for (int axis = 0; axis < 3; ++axis) {
    const float value = p[axis + 1];
    if (!(fabsf(value) <= kFar)) {
      note(log, kBadPosition, axis + 1, i, __float_as_int(value));
      return place;
    }
    const float low = __fmul_rn(floorf(value / scale), scale);
    place.low[axis] = low;
    place.below[axis] = low + scale - value;
    place.above[axis] = value - low;
  }
  place.valid = true;
  return place;
}

// The voxel at a corner of the place; `corner` counts x slowest, z fastest.
__device__ inline int voxel_at(const HashTable& table, const Place& place, float scale,
                               int corner) {
  if (!place.valid) return -1;
  int64_t cell[3];
  for (int axis = 0; axis < 3; ++axis)
    cell[axis] = static_cast<int64_t>(place.low[axis] / scale) + (corner >> (2 - axis) & 1);
  return find_key(table, key_of(place.batch, cell[0], cell[1], cell[2]));
}

__global__ void __launch_bounds__(kBlock)
    find_nearest(DevoxelizeMap a, HashTable table, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= a.n) return;
  const int row = voxel_at(table, place_of(a, i, log), static_cast<float>(a.stride), 0);
  a.index[i] = row;
  a.weight[i] = row < 0 ? 0.0f : 1.0f;
}

__global__ void __launch_bounds__(kBlock)
    find_corners(DevoxelizeMap a, HashTable table, DataErrors* log) {
  const int64_t at = thread_index();
  const int corner = static_cast<int>(threadIdx.x) % 8;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t i = at / 8;
  const auto scale = static_cast<float>(a.stride);
  int row = -1;
  float weight = 0;
  if (i < a.n) {
    const Place place = place_of(a, i, log);
    row = voxel_at(table, place, scale, corner);
    for (int axis = 0; row >= 0 && axis < 3; ++axis) {
      const float part = corner >> (2 - axis) & 1 ? place.above[axis] : place.below[axis];
      weight = axis == 0 ? part : __fmul_rn(weight, part);
    }
    if (a.stride != 1) weight = weight / (scale * scale * scale);
  }
  float sum = 0;
  for (int c = 0; c < 8; ++c) sum += __shfl_sync(kFullWarp, weight, lane - corner + c);
  if (i >= a.n) return;
  a.index[at] = row;
  a.weight[at] = weight / (sum + 1e-8f);
}

}  // namespace

void devoxelize_map_hash(Device& any, const DevoxelizeMap& a) {
  CudaDevice& device = cuda_device(any);
  const HashTable table = build_table(device, a.voxels, a.m, kBadVoxelRow);
  if (a.t == 1) {
    VMK_LAUNCH(device, find_nearest, blocks(a.n), kBlock, a, table, device.data_errors());
  } else {
    VMK_LAUNCH(device, find_corners, blocks(a.n * 8), kBlock, a, table, device.data_errors());
  }
}

}  // namespace vmk
