// quantize, voxelize, voxel_reduce.
//   ref    one obvious loop each; std::map order for the voxels.
//   radix  (voxelize) packed keys that carry their row number, one parallel radix sort, then one
//          pass that finds where the key changes.
//   rows   (quantize, voxel_reduce) the same loop over ranges of rows on all threads.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "features.hpp"
#include "sorted_rows.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

typedef float Four __attribute__((vector_size(16)));
typedef int32_t FourInts __attribute__((vector_size(16)));

// The first point of [begin, end) that cannot be quantized, or end. Writes the rest. A point's axes
// are taken together, and rounded without std::floor and std::nearbyint, which are calls in the
// baseline instruction set.
int64_t quantize_range(const Quantize& a, int64_t begin, int64_t end) {
  // From here on the addition itself rounds, half to even: the sum has no bits for a fraction.
  constexpr float kNoFraction = 1.5f * (1 << 23);
  const Four origin{a.origin[0], a.origin[1], a.origin[2], 0};
  const Four voxel{a.voxel[0], a.voxel[1], a.voxel[2], 1};
  const int32_t down = a.rounding == VMK_FLOOR ? -1 : 0;
  for (int64_t i = begin; i < end; ++i) {
    const float* point = a.points + i * a.c;
    const int32_t batch = a.batch ? a.batch[i] : 0;
    if (batch < 0 || batch > VMK_BATCH_MAX) return i;
    const Four scaled = (Four{point[0], point[1], point[2], 0} - origin) / voxel;
    const Four nearest = (scaled + kNoFraction) - kNoFraction;
    const FourInts cell =
        __builtin_convertvector(nearest, FourInts) + ((nearest > scaled) & down);
    // NaN and what is no int32 fail the comparisons of floats; the rest is far below 2^22.
    const FourInts good = (scaled > 2.0f * VMK_COORD_MIN) & (scaled < 2.0f * VMK_COORD_MAX) &
                          (cell >= VMK_COORD_MIN) & (cell <= VMK_COORD_MAX);
    if (!(good[0] & good[1] & good[2])) return i;
    const FourInts out{batch, cell[0], cell[1], cell[2]};
    std::memcpy(a.coords + i * 4, &out, sizeof out);
  }
  return end;
}

[[noreturn]] void fail_point(const Quantize& a, int64_t i) {
  if (a.batch && (a.batch[i] < 0 || a.batch[i] > VMK_BATCH_MAX))
    fail(VMK_INVALID_ARGUMENT, "Cannot quantize points: point %lld has batch = %d, not in [0, %d]",
         static_cast<long long>(i), a.batch[i], VMK_BATCH_MAX);
  for (int axis = 0; axis < 3; ++axis) {
    const float value = a.points[i * a.c + axis];
    const float cell = (value - a.origin[axis]) / a.voxel[axis];
    if (!std::isfinite(value))
      fail(VMK_INVALID_ARGUMENT, "Cannot quantize points: point %lld has %s = %g, not finite",
           static_cast<long long>(i), kAxisNames[axis + 1], double{value});
    if (cell < VMK_COORD_MIN || cell > VMK_COORD_MAX)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot quantize points: point %lld has %s = %g, voxel %.0f, not in [%d, %d]",
           static_cast<long long>(i), kAxisNames[axis + 1], double{value},
           double{std::floor(cell)}, VMK_COORD_MIN, VMK_COORD_MAX);
  }
  fail(VMK_INVALID_ARGUMENT, "Cannot quantize points: point %lld rounds out of the voxel range",
       static_cast<long long>(i));
}

void quantize_ref(Device&, const Quantize& a) {
  const int64_t bad = quantize_range(a, 0, a.n);
  if (bad < a.n) fail_point(a, bad);
}

void quantize_rows(Device& device, const Quantize& a) {
  cpu_device(device).pool.for_ranges(a.n, 1 << 13, [&](int64_t begin, int64_t end) {
    if (quantize_range(a, begin, end) < end) fail(VMK_INVALID_ARGUMENT, "point");
  });
}

// The ranges run in any order, so the first bad point is looked up again once one is known.
void quantize_parallel(Device& device, const Quantize& a) {
  try {
    quantize_rows(device, a);
  } catch (const Error&) {
    quantize_ref(device, a);
    throw;
  }
}

[[noreturn]] void fail_capacity(int64_t found, int64_t capacity) {
  fail(VMK_CAPACITY, "Cannot voxelize: voxels has %lld rows, %lld are needed",
       static_cast<long long>(capacity), static_cast<long long>(found));
}

