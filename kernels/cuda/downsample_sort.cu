// downsample.sort - writes the keys of all outputs that each input reaches, sorts them and keeps
// the distinct ones.
// Cost: an input has room for ceil(k * gcd(s, d) / s) outputs an axis (8 of 27 for kernel 3,
// stride 2); 8 sort passes over 8 bytes for each.
#include "outputs.cuh"
#include "primitives.hpp"
#include "tiles.cuh"

namespace vmk {

namespace {

__global__ void __launch_bounds__(kBlock)
    write_reached(const int32_t* __restrict__ coords, int64_t n, Layer layer, Bounds bounds,
                  int64_t room, uint64_t* __restrict__ keys, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= n) return;
  int64_t used = 0;
  if (checked_key(coords, i, log, kBadDownsampleRow) != kNoKey)
    for_outputs(layer, bounds, coord_at(coords, i),
                [&](uint64_t key) { keys[used++ * n + i] = key; });
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

}  // namespace

void downsample_sort(Device& any, const Downsample& a) {
  CudaDevice& device = cuda_device(any);
  if (a.n == 0) return device.fill(a.count, 0, sizeof(int64_t));
  const Layer layer(a.geometry);
  const Bounds bounds(a);
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
