// kernel_map.sorted - no table.
//
// With inputs and outputs in key order, the inputs that outputs see through one (x, y) column of
// the kernel are found by a single walk along both lists, and the cells of the column lie next to
// each other (the one-shot search of Spira, as a merge). Cost: KV / kz walks of N + M steps, half
// of them for a mirrored map. Keys wider than 64 bits go to the hash builder.
#include <algorithm>
#include <atomic>

#include "kernel_map.hpp"
#include "sorted_rows.hpp"

namespace vmk {

namespace {

// Keys in ascending order. rows is null when they are in row order already.
struct SortedKeys {
  uint64_t* keys;
  int32_t* rows;
  int64_t n;
};

constexpr uint64_t kPastEnd = ~uint64_t{0};

// Range of everything that the outputs can read and of all inputs: keys in it never wrap.
Range reach_of(const Geometry& g, const Range& in, const Range& out) {
  Range reach = in;
  for (int i = 0; i < 4; ++i) {
    int64_t low = out.low[i], high = out.high[i];
    if (i > 0) {
      const int axis = i - 1;
      const int64_t first = g.low(axis), last = first + g.kernel[axis] - 1;
      low = low * g.stride[axis] + first * g.dilation[axis];
      high = high * g.stride[axis] + last * g.dilation[axis];
    }
    reach.low[i] = std::min(reach.low[i], low);
    reach.high[i] = std::max(reach.high[i], high);
  }
  ++reach.high[0];  // so that no key has all bits set: kPastEnd is above every key
  return reach;
}

bool ascending(CpuDevice& device, const uint64_t* keys, int64_t n) {
  std::atomic<bool> ok{true};
  device.pool.for_ranges(n, 1 << 14, [&](int64_t begin, int64_t end) {
    bool up = true;
    for (int64_t i = std::max<int64_t>(begin, 1); i < end; ++i) up &= keys[i - 1] < keys[i];
    if (!up) ok = false;
  });
  return ok;
}

// Input keys ascending and distinct (of equal ones the smallest row stays), kPastEnd behind them.
SortedKeys sort_inputs(CpuDevice& device, const KeyLayout& layout, const KernelMap& a,
                       int64_t padding) {
  SortedKeys in{device.scratch<uint64_t>(a.n + padding), nullptr, a.n};
  device.pool.for_ranges(a.n, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) in.keys[i] = layout.pack(a.in_coords + i * 4);
  });
  if (!ascending(device, in.keys, a.n)) {
    in.rows = device.scratch<int32_t>(a.n);
    sort_rows(device, layout, a.in_coords, a.n, in.rows, in.keys);
    in.n = 0;
    for (int64_t i = 0; i < a.n; ++i) {
      if (i > 0 && in.keys[i] == in.keys[in.n - 1]) continue;
      in.keys[in.n] = in.keys[i];
      in.rows[in.n++] = in.rows[i];
    }
  }
  std::fill(in.keys + in.n, in.keys + in.n + padding, kPastEnd);
  return in;
}

// Keys of output * stride, ascending. Output coordinates are sorted by themselves first: their
// keys in the input's units ascend in the same order.
SortedKeys sort_outputs(CpuDevice& device, const KeyLayout& layout, const KernelMap& a,
                        const Range& range) {
  SortedKeys out{device.scratch<uint64_t>(a.m), nullptr, a.m};
  const auto& s = a.geometry.stride;
  const auto key_of = [&](const int32_t* q) {
    return (static_cast<uint64_t>(q[0] - layout.low[0]) << layout.shift[0]) +
           layout.delta(int64_t{q[1]} * s[0] - layout.low[1], int64_t{q[2]} * s[1] - layout.low[2],
                        int64_t{q[3]} * s[2] - layout.low[3]);
  };
  device.pool.for_ranges(a.m, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m) out.keys[m] = key_of(a.out_coords + m * 4);
  });
  if (ascending(device, out.keys, a.m)) return out;
  out.rows = device.scratch<int32_t>(a.m);
  sort_rows(device, KeyLayout(range), a.out_coords, a.m, out.rows, nullptr);
  device.pool.for_ranges(a.m, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m)
      out.keys[m] = key_of(a.out_coords + int64_t{out.rows[m]} * 4);
  });
  return out;
}

// The cells of one column, lowest first: their rows of the map, and with a mirrored map the rows of
// their mirror images.
struct Column {
  uint64_t delta;  // from an output's key to the key of the column's lowest cell
  std::vector<int32_t*> rows, mirrors;
};

