// downsample.sort - writes the keys of all outputs that each input reaches, sorts them and keeps
// the distinct ones.
// Cost: an input has room for ceil(k * gcd(s, d) / s) outputs an axis (8 of 27 for kernel 3,
// stride 2); 8 sort passes over 8 bytes for each.
#include <numeric>

#include "layer.cuh"
#include "primitives.hpp"
#include "tiles.cuh"

namespace vmk {

namespace {

struct Bounds {
  bool bounded;
  int32_t low[3], high[3];

  __device__ bool allow(int64_t v, int axis) const {
    return axis_fits(v) && (!bounded || (v >= low[axis] && v <= high[axis]));
  }
};

__device__ inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// The outputs of one input along one axis.
struct AxisOutputs {
  const Layer& layer;
  const Bounds& bounds;
  int axis;
  int64_t p;

  // The output that reads p through step i, if there is one that may exist.
  __device__ bool at(int i, int64_t* q) const {
    const int64_t from = p - static_cast<int64_t>(i + layer.low(axis)) * layer.dilation[axis];
    *q = floor_div(from, layer.stride[axis]);
    return *q * layer.stride[axis] == from && bounds.allow(*q, axis);
  }
};

__global__ void __launch_bounds__(kBlock)
    write_reached(const int32_t* __restrict__ coords, int64_t n, Layer layer, Bounds bounds,
                  int64_t room, uint64_t* __restrict__ keys, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const Coord p = coord_at(coords, i);
  int64_t used = 0, q[3];
  if (checked_key(coords, i, log, kBadDownsampleRow) != kNoKey) {
    const AxisOutputs x{layer, bounds, 0, p.x}, y{layer, bounds, 1, p.y}, z{layer, bounds, 2, p.z};
    for (int ix = 0; ix < layer.kernel[0]; ++ix) {
      if (!x.at(ix, &q[0])) continue;
      for (int iy = 0; iy < layer.kernel[1]; ++iy) {
        if (!y.at(iy, &q[1])) continue;
        for (int iz = 0; iz < layer.kernel[2]; ++iz)
          if (z.at(iz, &q[2])) keys[used++ * n + i] = key_of(p.b, q[0], q[1], q[2]);
      }
    }
  }
  // One column an input, so that neighbouring threads write neighbouring words.
  for (; used < room; ++used) keys[used * n + i] = kNoKey;
}

__global__ void __launch_bounds__(kBlock)
    write_floors(const int32_t* __restrict__ coords, int64_t n, Layer layer, Bounds bounds,
                 uint64_t* __restrict__ keys, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const Coord p = coord_at(coords, i);
  const int64_t x = floor_div(p.x, layer.stride[0]), y = floor_div(p.y, layer.stride[1]),
                z = floor_div(p.z, layer.stride[2]);
  const bool keep = checked_key(coords, i, log, kBadDownsampleRow) != kNoKey &&
                    bounds.allow(x, 0) && bounds.allow(y, 1) && bounds.allow(z, 2);
  keys[i] = keep ? key_of(p.b, x, y, z) : kNoKey;
}

// Sorted keys end in kNoKey, which is no output.
__device__ inline bool starts_output(const uint64_t* keys, int64_t i) {
  return keys[i] != kNoKey && (i == 0 || keys[i] != keys[i - 1]);
}

__global__ void __launch_bounds__(kBlock)
    count_outputs(const uint64_t* __restrict__ keys, int64_t n, int64_t* __restrict__ counts) {
  count_tile(blockIdx.x, n, &counts[blockIdx.x],
             [&](int64_t i) { return starts_output(keys, i); });
}

__global__ void __launch_bounds__(kBlock)
    write_outputs(const uint64_t* __restrict__ keys, int64_t n, const int64_t* __restrict__ bases,
                  Downsample a, DataErrors* log) {
  rank_tile(
      blockIdx.x, n, bases[blockIdx.x], [&](int64_t i) { return starts_output(keys, i); },
      [&](int64_t i, bool first, int64_t rank) {
        if (first && rank < a.capacity) set_coord(a.out_coords, rank, coord_of(keys[i]));
        if (i < n - 1) return;
        const int64_t m = rank + first;
        *a.count = m;
        if (m > a.capacity) note(log, kFewOutCoords, 0, a.capacity, m);
      });
}

// Most outputs that an input can reach. Steps that divide evenly lie stride / gcd apart.
int64_t most_outputs(const Downsample& a) {
  if (a.mode == VMK_OUT_FLOOR) return 1;
  int64_t most = 1;
  for (int axis = 0; axis < 3; ++axis) {
    const int32_t stride = a.geometry.stride[axis];
    const int32_t apart = stride / std::gcd(stride, a.geometry.dilation[axis]);
    most *= ceil_div(a.geometry.kernel[axis], apart);
  }
  return most;
}

}  // namespace

void downsample_sort(Device& any, const Downsample& a) {
  CudaDevice& device = cuda_device(any);
  if (a.n == 0) return device.fill(a.count, 0, sizeof(int64_t));
  const Layer layer(a.geometry);
  const auto& b = a.bounds;
  const Bounds bounds{a.bounded, {b[0], b[1], b[2]}, {b[3], b[4], b[5]}};
  const int64_t room = most_outputs(a), all = a.n * room, tiles = ceil_div(all, kTile);
  auto* unsorted = device.scratch<uint64_t>(all);
  auto* keys = device.scratch<uint64_t>(all);
  auto* bases = device.scratch<int64_t>(tiles);
  if (a.mode == VMK_OUT_FLOOR) {
    VMK_LAUNCH(device, write_floors, blocks(a.n), kBlock, a.coords, a.n, layer, bounds, unsorted,
               device.data_errors());
  } else {
    VMK_LAUNCH(device, write_reached, blocks(a.n), kBlock, a.coords, a.n, layer, bounds, room,
               unsorted, device.data_errors());
  }
  sort_keys(device, unsorted, keys, all, kKeyBits + 1);  // one more: kNoKey has it set
  VMK_LAUNCH(device, count_outputs, blocks(all, kTile), kBlock, keys, all, bases);
  exclusive_sum(device, bases, bases, tiles);
  VMK_LAUNCH(device, write_outputs, blocks(all, kTile), kBlock, keys, all, bases, a,
             device.data_errors());
}

}  // namespace vmk
