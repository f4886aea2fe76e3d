// kernel_map.grid - a table with a row number for every cell of the box that the inputs lie in:
// a look-up is one read and no key is compared. Only for boxes of at most kCellsARow cells an
// input; wider ones go to a hash table. The device decides, the host does not wait.
// Cost: 4 bytes a cell cleared, 4 KV M bytes written, KV M reads, neighbours next to each other.
#include <algorithm>

#include "hash_table.cuh"
#include "layer.cuh"

namespace vmk {

namespace {

constexpr int64_t kCellsARow = 64;  // a dense scan's deep levels have 5 to 50 cells a voxel
constexpr int kAxes = 4;            // batch, x, y, z

// What the device finds out about the inputs.
struct Box {
  int low[kAxes], high[kAxes];
  unsigned bad;  // a row is out of range: the hash table then gives what it can
};

struct Grid {
  Box* box;
  unsigned* rows;  // all ones = none
  int64_t capacity;
};

__device__ inline int64_t extent(const Box& box, int axis) {
  return static_cast<int64_t>(box.high[axis]) - box.low[axis] + 1;
}

// Cells of the box, or 0 when there are more than the table has.
__device__ inline int64_t cells_of(const Grid& grid) {
  if (grid.box->bad != 0) return 0;
  int64_t cells = 1;
  for (int axis = 0; axis < kAxes; ++axis) {
    const int64_t size = extent(*grid.box, axis);
    if (size < 1 || size > grid.capacity / cells) return 0;
    cells *= size;
  }
  return cells;
}

// The cell of a coordinate, or -1 outside of the box.
__device__ inline int64_t cell_of(const Box& box, const int64_t (&at)[kAxes]) {
  int64_t cell = 0;
  for (int axis = 0; axis < kAxes; ++axis) {
    if (at[axis] < box.low[axis] || at[axis] > box.high[axis]) return -1;
    cell = cell * extent(box, axis) + at[axis] - box.low[axis];
  }
  return cell;
}

__global__ void clear_box(Box* box) {
  const int axis = static_cast<int>(threadIdx.x);
  if (axis == 0) box->bad = 0;
  box->low[axis] = INT32_MAX;
  box->high[axis] = INT32_MIN;
}

// One atomic an axis and warp, not one an input.
__global__ void __launch_bounds__(kBlock)
    find_box(const int32_t* __restrict__ coords, int64_t n, Box* box, DataErrors* log) {
  const int64_t i = thread_index();
  const bool there = i < n;
  const Coord c = there ? coord_at(coords, i) : Coord{0, 0, 0, 0};
  if (there && checked_key(coords, i, log, kBadInputRow) == kNoKey) atomicOr(&box->bad, 1u);
  const int at[kAxes] = {c.b, c.x, c.y, c.z};
#pragma unroll
  for (int axis = 0; axis < kAxes; ++axis) {
    int low = there ? at[axis] : INT32_MAX, high = there ? at[axis] : INT32_MIN;
#pragma unroll
    for (int step = kWarpSize / 2; step > 0; step /= 2) {
      low = min(low, __shfl_xor_sync(kFullWarp, low, step));
      high = max(high, __shfl_xor_sync(kFullWarp, high, step));
    }
    if (threadIdx.x % kWarpSize == 0 && low <= high) {
      atomicMin(&box->low[axis], low);
      atomicMax(&box->high[axis], high);
    }
  }
}

__global__ void __launch_bounds__(kBlock) clear_tables(Grid grid, HashTable table) {
  const int64_t cells = cells_of(grid), step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = thread_index(); i < cells; i += step) grid.rows[i] = ~0u;
  if (cells > 0) return;
  for (int64_t i = thread_index(); i <= static_cast<int64_t>(table.mask); i += step) {
    table.keys[i] = kNoKey;
    table.rows[i] = ~0u;
  }
}

__global__ void __launch_bounds__(kBlock)
    insert_inputs(const int32_t* __restrict__ coords, int64_t n, Grid grid, HashTable table) {
  const int64_t i = thread_index();
  if (i >= n) return;
  const Coord c = coord_at(coords, i);
  if (cells_of(grid) > 0) {
    const int64_t at[kAxes] = {c.b, c.x, c.y, c.z};
    atomicMin(&grid.rows[cell_of(*grid.box, at)], static_cast<unsigned>(i));
    return;
  }
  const uint64_t key = key_of(c);
  if (key != kNoKey) insert_key(table, key, static_cast<uint32_t>(i));
}

// One block row an offset.
__global__ void __launch_bounds__(kBlock)
    read_inputs(const int32_t* __restrict__ out_coords, int64_t m, Layer layer, Grid grid,
                HashTable table, int32_t* __restrict__ map) {
  const int64_t i = thread_index();
  if (i >= m) return;
  const int k = static_cast<int>(blockIdx.y);
  const Coord q = coord_at(out_coords, i);
  if (cells_of(grid) == 0) {
    map[k * m + i] = find_key(table, layer.input_key(q, k));
    return;
  }
  const int64_t at[kAxes] = {q.b, layer.input(q.x, k, 0), layer.input(q.y, k, 1),
                             layer.input(q.z, k, 2)};
  const int64_t cell = cell_of(*grid.box, at);
  map[k * m + i] = cell < 0 ? -1 : static_cast<int32_t>(grid.rows[cell]);
}

}  // namespace

void kernel_map_grid(Device& any, const KernelMap& a) {
  CudaDevice& device = cuda_device(any);
  const int64_t capacity = std::max<int64_t>(a.n * kCellsARow, 4096);
  const Grid grid{device.scratch<Box>(1), device.scratch<unsigned>(capacity), capacity};
  const HashTable table = new_table(device, a.n);
  VMK_LAUNCH(device, clear_box, 1, kAxes, grid.box);
  VMK_LAUNCH(device, find_box, blocks(a.n), kBlock, a.in_coords, a.n, grid.box,
             device.data_errors());
  const int64_t wanted = std::max<int64_t>(capacity, static_cast<int64_t>(table.mask) + 1);
  const int64_t resident = int64_t{device.multiprocessors()} * 8 * kBlock;
  VMK_LAUNCH(device, clear_tables, blocks(std::min(wanted, resident)), kBlock, grid, table);
  VMK_LAUNCH(device, insert_inputs, blocks(a.n), kBlock, a.in_coords, a.n, grid, table);
  if (a.in_coords != a.out_coords) check_outputs(device, a);
  VMK_LAUNCH(device, read_inputs, blocks(a.m, kBlock, a.geometry.volume()), kBlock, a.out_coords,
             a.m, Layer(a.geometry), grid, table, a.map);
}

}  // namespace vmk
