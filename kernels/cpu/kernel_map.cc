// kernel_map.
//   ref     a std::map of the input coordinates, one look-up per output and offset.
//   hash    a hash table of the input coordinates, the look-ups of a row prefetched together.
//   sorted  no table, see kernel_map_sorted.cc.
// A submanifold map is its own mirror image (offset k of output m reads input n exactly when offset
// KV - 1 - k of output n reads input m), so hash and sorted search half of the offsets only.
#include "kernel_map.hpp"

#include <algorithm>
#include <map>

#include "counted_rows.hpp"
#include "hash_map.hpp"
#include "variants.hpp"

namespace vmk {

void check_coords(CpuDevice& device, const KernelMap& a, Range* in, Range* out) {
  *in = range_of(device, a.in_coords, a.n);
  *out = a.out_coords == a.in_coords ? *in : range_of(device, a.out_coords, a.m);
  check_range(*in, a.in_coords, a.n, "build the kernel map of", "in_coords");
  check_range(*out, a.out_coords, a.m, "build the kernel map of", "out_coords");
}

bool is_mirrored(const KernelMap& a, int64_t distinct) {
  return a.in_coords == a.out_coords && a.n == a.m && a.geometry.submanifold() && distinct == a.n;
}

void fill_mirrored(CpuDevice& device, const KernelMap& a, const std::vector<int32_t*>& mirrors) {
  int32_t* centre = a.map + a.geometry.volume() / 2 * a.m;
  device.pool.for_ranges(a.m, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m) centre[m] = static_cast<int32_t>(m);
    for (int32_t* row : mirrors) std::fill(row + begin, row + end, -1);
  });
}

namespace {

// Input coordinate that output q reads through offset k.
std::array<int64_t, 3> input_of(const Geometry& g, const int32_t* q,
                                const std::array<int32_t, 3>& offset) {
  std::array<int64_t, 3> p;
  for (int axis = 0; axis < 3; ++axis)
    p[axis] = int64_t{q[axis + 1]} * g.stride[axis] + int64_t{offset[axis]} * g.dilation[axis];
  return p;
}

}  // namespace

void kernel_map_ref(Device& device, const KernelMap& a) {
  Range in, out;
  check_coords(cpu_device(device), a, &in, &out);
  std::map<std::array<int64_t, 4>, int32_t> row_of;
  for (int64_t i = 0; i < a.n; ++i) {
    const int32_t* c = a.in_coords + i * 4;
    row_of.try_emplace({c[0], c[1], c[2], c[3]}, static_cast<int32_t>(i));
  }
  const int64_t kv = a.geometry.volume();
  for (int64_t k = 0; k < kv; ++k) {
    const auto offset = a.geometry.offset(k);
    for (int64_t m = 0; m < a.m; ++m) {
      const int32_t* q = a.out_coords + m * 4;
      const auto p = input_of(a.geometry, q, offset);
      const auto hit = row_of.find({q[0], p[0], p[1], p[2]});
      a.map[k * a.m + m] = hit == row_of.end() ? -1 : hit->second;
    }
  }
}

namespace {

// Searches the offsets [first, KV) for the outputs [begin, end). With `mirrored`, what is found is
// written to the mirror image too: no two outputs share an input, so no place is written twice.
void hash_rows(const KernelMap& a, const HashTable& table,
               const std::vector<std::array<int32_t, 3>>& offsets, int64_t first, bool mirrored,
               int64_t begin, int64_t end) {
  const auto kv = static_cast<int64_t>(offsets.size());
  std::vector<int64_t> keys(offsets.size());
  for (int64_t m = begin; m < end; ++m) {
    const int32_t* q = a.out_coords + m * 4;
    for (int64_t k = first; k < kv; ++k) {
      const auto p = input_of(a.geometry, q, offsets[k]);
      const bool inside = in_range(q[0], p[0], p[1], p[2]);
      keys[k] = inside ? hash_key(q[0], p[0], p[1], p[2]) : kEmptyKey;
      if (inside) table.prefetch(keys[k]);
    }
    for (int64_t k = first; k < kv; ++k) {
      const int32_t row = keys[k] == kEmptyKey ? -1 : table.find(keys[k]);
      a.map[k * a.m + m] = row;
      if (mirrored && row >= 0) a.map[(kv - 1 - k) * a.m + row] = static_cast<int32_t>(m);
    }
  }
}

std::vector<std::array<int32_t, 3>> all_offsets(const Geometry& g) {
  std::vector<std::array<int32_t, 3>> offsets(g.volume());
  for (int64_t k = 0; k < g.volume(); ++k) offsets[k] = g.offset(k);
  return offsets;
}

}  // namespace

void build_by_hash(CpuDevice& device, const KernelMap& a) {
  int64_t distinct;
  const HashTable table = build_table(device, a.in_coords, a.n, &distinct);
  const auto offsets = all_offsets(a.geometry);
  const bool mirrored = is_mirrored(a, distinct);
  const int64_t first = mirrored ? a.geometry.volume() / 2 + 1 : 0;
  std::vector<int32_t*> mirrors;
  for (int64_t k = 0; k < first - 1; ++k) mirrors.push_back(a.map + k * a.m);
  if (mirrored) fill_mirrored(device, a, mirrors);
  device.pool.for_ranges(a.m, kMapGrain, [&](int64_t begin, int64_t end) {
    hash_rows(a, table, offsets, first, mirrored, begin, end);
  });
}

namespace {

void kernel_map_hash(Device& device, const KernelMap& a) {
  Range in, out;
  check_coords(cpu_device(device), a, &in, &out);
  build_by_hash(cpu_device(device), a);
}

constexpr Variant<KernelMap> kList[] = {
    {"sorted", counted_kernel_map<kernel_map_sorted>},
    {"hash", counted_kernel_map<kernel_map_hash>},
    {"ref", counted_kernel_map<kernel_map_ref>}};

}  // namespace

const Variants<KernelMap> kKernelMap = variants(kList);

}  // namespace vmk