void voxelize_ref(Device& device, const Voxelize& a) {
  check_range(range_of(cpu_device(device), a.coords, a.n), a.coords, a.n, "voxelize", "coords");
  std::map<std::array<int32_t, 4>, std::vector<int32_t>> members;
  for (int64_t i = 0; i < a.n; ++i) {
    std::array<int32_t, 4> c;
    std::copy(a.coords + i * 4, a.coords + i * 4 + 4, c.begin());
    members[c].push_back(static_cast<int32_t>(i));
  }
  const auto found = static_cast<int64_t>(members.size());
  if (found > a.capacity) fail_capacity(found, a.capacity);
  int32_t m = 0, at = 0;
  for (const auto& [c, rows] : members) {
    std::copy(c.begin(), c.end(), a.voxels + int64_t{m} * 4);
    a.starts[m] = at;
    for (const int32_t row : rows) {
      a.order[at++] = row;
      a.inverse[row] = m;
    }
    ++m;
  }
  a.starts[m] = at;
  *a.count = m;
}

// Where the voxels begin in the sorted order, in two passes over the same ranges: count, write.
void write_voxels(CpuDevice& device, const Voxelize& a, const uint64_t* keys) {
  const int64_t grain = device.pool.even_grain(a.n, 1024);
  const int64_t ranges = (a.n + grain - 1) / grain;
  int64_t* first = device.scratch<int64_t>(ranges + 1);
  const auto is_new = [&](int64_t i) { return i == 0 || keys[i] != keys[i - 1]; };
  device.pool.for_ranges(a.n, grain, [&](int64_t begin, int64_t end) {
    int64_t count = 0;
    for (int64_t i = begin; i < end; ++i) count += is_new(i);
    first[begin / grain + 1] = count;
  });
  first[0] = 0;
  for (int64_t r = 0; r < ranges; ++r) first[r + 1] += first[r];
  const int64_t found = first[ranges];
  if (found > a.capacity) fail_capacity(found, a.capacity);
  device.pool.for_ranges(a.n, grain, [&](int64_t begin, int64_t end) {
    int64_t m = first[begin / grain] - 1;
    for (int64_t i = begin; i < end; ++i) {
      const int32_t row = a.order[i];
      if (is_new(i)) {
        ++m;
        a.starts[m] = static_cast<int32_t>(i);
        std::memcpy(a.voxels + m * 4, a.coords + int64_t{row} * 4, 16);
      }
      a.inverse[row] = static_cast<int32_t>(m);
    }
  });
  a.starts[found] = static_cast<int32_t>(a.n);
  *a.count = found;
}

void voxelize_radix(Device& any, const Voxelize& a) {
  CpuDevice& device = cpu_device(any);
  const Range range = range_of(device, a.coords, a.n);
  check_range(range, a.coords, a.n, "voxelize", "coords");
  uint64_t* keys = device.scratch<uint64_t>(a.n);
  sort_rows(device, KeyLayout(range), a.coords, a.n, a.order, keys);
  write_voxels(device, a, keys);
}

void check_groups(const VoxelReduce& a) {
  if (a.m > 0 && (a.starts[0] < 0 || a.starts[a.m] > a.n))
    fail(VMK_INVALID_ARGUMENT, "Cannot reduce voxels: starts runs from %d to %d, order has %lld "
         "rows", a.starts[0], a.starts[a.m], static_cast<long long>(a.n));
  for (int64_t m = 0; m < a.m; ++m)
    if (a.starts[m + 1] < a.starts[m])
      fail(VMK_INVALID_ARGUMENT, "Cannot reduce voxels: starts[%lld] = %d is below starts[%lld] = "
           "%d", static_cast<long long>(m + 1), a.starts[m + 1], static_cast<long long>(m),
           a.starts[m]);
  for (int64_t i = 0; i < a.n; ++i)
    if (a.order[i] < 0 || a.order[i] >= a.n)
      fail(VMK_INVALID_ARGUMENT, "Cannot reduce voxels: order[%lld] = %d, feats has %lld rows",
           static_cast<long long>(i), a.order[i], static_cast<long long>(a.n));
}

