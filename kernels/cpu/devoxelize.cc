// devoxelize_map, devoxelize.
//   ref     std::map look-ups; sums in double.
//   leaves  (map) voxels in leaves of 8 x 8 x 8 cells, which points that follow one another share.
//   rows    (gather) ranges of points on all threads, sums in float.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "features.hpp"
#include "leaves.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

constexpr int64_t kGrain = 2048;
// Points whose corners are found before the first of their rows, and all rows before the first
// weight: what was just stored in parts is not yet ready to be read as a whole.
constexpr int64_t kBlock = 64;

typedef float Four __attribute__((vector_size(16)));
typedef int32_t FourInts __attribute__((vector_size(16)));

// The lowest of the eight cells around a point, and how far the point is from both ends of it
// along each axis: batch, x, y, z. All in f32 and in the order of TorchSparse 1.4's
// calc_ti_weights: the same bits come out.
struct Corners {
  FourInts cell;
  Four below, above;

  // (x * y) * z of the corners with this x: y slower, z faster.
  Four products(float x) const {
    const float low = x * below[2], high = x * above[2];
    return Four{low, low, high, high} * Four{below[3], above[3], below[3], above[3]};
  }
};

// Far outside of what any voxel can have, and still exact as an integer.
constexpr float kFar = 4.0f * VMK_COORD_MAX * 1024.0f;

[[noreturn]] void fail_position(const float* p, int64_t i) {
  int axis = 1;
  while (axis < 3 && std::fabs(p[axis]) <= kFar) ++axis;
  const bool batch = !(p[0] >= 0 && p[0] <= VMK_BATCH_MAX) || p[0] != std::floor(p[0]);
  const int column = batch ? 0 : axis;
  fail(VMK_INVALID_ARGUMENT, "Cannot map positions: row %lld has %s = %g, %s",
       static_cast<long long>(i), kAxisNames[column], static_cast<double>(p[column]),
       batch ? "not a batch number" : "not a voxel coordinate");
}

Corners corners_of(const DevoxelizeMap& a, int64_t i) {
  const float* p = a.positions + i * 4;
  Four at;
  std::memcpy(&at, p, sizeof at);
  const FourInts near = (at >= Four{0, -kFar, -kFar, -kFar}) &
                        (at <= Four{VMK_BATCH_MAX, kFar, kFar, kFar});
  const auto stride = static_cast<float>(a.stride);
  const Four scale{1, stride, stride, stride};
  // Dividing by a power of two and multiplying by its inverse give the same bits.
  const bool exact = (a.stride & (a.stride - 1)) == 0;
  const Four scaled = exact ? at * (1.0f / scale) : at / scale;
  Corners c;
  if (!(near[0] & near[1] & near[2] & near[3])) fail_position(p, i);
  c.cell = __builtin_convertvector(scaled, FourInts);
  c.cell += __builtin_convertvector(c.cell, Four) > scaled;  // the conversion truncates: floor it
  const Four low = __builtin_convertvector(c.cell, Four) * scale;
  c.below = low + scale - at;
  c.above = at - low;
  if (c.above[0] != 0) fail_position(p, i);
  return c;
}

// Weights of a point whose row of index is filled.
void write_weights(const DevoxelizeMap& a, int64_t i, const Corners& c) {
  const int32_t* rows = a.index + i * a.t;
  float* weight = a.weight + i * a.t;
  if (a.t == 1) {
    weight[0] = rows[0] >= 0 ? 1.0f : 0.0f;
    return;
  }
  const auto scale = static_cast<float>(a.stride);
  const float volume = scale * scale * scale;
  Four parts[2] = {c.products(c.below[1]), c.products(c.above[1])};
  float sum = 0;
  for (int half = 0; half < 2; ++half) {
    FourInts there, bits;
    std::memcpy(&there, rows + 4 * half, sizeof there);
    std::memcpy(&bits, &parts[half], sizeof bits);
    bits &= there >= 0;  // a mask, not a choice: which voxels are there cannot be predicted
    std::memcpy(&parts[half], &bits, sizeof bits);
    if (a.stride > 1) parts[half] /= volume;
    for (int t = 0; t < 4; ++t) sum += parts[half][t];
  }
  sum += 1e-8f;
  for (int half = 0; half < 2; ++half) parts[half] /= sum;
  std::memcpy(weight, parts, sizeof parts);
}

