// kernel_map.search - a search in sorted keys instead of a hash table (Minuet, Spira): the inputs
// of one column of offsets along z lie side by side, so a thread searches for the first and steps
// to the others. A block of neighbouring outputs looks into a short range of the keys, which it
// finds with two searches and keeps in shared memory.
// Cost: nothing to build when the inputs are in the row order of voxmark.h; KV / KZ searches of
// about 8 steps in shared memory an output, 4 KV M bytes written. Inputs in another order are sorted
// out by a hash table: the device decides, the host does not wait.
#include "hash_table.cuh"
#include "layer.cuh"
#include "sorted_keys.cuh"

namespace vmk {

namespace {

constexpr int kShared = 2048;  // keys of a block in shared memory: 16 kB

// keys[i] of every input; *unsorted is set when they do not ascend.
__global__ void __launch_bounds__(kBlock)
    pack_keys(const int32_t* __restrict__ coords, int64_t n, uint64_t* __restrict__ keys,
              unsigned* __restrict__ unsorted, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const uint64_t key = checked_key(coords, i, log, kBadInputRow);
  keys[i] = key;
  if (key == kNoKey || (i > 0 && key_of(coord_at(coords, i - 1)) >= key)) atomicOr(unsorted, 1u);
}

// Both do nothing for sorted inputs.
__global__ void __launch_bounds__(kBlock)
    clear_table(HashTable table, const unsigned* __restrict__ unsorted) {
  const int64_t i = thread_index();
  if (*unsorted == 0 || i > static_cast<int64_t>(table.mask)) return;
  table.keys[i] = kNoKey;
  table.rows[i] = ~0u;
}
__global__ void __launch_bounds__(kBlock)
    insert_keys(const uint64_t* __restrict__ keys, int64_t n, HashTable table,
                const unsigned* __restrict__ unsorted) {
  const int64_t i = thread_index();
  if (*unsorted == 0 || i >= n || keys[i] == kNoKey) return;
  insert_key(table, keys[i], static_cast<uint32_t>(i));
}

struct Inputs {
  const uint64_t* keys;
  int64_t n;
  HashTable table;
  const unsigned* unsorted;
};

// The part of the keys that the outputs of a block can find, in shared memory when it fits.
struct Window {
  uint64_t keys[kShared];
  unsigned long long low, high;  // the smallest and the largest key that is looked for
  int64_t first, count;
};

// Every thread of the block must call it; kNoKey is looked for by none.
__device__ inline void open_window(const Inputs& inputs, Window& window, uint64_t low,
                                   uint64_t high) {
  if (threadIdx.x == 0) {
    window.low = kNoKey;
    window.high = 0;
  }
  __syncthreads();
  if (low != kNoKey) {
    atomicMin(&window.low, static_cast<unsigned long long>(low));
    atomicMax(&window.high, static_cast<unsigned long long>(high));
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    window.first = lower_bound(inputs.keys, inputs.n, window.low);
    window.count =
        lower_bound(inputs.keys + window.first, inputs.n - window.first, window.high + 1);
  }
  __syncthreads();
  if (window.count > kShared) return;
  for (int64_t i = threadIdx.x; i < window.count; i += blockDim.x)
    window.keys[i] = inputs.keys[window.first + i];
  __syncthreads();
}

// Keys of the lowest and of the highest input of the column that are in range; kNoKey for none.
struct Column {
  uint64_t low = kNoKey, high = kNoKey;
};
__device__ inline Column column_of(const Layer& layer, const Coord& q, int ix, int iy) {
  Column column;
  for (int iz = 0; iz < layer.kernel[2]; ++iz) {
    const uint64_t key = layer.input_key(q, ix, iy, iz);
    if (key == kNoKey) continue;
    if (column.low == kNoKey) column.low = key;
    column.high = key;
  }
  return column;
}

// One block row a column of offsets along z.
__global__ void __launch_bounds__(kBlock)
    search_columns(const int32_t* __restrict__ out_coords, int64_t m, Layer layer, Inputs inputs,
                   int32_t* __restrict__ map) {
  __shared__ Window window;
  if (*inputs.unsorted != 0) return;
  const int64_t i = thread_index();
  const int ix = static_cast<int>(blockIdx.y) / layer.kernel[1];
  const int iy = static_cast<int>(blockIdx.y) % layer.kernel[1];
  const Coord q = i < m ? coord_at(out_coords, i) : Coord{-1, 0, 0, 0};
  const Column column = column_of(layer, q, ix, iy);
  open_window(inputs, window, column.low, column.high);
  if (i >= m) return;
  const bool near = window.count <= kShared;
  const uint64_t* keys = near ? window.keys : inputs.keys + window.first;
  int64_t at = column.low == kNoKey ? 0 : lower_bound(keys, window.count, column.low);
  for (int iz = 0; iz < layer.kernel[2]; ++iz) {
    const uint64_t key = layer.input_key(q, ix, iy, iz);
    if (key != kNoKey)
      while (at < window.count && keys[at] < key) ++at;
    const bool found = key != kNoKey && at < window.count && keys[at] == key;
    map[layer.index_at(ix, iy, iz) * m + i] = found ? static_cast<int32_t>(window.first + at) : -1;
  }
}

// One block row an offset.
__global__ void __launch_bounds__(kBlock)
    probe_inputs(const int32_t* __restrict__ out_coords, int64_t m, Layer layer, Inputs inputs,
                 int32_t* __restrict__ map) {
  const int64_t i = thread_index();
  if (*inputs.unsorted == 0 || i >= m) return;
  const int k = static_cast<int>(blockIdx.y);
  map[k * m + i] = find_key(inputs.table, layer.input_key(coord_at(out_coords, i), k));
}

Inputs pack_inputs(CudaDevice& device, const KernelMap& a) {
  auto* keys = device.scratch<uint64_t>(a.n);
  auto* unsorted = device.scratch<unsigned>(1);
  const HashTable table = new_table(device, a.n);
  device.fill(unsorted, 0, sizeof(unsigned));
  VMK_LAUNCH(device, pack_keys, blocks(a.n), kBlock, a.in_coords, a.n, keys, unsorted,
             device.data_errors());
  VMK_LAUNCH(device, clear_table, blocks(static_cast<int64_t>(table.mask) + 1), kBlock, table,
             unsorted);
  VMK_LAUNCH(device, insert_keys, blocks(a.n), kBlock, keys, a.n, table, unsorted);
  return {keys, a.n, table, unsorted};
}

}  // namespace

void kernel_map_search(Device& any, const KernelMap& a) {
  CudaDevice& device = cuda_device(any);
  const Layer layer(a.geometry);
  const Inputs inputs = pack_inputs(device, a);
  if (a.in_coords != a.out_coords) check_outputs(device, a);
  VMK_LAUNCH(device, search_columns, blocks(a.m, kBlock, layer.kernel[0] * layer.kernel[1]),
             kBlock, a.out_coords, a.m, layer, inputs, a.map);
  VMK_LAUNCH(device, probe_inputs, blocks(a.m, kBlock, a.geometry.volume()), kBlock, a.out_coords,
             a.m, layer, inputs, a.map);
}

}  // namespace vmk
