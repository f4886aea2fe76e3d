// devoxelize_map, devoxelize.
//   ref       std::map look-ups; sums in double.
//   prefetch  (map) a hash table, the eight look-ups of a point prefetched together.
//   rows      (gather) ranges of points on all threads, sums in float.
#include <algorithm>
#include <cmath>
#include <map>

#include "hash_map.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

constexpr int64_t kGrain = 2048;

// The cell and weight of each corner of one point, before empty voxels are known. All in f32 and
// in the order of TorchSparse 1.4's calc_ti_weights: the same bits come out.
struct Corners {
  int64_t batch;
  std::array<std::array<int64_t, 3>, 8> cell;
  std::array<float, 8> weight;
};

[[noreturn]] void fail_position(int64_t i, int column, double value) {
  fail(VMK_INVALID_ARGUMENT, "Cannot map positions: row %lld has %s = %g, %s",
       static_cast<long long>(i), kAxisNames[column], value,
       column == 0 ? "not a batch number" : "not a voxel coordinate");
}

Corners corners_of(const DevoxelizeMap& a, int64_t i) {
  // Four times the voxel range still converts to an integer exactly; beyond it nothing can match.
  constexpr float kFar = 4.0f * VMK_COORD_MAX * 1024.0f;
  const float* p = a.positions + i * 4;
  const auto scale = static_cast<float>(a.stride);
  Corners c;
  if (!(p[0] >= 0 && p[0] <= VMK_BATCH_MAX) || p[0] != std::floor(p[0])) fail_position(i, 0, p[0]);
  c.batch = static_cast<int64_t>(p[0]);
  float low[3], below[3], above[3];
  for (int axis = 0; axis < 3; ++axis) {
    if (!(std::fabs(p[axis + 1]) <= kFar)) fail_position(i, axis + 1, p[axis + 1]);
    low[axis] = std::floor(p[axis + 1] / scale) * scale;
    below[axis] = low[axis] + scale - p[axis + 1];
    above[axis] = p[axis + 1] - low[axis];
  }
  for (int t = 0; t < 8; ++t) {
    const int up[3] = {t >> 2 & 1, t >> 1 & 1, t & 1};
    float weight = 1;
    for (int axis = 0; axis < 3; ++axis) {
      c.cell[t][axis] = static_cast<int64_t>(low[axis] / scale) + up[axis];
      const float part = up[axis] ? above[axis] : below[axis];
      weight = axis == 0 ? part : weight * part;
    }
    c.weight[t] = a.stride == 1 ? weight : weight / (scale * scale * scale);
  }
  return c;
}

// Fills one row of index and weight; find(batch, cell) is the voxel row or -1.
template <class Find>
void write_point(const DevoxelizeMap& a, int64_t i, const Corners& c, Find&& find) {
  int32_t* index = a.index + i * a.t;
  float* weight = a.weight + i * a.t;
  if (a.t == 1) {
    index[0] = find(c.batch, c.cell[0]);
    weight[0] = index[0] >= 0 ? 1.0f : 0.0f;
    return;
  }
  float sum = 0;
  for (int t = 0; t < 8; ++t) {
    index[t] = find(c.batch, c.cell[t]);
    weight[t] = index[t] >= 0 ? c.weight[t] : 0.0f;
    sum += weight[t];
  }
  for (int t = 0; t < 8; ++t) weight[t] /= sum + 1e-8f;
}

void check_voxels(CpuDevice& device, const DevoxelizeMap& a) {
  check_range(range_of(device, a.voxels, a.m), a.voxels, a.m, "map points to", "voxels");
}

void devoxelize_map_ref(Device& device, const DevoxelizeMap& a) {
  check_voxels(cpu_device(device), a);
  std::map<std::array<int64_t, 4>, int32_t> row_of;
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* v = a.voxels + m * 4;
    row_of.try_emplace({v[0], v[1], v[2], v[3]}, static_cast<int32_t>(m));
  }
  for (int64_t i = 0; i < a.n; ++i)
    write_point(a, i, corners_of(a, i), [&](int64_t b, const std::array<int64_t, 3>& cell) {
      const auto hit = row_of.find({b, cell[0], cell[1], cell[2]});
      return hit == row_of.end() ? -1 : hit->second;
    });
}