Range checked_range(CpuDevice& device, const DevoxelizeMap& a) {
  const Range range = range_of(device, a.voxels, a.m);
  check_range(range, a.voxels, a.m, "map points to", "voxels");
  return range;
}

void devoxelize_map_ref(Device& device, const DevoxelizeMap& a) {
  checked_range(cpu_device(device), a);
  std::map<std::array<int64_t, 4>, int32_t> row_of;
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* v = a.voxels + m * 4;
    row_of.try_emplace({v[0], v[1], v[2], v[3]}, static_cast<int32_t>(m));
  }
  for (int64_t i = 0; i < a.n; ++i) {
    const Corners c = corners_of(a, i);
    for (int64_t t = 0; t < a.t; ++t) {
      const auto hit =
          row_of.find({c.cell[0], int64_t{c.cell[1]} + (t >> 2 & 1),
                       int64_t{c.cell[2]} + (t >> 1 & 1), int64_t{c.cell[3]} + (t & 1)});
      a.index[i * a.t + t] = hit == row_of.end() ? -1 : hit->second;
    }
    write_weights(a, i, c);
  }
}

// Looks leaves up and remembers the last eight, one for each parity of the leaf's place along x, y
// and z: neighbouring leaves never push one another out, and the next point usually needs them too.
class LeafCursor {
 public:
  explicit LeafCursor(const LeafTable& table) : table_(table) { keys_.fill(kEmptyKey); }

  const Leaf& leaf(int64_t b, int64_t x, int64_t y, int64_t z) {
    const int64_t key = LeafTable::key_of(b, x, y, z);
    const auto place = static_cast<size_t>((x >> 3 & 1) << 2 | (y >> 3 & 1) << 1 | (z >> 3 & 1));
    if (keys_[place] != key) {
      keys_[place] = key;
      leaves_[place] = &table_.find(key);
    }
    return *leaves_[place];
  }
  int32_t row(int64_t b, int64_t x, int64_t y, int64_t z) {
    return in_range(b, x, y, z) ? table_.row(leaf(b, x, y, z), x, y, z) : -1;
  }
  // Rows of the eight cells at (x, y, z) and above, x slowest.
  void eight_rows(int64_t b, int64_t x, int64_t y, int64_t z, int32_t* rows) {
    const bool inside = in_range(b, x, y, z) && in_range(b, x + 1, y + 1, z + 1);
    if (inside && (x & 7) < 7 && (y & 7) < 7 && (z & 7) < 7) {
      table_.eight_rows(leaf(b, x, y, z), Leaf::column(x, y), z, rows);
      return;
    }
    for (int i = 0; i < 4; ++i) {
      const int64_t cx = x + (i >> 1), cy = y + (i & 1);
      if (inside && (z & 7) < 7) {
        table_.two_rows(leaf(b, cx, cy, z), Leaf::column(cx, cy), z, rows + 2 * i);
      } else {
        rows[2 * i] = row(b, cx, cy, z);
        rows[2 * i + 1] = row(b, cx, cy, z + 1);
      }
    }
  }

 private:
  const LeafTable& table_;
  std::array<int64_t, 8> keys_;
  std::array<const Leaf*, 8> leaves_{};
};

