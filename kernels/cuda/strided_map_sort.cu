// strided_map.sort - the sort of downsample.sort carries along which input every key came from, so
// the ranks of the keys are the map: nothing is looked up. Outputs that only floor(p / stride)
// makes may be read by inputs that do not make them; their map is looked up in a hash table. Inputs
// that are known to be in order need no sort where kernel = stride: see strided_map_search.cu.
// Cost: ceil(k * gcd(s, d) / s) keys an axis and input (one for kernel = stride), 8 sort passes
// over 12 bytes for each, then 4 KV M bytes written. The number of outputs stays on the device.
#include "hash_table.cuh"
#include "outputs.cuh"
#include "primitives.hpp"
#include "strided_map.hpp"
#include "tiles.cuh"

namespace vmk {

namespace {

// items[slot] = slot: which input and which of its outputs a sorted key is.
__global__ void __launch_bounds__(kBlock)
    write_items(Downsample a, Layer layer, Bounds bounds, int64_t room,
                uint64_t* __restrict__ keys, int32_t* __restrict__ items, DataErrors* log) {
  const int64_t i = thread_index(), n = a.n;
  if (i >= n) return;
  int64_t used = 0;
  if (i < rows_there(n, a.rows) &&
      checked_key(a.coords, i, log, kBadDownsampleRow) != kNoKey)
    for_outputs(layer, bounds, coord_at(a.coords, i),
                [&](uint64_t key) { keys[used++ * n + i] = key; });
  for (; used < room; ++used) keys[used * n + i] = kNoKey;
  for (int64_t slot = i; slot < room * n; slot += n) items[slot] = static_cast<int32_t>(slot);
}

__global__ void __launch_bounds__(kBlock)
    count_outputs(const uint64_t* __restrict__ keys, int64_t n, int64_t* __restrict__ counts) {
  count_tile(blockIdx.x, n, &counts[blockIdx.x],
             [&](int64_t i) { return starts_output(keys, i); });
}

// Writes the outputs, their number and the output row of every item.
__global__ void __launch_bounds__(kBlock)
    rank_items(const uint64_t* __restrict__ keys, int64_t all, const int64_t* __restrict__ bases,
               Downsample a, int32_t* __restrict__ rows, DataErrors* log) {
  rank_tile(
      blockIdx.x, all, bases[blockIdx.x], [&](int64_t i) { return starts_output(keys, i); },
      [&](int64_t i, bool first, int64_t rank) {
        const int64_t m = first ? rank : rank - 1;
        rows[i] = static_cast<int32_t>(m);
        if (first && m < a.capacity) set_coord(a.out_coords, m, coord_of(keys[i]));
        if (i < all - 1) return;
        *a.count = m + 1;
        if (m >= a.capacity) note(log, kFewOutCoords, 0, a.capacity, m + 1);
      });
}

// The columns of the map: as many as there are outputs, which only the device knows, or may be.
__device__ inline int64_t columns_of(const StridedMap& a) {
  return a.padded ? a.layer.capacity : *a.layer.count;
}

__global__ void __launch_bounds__(kBlock) clear_map(StridedMap a, int64_t kv) {
  const int64_t at = thread_index();
  if (*a.layer.count <= a.layer.capacity && at < kv * columns_of(a)) a.map[at] = -1;
}

// Of equal inputs the smallest row stays: -1 is the largest unsigned number.
__global__ void __launch_bounds__(kBlock)
    write_map(const uint64_t* __restrict__ keys, const int32_t* __restrict__ items,
              const int32_t* __restrict__ rows, int64_t all, StridedMap args, Layer layer) {
  const Downsample& a = args.layer;
  const int64_t at = thread_index();
  if (at >= all || keys[at] == kNoKey || *a.count > a.capacity) return;
  const int64_t i = items[at] % a.n;
  const int k = layer.index(coord_at(a.coords, i), coord_of(keys[at]));
  atomicMin(reinterpret_cast<unsigned*>(&args.map[k * columns_of(args) + rows[at]]),
            static_cast<unsigned>(i));
}

// One block row an offset.
__global__ void __launch_bounds__(kBlock)
    find_map(const int32_t* __restrict__ out_coords, int64_t capacity,
             const int64_t* __restrict__ count, Layer layer, HashTable table,
             int32_t* __restrict__ map) {
  const int64_t m = thread_index();
  if (*count > capacity || m >= *count) return;
  const int k = static_cast<int>(blockIdx.y);
  map[k * *count + m] = find_key(table, layer.input_key(coord_at(out_coords, m), k));
}

// Outputs that are not those that some input reaches.
void map_floors(CudaDevice& device, const StridedMap& a) {
  downsample_sort(device, a.layer);
  const HashTable table = build_table(device, a.layer.coords, a.layer.n, kBadDownsampleRow);
  VMK_LAUNCH(device, find_map, blocks(a.layer.capacity, kBlock, a.layer.geometry.volume()), kBlock,
             a.layer.out_coords, a.layer.capacity, a.layer.count, Layer(a.layer.geometry), table,
             a.map);
}

// rank_items writes the count with the last key: without one there is none.
void map_nothing(CudaDevice& device, const StridedMap& a) {
  device.fill(a.layer.count, 0, sizeof(int64_t));
  if (a.padded) clear(device, a);
}

}  // namespace

void clear(CudaDevice& device, const StridedMap& a) {
  const int64_t entries = a.layer.geometry.volume() * a.layer.capacity;
  device.fill(a.map, 0xff, entries * static_cast<int64_t>(sizeof(int32_t)));
}

void strided_map_sort(Device& any, const StridedMap& args) {
  CudaDevice& device = cuda_device(any);
  const Downsample& a = args.layer;
  if (a.n == 0) return map_nothing(device, args);
  if (can_map_ordered(args)) return map_ordered(device, args);
  if (a.mode == VMK_OUT_FLOOR) return map_floors(device, args);
  const Layer layer(a.geometry);
  const Bounds bounds(a);
  const int64_t room = most_outputs(a), all = a.n * room, tiles = ceil_div(all, kTile);
  if (all > INT32_MAX)
    fail(VMK_UNSUPPORTED, "Cannot map outputs: %lld inputs with up to %lld outputs each are more "
         "than can be numbered", static_cast<long long>(a.n), static_cast<long long>(room));
  auto* unsorted = device.scratch<uint64_t>(all);
  auto* keys = device.scratch<uint64_t>(all);
  auto* unsorted_items = device.scratch<int32_t>(all);
  auto* items = device.scratch<int32_t>(all);
  auto* bases = device.scratch<int64_t>(tiles);
  VMK_LAUNCH(device, write_items, blocks(a.n), kBlock, a, layer, bounds, room, unsorted,
             unsorted_items, device.data_errors());
  sort_pairs(device, unsorted, keys, unsorted_items, items, all, kKeyBits + 1);
  VMK_LAUNCH(device, count_outputs, blocks(all, kTile), kBlock, keys, all, bases);
  exclusive_sum(device, bases, bases, tiles);
  int32_t* rows = unsorted_items;  // sorted by now
  VMK_LAUNCH(device, rank_items, blocks(all, kTile), kBlock, keys, all, bases, a, rows,
             device.data_errors());
  const int64_t kv = a.geometry.volume();
  VMK_LAUNCH(device, clear_map, blocks(kv * a.capacity), kBlock, args, kv);
  VMK_LAUNCH(device, write_map, blocks(all), kBlock, keys, items, rows, all, args, layer);
}

}  // namespace vmk
