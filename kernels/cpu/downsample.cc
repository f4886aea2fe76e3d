// downsample.
//   ref    a std::set of every output that the relation of voxmark.h gives.
//   radix  the same candidates as packed keys, sorted and made distinct.
#include <algorithm>
#include <set>

#include "kernel_map.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

bool inside(const Downsample& a, const std::array<int64_t, 3>& q) {
  for (int axis = 0; axis < 3; ++axis) {
    if (q[axis] < VMK_COORD_MIN || q[axis] > VMK_COORD_MAX) return false;
    if (a.bounded && (q[axis] < a.bounds[axis] || q[axis] > a.bounds[3 + axis])) return false;
  }
  return true;
}

using AxisLists = std::array<std::vector<int64_t>, 3>;

// Calls emit(q) for every output that input p takes part in.
template <class F>
void each_output(const Downsample& a, const int32_t* p, AxisLists& lists, F&& emit) {
  const Geometry& g = a.geometry;
  if (a.mode == VMK_OUT_FLOOR) {
    const std::array<int64_t, 3> q{floor_div(p[1], g.stride[0]), floor_div(p[2], g.stride[1]),
                                   floor_div(p[3], g.stride[2])};
    if (inside(a, q)) emit(q);
    return;
  }
  // An axis has few outputs: list them once, then combine the three lists.
  for (int axis = 0; axis < 3; ++axis) {
    lists[axis].clear();
    for (int32_t i = 0; i < g.kernel[axis]; ++i) {
      const int64_t at = p[axis + 1] - int64_t{i + g.low(axis)} * g.dilation[axis];
      const int64_t q = floor_div(at, g.stride[axis]);
      if (q * g.stride[axis] == at) lists[axis].push_back(q);
    }
  }
  for (const int64_t x : lists[0])
    for (const int64_t y : lists[1])
      for (const int64_t z : lists[2])
        if (inside(a, {x, y, z})) emit(std::array<int64_t, 3>{x, y, z});
}

}  // namespace

void fail_capacity(int64_t found, int64_t capacity) {
  fail(VMK_CAPACITY, "Cannot downsample: out_coords has %lld rows, %lld are needed",
       static_cast<long long>(capacity), static_cast<long long>(found));
}

void downsample_ref(Device& device, const Downsample& a) {
  check_range(range_of(cpu_device(device), a.coords, a.n), a.coords, a.n, "downsample", "coords");
  std::set<std::array<int64_t, 4>> outputs;
  AxisLists lists;
  for (int64_t i = 0; i < a.n; ++i) {
    const int32_t* p = a.coords + i * 4;
    each_output(a, p, lists, [&](const auto& q) { outputs.insert({p[0], q[0], q[1], q[2]}); });
  }
  const auto found = static_cast<int64_t>(outputs.size());
  if (found > a.capacity) fail_capacity(found, a.capacity);
  int32_t* to = a.out_coords;
  for (const auto& q : outputs)
    for (const int64_t value : q) *to++ = static_cast<int32_t>(value);
  *a.count = found;
}

Range output_range(const Downsample& a, const Range& in) {
  Range out = in;
  for (int axis = 0; axis < 3; ++axis) {
    const Geometry& g = a.geometry;
    const int64_t first = int64_t{g.low(axis)} * g.dilation[axis];
    const int64_t last = first + int64_t{g.kernel[axis] - 1} * g.dilation[axis];
    const bool floor = a.mode == VMK_OUT_FLOOR;
    out.low[axis + 1] = floor_div(in.low[axis + 1] - (floor ? 0 : last), g.stride[axis]);
    out.high[axis + 1] = floor_div(in.high[axis + 1] - (floor ? 0 : first), g.stride[axis]);
  }
  return out;
}

namespace {

// All candidate keys, range by range: count, then write at the counted place.
int64_t write_candidates(CpuDevice& device, const Downsample& a, const KeyLayout& layout,
                         uint64_t** keys) {
  const int64_t grain = device.pool.even_grain(a.n, 1024);
  const int64_t ranges = (a.n + grain - 1) / grain;
  int64_t* first = device.scratch<int64_t>(ranges + 1);
  device.pool.for_ranges(a.n, grain, [&](int64_t begin, int64_t end) {
    int64_t count = 0;
    AxisLists lists;
    for (int64_t i = begin; i < end; ++i)
      each_output(a, a.coords + i * 4, lists, [&](const auto&) { ++count; });
    first[begin / grain + 1] = count;
  });
  first[0] = 0;
  for (int64_t r = 0; r < ranges; ++r) first[r + 1] += first[r];
  *keys = device.scratch<uint64_t>(first[ranges]);
  device.pool.for_ranges(a.n, grain, [&](int64_t begin, int64_t end) {
    uint64_t* to = *keys + first[begin / grain];
    AxisLists lists;
    for (int64_t i = begin; i < end; ++i) {
      const int32_t* p = a.coords + i * 4;
      each_output(a, p, lists, [&](const auto& q) {
        const int32_t c[4] = {p[0], static_cast<int32_t>(q[0]), static_cast<int32_t>(q[1]),
                              static_cast<int32_t>(q[2])};
        *to++ = layout.pack(c);
      });
    }
  });
  return first[ranges];
}

// Whether every input has exactly one output, floor((p - low) / stride): no search then.
bool is_partition(const Downsample& a) {
  const Geometry& g = a.geometry;
  const std::array<int32_t, 3> one{1, 1, 1};
  return !a.bounded && (a.mode == VMK_OUT_FLOOR || (g.kernel == g.stride && g.dilation == one));
}

int64_t write_partition(CpuDevice& device, const Downsample& a, const KeyLayout& layout,
                        uint64_t** keys) {
  const Geometry& g = a.geometry;
  *keys = device.scratch<uint64_t>(a.n);
  device.pool.for_ranges(a.n, 1 << 13, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int32_t* p = a.coords + i * 4;
      int32_t q[4] = {p[0], 0, 0, 0};
      for (int axis = 0; axis < 3; ++axis) {
        const int32_t at = p[axis + 1] - (a.mode == VMK_OUT_FLOOR ? 0 : g.low(axis));
        // A shift floors, as the division by any other stride must be made to.
        q[axis + 1] = g.stride[axis] == 2 ? at >> 1
                                          : static_cast<int32_t>(floor_div(at, g.stride[axis]));
      }
      (*keys)[i] = layout.pack(q);
    }
  });
  return a.n;
}

}  // namespace

void downsample_radix(Device& any, const Downsample& a) {
  CpuDevice& device = cpu_device(any);
  const Range in = range_of(device, a.coords, a.n);
  check_range(in, a.coords, a.n, "downsample", "coords");
  const KeyLayout layout(output_range(a, in));
  if (layout.bits > 64) return downsample_ref(any, a);
  uint64_t* keys;
  const int64_t candidates = is_partition(a) ? write_partition(device, a, layout, &keys)
                                             : write_candidates(device, a, layout, &keys);
  radix_sort(device, keys, device.scratch<uint64_t>(candidates), candidates, 0, layout.bits);
  const int64_t found = std::unique(keys, keys + candidates) - keys;
  if (found > a.capacity) fail_capacity(found, a.capacity);
  device.pool.for_ranges(found, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m) layout.unpack(keys[m], a.out_coords + m * 4);
  });
  *a.count = found;
}

namespace {

constexpr Variant<Downsample> kList[] = {{"radix", downsample_radix}, {"ref", downsample_ref}};

}  // namespace

const Variants<Downsample> kDownsample = variants(kList);

}  // namespace vmk