// All columns, or the part behind the centre of a mirrored map.
std::vector<Column> columns_of(const KernelMap& a, const KeyLayout& layout, bool mirrored) {
  const Geometry& g = a.geometry;
  const int64_t kv = g.volume();
  std::vector<Column> columns;
  for (int32_t ix = 0; ix < g.kernel[0]; ++ix)
    for (int32_t iy = 0; iy < g.kernel[1]; ++iy) {
      const int32_t x = ix + g.low(0), y = iy + g.low(1);
      if (mirrored && (x < 0 || (x == 0 && y < 0))) continue;
      const int32_t first = mirrored && x == 0 && y == 0 ? g.kernel[2] / 2 + 1 : 0;
      if (first == g.kernel[2]) continue;
      Column column{layout.delta(int64_t{x} * g.dilation[0], int64_t{y} * g.dilation[1],
                                 int64_t{first + g.low(2)} * g.dilation[2]),
                    {},
                    {}};
      for (int32_t iz = first; iz < g.kernel[2]; ++iz) {
        const int64_t k = g.index(ix, iy, iz);
        column.rows.push_back(a.map + k * a.m);
        column.mirrors.push_back(a.map + (kv - 1 - k) * a.m);
      }
      columns.push_back(std::move(column));
    }
  return columns;
}

// Walks one column for the outputs [begin, end). After the walk has reached the lowest cell, each
// further cell is either the next key or absent. kUnit: dilation 1 along z.
template <bool kUnit, bool kMirrored>
void walk(const SortedKeys& in, const SortedKeys& out, const Column& column, int64_t step,
          int64_t begin, int64_t end) {
  const uint64_t* keys = in.keys;
  const auto kz = static_cast<int64_t>(column.rows.size());
  int32_t nowhere;  // takes the mirror image of a miss: a store costs less than a branch
  int64_t j = std::lower_bound(keys, keys + in.n, out.keys[begin] + column.delta) - keys;
  for (int64_t i = begin; i < end; ++i) {
    uint64_t target = out.keys[i] + column.delta;
    while (keys[j] < target) ++j;
    const int64_t m = out.rows ? out.rows[i] : i;
    int64_t at = j;
    for (int64_t z = 0; z < kz; ++z, target += kUnit ? 1 : static_cast<uint64_t>(step)) {
      if (!kUnit)
        while (keys[at] < target) ++at;
      const bool hit = keys[at] == target;
      const int64_t row = in.rows ? in.rows[hit ? at : 0] : at;
      column.rows[z][m] = hit ? static_cast<int32_t>(row) : -1;
      if (kMirrored) {
        int32_t* mirror = hit ? column.mirrors[z] + row : &nowhere;
        *mirror = static_cast<int32_t>(m);
      }
      at += hit;
    }
  }
}

template <bool kMirrored>
void walk_columns(CpuDevice& device, const KernelMap& a, const SortedKeys& in,
                  const SortedKeys& out, const std::vector<Column>& columns) {
  const int64_t step = a.geometry.dilation[2];
  device.pool.for_ranges(a.m, kMapGrain, [&](int64_t begin, int64_t end) {
    for (const Column& column : columns)
      step == 1 ? walk<true, kMirrored>(in, out, column, step, begin, end)
                : walk<false, kMirrored>(in, out, column, step, begin, end);
  });
}

}  // namespace

void kernel_map_sorted(Device& any, const KernelMap& a) {
  CpuDevice& device = cpu_device(any);
  Range in_range_, out_range;
  check_coords(device, a, &in_range_, &out_range);
  if (a.n == 0 || a.m == 0) {
    std::fill(a.map, a.map + a.geometry.volume() * a.m, -1);
    return;
  }
  const KeyLayout layout(reach_of(a.geometry, in_range_, out_range));
  if (layout.bits > 64) return build_by_hash(device, a);
  const SortedKeys in = sort_inputs(device, layout, a, a.geometry.kernel[2] + 1);
  if (is_mirrored(a, in.n)) {
    const auto columns = columns_of(a, layout, true);
    std::vector<int32_t*> mirrors;
    for (const Column& column : columns)
      mirrors.insert(mirrors.end(), column.mirrors.begin(), column.mirrors.end());
    fill_mirrored(device, a, mirrors);
    return walk_columns<true>(device, a, in, in, columns);
  }
  const SortedKeys out = sort_outputs(device, layout, a, out_range);
  walk_columns<false>(device, a, in, out, columns_of(a, layout, false));
}

}  // namespace vmk