void devoxelize_map_leaves(Device& any, const DevoxelizeMap& a) {
  CpuDevice& device = cpu_device(any);
  const LeafTable table = LeafTable::build(device, checked_range(device, a), a.voxels, a.m);
  device.pool.for_ranges(a.n, kGrain, [&](int64_t begin, int64_t end) {
    LeafCursor cursor(table);
    Corners corners[kBlock];
    for (int64_t block = begin; block < end; block += kBlock) {
      const int64_t stop = std::min(end, block + kBlock);
      for (int64_t i = block; i < stop; ++i) corners[i - block] = corners_of(a, i);
      for (int64_t i = block; i < stop; ++i) {
        const FourInts cell = corners[i - block].cell;
        if (a.t == 8)
          cursor.eight_rows(cell[0], cell[1], cell[2], cell[3], a.index + i * 8);
        else
          a.index[i] = cursor.row(cell[0], cell[1], cell[2], cell[3]);
      }
      for (int64_t i = block; i < stop; ++i) write_weights(a, i, corners[i - block]);
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

void devoxelize_ref(Device& any, const Devoxelize& a) {
  CpuDevice& device = cpu_device(any);
  check_index(a);
  const float* feats = as_f32(device, a.feats, a.dtype, a.m * a.c);
  const WideOutput out(device, a.out, a.dtype, a.n * a.c);
  for (int64_t i = 0; i < a.n; ++i)
    for (int64_t k = 0; k < a.c; ++k) {
      double sum = 0;
      for (int64_t t = 0; t < a.t; ++t) {
        const int32_t row = a.index[i * a.t + t];
        if (row < 0) continue;
        const double weight = a.weight ? a.weight[i * a.t + t] : 1;
        sum += weight * feats[row * a.c + k];
      }
      out.data[i * a.c + k] = static_cast<float>(sum);
    }
  out.store();
}

// Sums of 16-bit rows, in f32 in a buffer of a row until they are whole.
void devoxelize_half(CpuDevice& device, const Devoxelize& a) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const auto* feats = static_cast<const uint16_t*>(a.feats);
  float* buffers = device.scratch<float>(device.threads() * a.c);
  device.pool.for_ranges(a.n, kGrain, [&](int64_t begin, int64_t end, int32_t thread) {
    float* sums = buffers + thread * a.c;
    for (int64_t i = begin; i < end; ++i) {
      std::fill(sums, sums + a.c, 0.0f);
      for (int64_t t = 0; t < a.t; ++t) {
        const int32_t row = a.index[i * a.t + t];
        const float weight = a.weight ? a.weight[i * a.t + t] : 1.0f;
        if (row >= 0) simd.add_widened(feats + row * a.c, a.dtype, weight, sums, a.c);
      }
      simd.narrow(sums, a.dtype, static_cast<uint16_t*>(a.out) + i * a.c, a.c);
    }
  });
}

void devoxelize_rows(Device& any, const Devoxelize& a) {
  CpuDevice& device = cpu_device(any);
  check_index(a);
  if (a.dtype != VMK_F32) return devoxelize_half(device, a);
  const auto* feats = static_cast<const float*>(a.feats);
  device.pool.for_ranges(a.n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* out = static_cast<float*>(a.out) + i * a.c;
      std::fill(out, out + a.c, 0.0f);
      for (int64_t t = 0; t < a.t; ++t) {
        const int32_t row = a.index[i * a.t + t];
        const float weight = a.weight ? a.weight[i * a.t + t] : 1.0f;
        if (row < 0) continue;
        const float* from = feats + row * a.c;
        for (int64_t k = 0; k < a.c; ++k) out[k] += weight * from[k];
      }
    }
  });
}

constexpr Variant<DevoxelizeMap> kMapList[] = {{"leaves", devoxelize_map_leaves},
                                               {"ref", devoxelize_map_ref}};
constexpr Variant<Devoxelize> kGatherList[] = {of_any_dtype("rows", devoxelize_rows),
                                               of_any_dtype("ref", devoxelize_ref)};

}  // namespace

const Variants<DevoxelizeMap> kDevoxelizeMap = variants(kMapList);
const Variants<Devoxelize> kDevoxelize = variants(kGatherList);

}  // namespace vmk
