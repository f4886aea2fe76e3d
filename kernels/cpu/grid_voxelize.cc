// grid_voxelize.
//   ref       a list of points a cell.
//   counting  a counting sort by cell; the corners of points on all threads.
#include <algorithm>
#include <cmath>

#include "device.hpp"
#include "dense.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

constexpr const char* kColumns[4] = {"batch", "x", "y", "z"};

// The first point of [begin, end) that cannot be placed, or end.
int64_t first_bad(const GridVoxelize& a, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const float* p = a.positions + i * 4;
    const bool inside = p[0] >= 0 && p[0] < static_cast<float>(a.batches);
    const bool number = !std::isnan(p[1]) && !std::isnan(p[2]) && !std::isnan(p[3]);
    if (!inside || p[0] != std::floor(p[0]) || !number) return i;
  }
  return end;
}

void check_positions(const GridVoxelize& a) {
  const int64_t i = first_bad(a, 0, a.n);
  if (i == a.n) return;
  const float* p = a.positions + i * 4;
  int column = 0;
  for (int axis = 3; axis > 0; --axis)
    if (std::isnan(p[axis])) column = axis;
  fail(VMK_INVALID_ARGUMENT, "Cannot voxelize: row %lld has %s = %g, %s (there are %lld batches)",
       static_cast<long long>(i), kColumns[column], double{p[column]},
       column == 0 ? "not a batch number" : "not a position", static_cast<long long>(a.batches));
}

// PVConv rounds to find the cell and floors to find the corners; a corner beyond a whole coordinate
// would have weight 0 and may not exist, so it is left out.
void place(const GridVoxelize& a, int64_t i) {
  const float* p = a.positions + i * 4;
  const int32_t r = a.resolution;
  const auto batch = static_cast<int64_t>(p[0]);
  int64_t cell = batch;
  int32_t low[3];
  float above[3];
  for (int axis = 0; axis < 3; ++axis) {
    const float x = std::clamp(p[axis + 1], 0.0f, static_cast<float>(r - 1));
    cell = cell * r + static_cast<int64_t>(std::nearbyint(x));
    low[axis] = static_cast<int32_t>(x);
    above[axis] = x - static_cast<float>(low[axis]);
  }
  a.cell[i] = static_cast<int32_t>(cell);
  for (int t = 0; t < 8; ++t) {
    int64_t corner = batch;
    float weight = 1;
    for (int axis = 0; axis < 3; ++axis) {
      const int up = t >> (2 - axis) & 1;
      corner = corner * r + low[axis] + up;
      weight *= up ? above[axis] : 1 - above[axis];
    }
    a.index[i * 8 + t] = weight > 0 ? static_cast<int32_t>(corner) : -1;
    a.weight[i * 8 + t] = weight;
  }
}

void grid_voxelize_ref(Device&, const GridVoxelize& a) {
  check_positions(a);
  std::vector<std::vector<int32_t>> members(a.cells());
  for (int64_t i = 0; i < a.n; ++i) {
    place(a, i);
    members[a.cell[i]].push_back(static_cast<int32_t>(i));
  }
  int32_t at = 0;
  for (int64_t cell = 0; cell < a.cells(); ++cell) {
    a.starts[cell] = at;
    for (const int32_t i : members[cell]) {
      a.order[at++] = i;
      a.share[i] = 1.0f / static_cast<float>(members[cell].size());
    }
  }
  a.starts[a.cells()] = at;
}

void grid_voxelize_counting(Device& any, const GridVoxelize& a) {
  CpuDevice& device = cpu_device(any);
  check_positions(a);
  device.pool.for_ranges(a.n, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) place(a, i);
  });
  int32_t* next = device.scratch<int32_t>(a.cells());
  std::fill(next, next + a.cells(), 0);
  for (int64_t i = 0; i < a.n; ++i) ++next[a.cell[i]];
  for (int64_t i = 0; i < a.n; ++i) a.share[i] = 1.0f / static_cast<float>(next[a.cell[i]]);
  int32_t at = 0;
  for (int64_t cell = 0; cell < a.cells(); ++cell) {
    a.starts[cell] = at;
    at += next[cell];
    next[cell] = a.starts[cell];
  }
  a.starts[a.cells()] = at;
  for (int64_t i = 0; i < a.n; ++i) a.order[next[a.cell[i]]++] = static_cast<int32_t>(i);
}

constexpr Variant<GridVoxelize> kList[] = {{"counting", grid_voxelize_counting},
                                           {"ref", grid_voxelize_ref}};

}  // namespace

const Variants<GridVoxelize> kGridVoxelize = variants(kList);

}  // namespace vmk