// Total is double in the reference and float in the fast variant.
template <class Total>
void reduce_range(const VoxelReduce& a, const float* feats, float* to, int64_t begin, int64_t end) {
  for (int64_t m = begin; m < end; ++m) {
    const int32_t *row = a.order + a.starts[m], *last = a.order + a.starts[m + 1];
    float* out = to + m * a.c;
    if (row == last) {
      std::fill(out, out + a.c, 0.0f);
      continue;
    }
    if (a.reduce == VMK_REDUCE_FIRST || last - row == 1) {
      std::memcpy(out, feats + *row * a.c, static_cast<size_t>(a.c) * 4);
      continue;
    }
    const Total count = a.reduce == VMK_REDUCE_MEAN ? static_cast<Total>(last - row) : 1;
    for (int64_t k = 0; k < a.c; ++k) {
      Total total = feats[*row * a.c + k];
      for (const int32_t* r = row + 1; r < last; ++r) {
        const Total value = feats[*r * a.c + k];
        total = a.reduce == VMK_REDUCE_MAX ? std::max(total, value) : total + value;
      }
      out[k] = static_cast<float>(total / count);
    }
  }
}

// The voxels [begin, end) in 16 bits; sums and row hold a.c floats.
void reduce_half(const SimdKernels& simd, const VoxelReduce& a, int64_t begin, int64_t end,
                 float* sums, float* row) {
  const auto* feats = static_cast<const uint16_t*>(a.feats);
  auto* out = static_cast<uint16_t*>(a.out) + begin * a.c;
  for (int64_t m = begin; m < end; ++m, out += a.c) {
    const int32_t first = a.starts[m], last = a.starts[m + 1];
    if (first == last) {
      std::fill(out, out + a.c, uint16_t{0});
      continue;
    }
    if (a.reduce == VMK_REDUCE_FIRST || last - first == 1) {
      std::copy_n(feats + a.order[first] * a.c, a.c, out);
      continue;
    }
    simd.widen(feats + a.order[first] * a.c, a.dtype, sums, a.c);
    for (int32_t i = first + 1; i < last; ++i) {
      const uint16_t* from = feats + a.order[i] * a.c;
      if (a.reduce != VMK_REDUCE_MAX) {
        simd.add_widened(from, a.dtype, 1, sums, a.c);
        continue;
      }
      simd.widen(from, a.dtype, row, a.c);
      for (int64_t k = 0; k < a.c; ++k) sums[k] = std::max(sums[k], row[k]);
    }
    if (a.reduce == VMK_REDUCE_MEAN)
      for (int64_t k = 0; k < a.c; ++k) sums[k] /= static_cast<float>(last - first);
    simd.narrow(sums, a.dtype, out, a.c);
  }
}

void voxel_reduce_ref(Device& any, const VoxelReduce& a) {
  CpuDevice& device = cpu_device(any);
  check_groups(a);
  const WideOutput out(device, a.out, a.dtype, a.m * a.c);
  reduce_range<double>(a, as_f32(device, a.feats, a.dtype, a.n * a.c), out.data, 0, a.m);
  out.store();
}

void voxel_reduce_rows(Device& any, const VoxelReduce& a) {
  CpuDevice& device = cpu_device(any);
  check_groups(a);
  const bool half = a.dtype != VMK_F32;
  const SimdKernels& simd = simd_kernels(device.isa);
  float* buffers = half ? device.scratch<float>(device.threads() * 2 * a.c) : nullptr;
  device.pool.for_ranges(a.m, 1 << 12, [&](int64_t begin, int64_t end, int32_t thread) {
    if (!half)
      return reduce_range<float>(a, static_cast<const float*>(a.feats),
                                 static_cast<float*>(a.out), begin, end);
    float* sums = buffers + thread * 2 * a.c;
    reduce_half(simd, a, begin, end, sums, sums + a.c);
  });
}

constexpr Variant<Quantize> kQuantizeList[] = {{"rows", quantize_parallel}, {"ref", quantize_ref}};
constexpr Variant<Voxelize> kVoxelizeList[] = {{"radix", voxelize_radix}, {"ref", voxelize_ref}};
constexpr Variant<VoxelReduce> kVoxelReduceList[] = {of_any_dtype("rows", voxel_reduce_rows),
                                                     of_any_dtype("ref", voxel_reduce_ref)};

}  // namespace

const Variants<Quantize> kQuantize = variants(kQuantizeList);
const Variants<Voxelize> kVoxelize = variants(kVoxelizeList);
const Variants<VoxelReduce> kVoxelReduce = variants(kVoxelReduceList);

}  // namespace vmk
