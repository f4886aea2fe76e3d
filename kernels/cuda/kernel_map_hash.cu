// kernel_map.hash - a table of the inputs in scratch, one look-up an output and offset; a
// submanifold layer (inputs and outputs are one tensor, the kernel is its own mirror image) looks
// up half of the offsets and writes each hit twice.
// Cost: 4 KV M bytes written and KV M look-ups of about 48 random bytes (half of that for a
// submanifold layer). For large kernels a search in sorted keys reads less.
#include "hash_table.cuh"
#include "layer.cuh"

namespace vmk {

namespace {

__global__ void __launch_bounds__(kBlock)
    check_coords(const int32_t* __restrict__ coords, int64_t m, DataErrors* log) {
  const int64_t i = thread_index();
  if (i < m) checked_key(coords, i, log, kBadOutputRow);
}

// One block row (blockIdx.y) an offset.
__global__ void __launch_bounds__(kBlock)
    find_inputs(const int32_t* __restrict__ out_coords, int64_t m, Layer layer, HashTable table,
                int32_t* __restrict__ map) {
  const int64_t i = thread_index();
  if (i >= m) return;
  const int k = static_cast<int>(blockIdx.y);
  map[k * m + i] = find_key(table, layer.input_key(coord_at(out_coords, i), k));
}

// How far apart the rows of a submanifold map are where there are n inputs.
__device__ inline int64_t columns_of(const KernelMap& a, int64_t n) { return a.padded ? a.n : n; }

// The row that stands for the coordinate of each row: itself, or the first of its duplicates. It is
// what the map has at the center.
__global__ void __launch_bounds__(kBlock)
    find_centers(KernelMap a, int64_t center, HashTable table, DataErrors* log) {
  const int64_t i = thread_index(), n = rows_there(a.n, a.rows);
  if (i == 0 && a.rows && (*a.rows < 0 || *a.rows > a.n)) note(log, kBadRowCount, 0, a.n, *a.rows);
  if (i < n)
    a.map[center * columns_of(a, n) + i] = find_key(table, key_of(coord_at(a.in_coords, i)));
}

// One block row an offset below the center. The map of the offsets above it must be -1. Only the
// first of equal rows is found by others, so only it may write for them: each word has one writer.
__global__ void __launch_bounds__(kBlock)
    find_mirrored(KernelMap a, int kv, Layer layer, HashTable table) {
  const int64_t i = thread_index(), n = rows_there(a.n, a.rows);
  if (i >= n) return;
  const int k = static_cast<int>(blockIdx.y), mirror = kv - 1 - k;
  const int64_t columns = columns_of(a, n);
  const Coord q = coord_at(a.in_coords, i);
  const int row = find_key(table, layer.input_key(q, k));
  a.map[k * columns + i] = row;
  if (a.map[kv / 2 * columns + i] != i) {
    a.map[mirror * columns + i] = find_key(table, layer.input_key(q, mirror));
  } else if (row >= 0) {
    a.map[mirror * columns + row] = static_cast<int32_t>(i);
  }
}

void build_submanifold(CudaDevice& device, const KernelMap& a, const HashTable& table) {
  const int64_t kv = a.geometry.volume(), half = kv / 2;
  // Where the offsets above the center begin depends on the rows there are: then all are cleared.
  const int64_t kept = a.rows ? 0 : (half + 1) * a.n;
  device.fill(a.map + kept, 0xff, (kv * a.n - kept) * static_cast<int64_t>(sizeof(int32_t)));
  VMK_LAUNCH(device, find_centers, blocks(a.n), kBlock, a, half, table, device.data_errors());
  VMK_LAUNCH(device, find_mirrored, blocks(a.n, kBlock, half), kBlock, a, static_cast<int>(kv),
             Layer(a.geometry), table);
}

}  // namespace

void check_outputs(CudaDevice& device, const KernelMap& a) {
  VMK_LAUNCH(device, check_coords, blocks(a.m), kBlock, a.out_coords, a.m, device.data_errors());
}

void kernel_map_hash(Device& any, const KernelMap& a) {
  CudaDevice& device = cuda_device(any);
  const HashTable table = build_table(device, a.in_coords, a.n, kBadInputRow, a.rows);
  if (a.in_coords == a.out_coords && a.n == a.m && a.geometry.submanifold())
    return build_submanifold(device, a, table);
  if (a.in_coords != a.out_coords) check_outputs(device, a);
  VMK_LAUNCH(device, find_inputs, blocks(a.m, kBlock, a.geometry.volume()), kBlock, a.out_coords,
             a.m, Layer(a.geometry), table, a.map);
}

}  // namespace vmk