void devoxelize_map_prefetch(Device& any, const DevoxelizeMap& a) {
  CpuDevice& device = cpu_device(any);
  check_voxels(device, a);
  const HashTable table = build_table(device, a.voxels, a.m);
  const auto key = [](int64_t b, const std::array<int64_t, 3>& cell) {
    return in_range(b, cell[0], cell[1], cell[2]) ? hash_key(b, cell[0], cell[1], cell[2])
                                                  : kEmptyKey;
  };
  device.pool.for_ranges(a.n, kGrain, [&](int64_t begin, int64_t end) {
    constexpr int64_t kAhead = 4;
    Corners ring[kAhead];
    for (int64_t i = begin; i < end + kAhead; ++i) {
      if (i - kAhead >= begin)
        write_point(a, i - kAhead, ring[i % kAhead],
                    [&](int64_t b, const std::array<int64_t, 3>& cell) {
                      const int64_t k = key(b, cell);
                      return k == kEmptyKey ? -1 : table.find(k);
                    });
      if (i >= end) continue;
      ring[i % kAhead] = corners_of(a, i);
      for (int64_t t = 0; t < a.t; ++t) {
        const int64_t k = key(ring[i % kAhead].batch, ring[i % kAhead].cell[t]);
        if (k != kEmptyKey) table.prefetch(k);
      }
    }
  });
}

void check_index(const Devoxelize& a) {
  int32_t most = -1;
  for (int64_t i = 0; i < a.n * a.t; ++i) most = std::max(most, a.index[i]);
  if (most < a.m) return;
  for (int64_t i = 0; i < a.n * a.t; ++i)
    if (a.index[i] >= a.m)
      fail(VMK_INVALID_ARGUMENT, "Cannot devoxelize: index[%lld][%lld] = %d, feats has %lld rows",
           static_cast<long long>(i / a.t), static_cast<long long>(i % a.t), a.index[i],
           static_cast<long long>(a.m));
}

void devoxelize_ref(Device&, const Devoxelize& a) {
  check_index(a);
  for (int64_t i = 0; i < a.n; ++i)
    for (int64_t k = 0; k < a.c; ++k) {
      double sum = 0;
      for (int64_t t = 0; t < a.t; ++t) {
        const int32_t row = a.index[i * a.t + t];
        if (row < 0) continue;
        const double weight = a.weight ? a.weight[i * a.t + t] : 1;
        sum += weight * a.feats[row * a.c + k];
      }
      a.out[i * a.c + k] = static_cast<float>(sum);
    }
}

void devoxelize_rows(Device& device, const Devoxelize& a) {
  check_index(a);
  cpu_device(device).pool.for_ranges(a.n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* out = a.out + i * a.c;
      std::fill(out, out + a.c, 0.0f);
      for (int64_t t = 0; t < a.t; ++t) {
        const int32_t row = a.index[i * a.t + t];
        const float weight = a.weight ? a.weight[i * a.t + t] : 1.0f;
        if (row < 0) continue;
        const float* from = a.feats + row * a.c;
        for (int64_t k = 0; k < a.c; ++k) out[k] += weight * from[k];
      }
    }
  });
}

constexpr Variant<DevoxelizeMap> kMapList[] = {{"prefetch", devoxelize_map_prefetch},
                                               {"ref", devoxelize_map_ref}};
constexpr Variant<Devoxelize> kGatherList[] = {{"rows", devoxelize_rows}, {"ref", devoxelize_ref}};

}  // namespace

const Variants<DevoxelizeMap> kDevoxelizeMap = variants(kMapList);
const Variants<Devoxelize> kDevoxelize = variants(kGatherList);

}  // namespace vmk
