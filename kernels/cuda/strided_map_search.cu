// Outputs and map of a layer whose kernel is its stride, over inputs in the row order of voxmark.h:
// no sort and no table. An input belongs to one output. Inputs at one (x, y) place of the kernel, a
// class, are in the order of their outputs, so the rank of an output is a sum over the classes: how
// many outputs before it the class is the first to have. Each term is one search in the keys.
// Cost: kx * ky searches an input to find who is first, and again an output; 4 kx ky + 9 bytes
// written an input, 4 KV M for the map. Six launches, where a sort of 64-bit keys has more passes.
#include "outputs.cuh"
#include "primitives.hpp"
#include "sorted_keys.cuh"
#include "strided_map.hpp"
#include "tiles.cuh"

namespace vmk {

namespace {

constexpr int kMostClasses = 4;  // kernel 2 along x and y; loops over them are unrolled
constexpr int kNotFirst = 255;

struct Search {
  StridedMap args;
  Layer layer;
  int classes;
  int64_t tiles;
  uint64_t* keys;      // [n]
  uint8_t* first_of;   // [n]: the class of an input that is the first of its output, or kNotFirst
  int64_t* sums;       // [classes * tiles + 1]: such inputs before each tile, class after class
  int32_t* before;     // [classes, n]: such inputs of the class before each input

  __device__ int64_t inputs() const { return rows_there(args.layer.n, args.layer.rows); }
  __device__ int64_t outputs() const { return sums[classes * tiles]; }
  // Where inputs of a class begin that no output before q has.
  __device__ int64_t first_input(const Coord& q, int place, int64_t n) const {
    const Coord p = corner(q, place);
    return lower_bound(keys, n, first_key(p.b, p.x, p.y, p.z));
  }
  // The input of output q at a place of a class and the lowest z.
  __device__ Coord corner(const Coord& q, int place) const {
    return {q.b, q.x * layer.stride[0] + layer.low(0) + place / layer.kernel[1],
            q.y * layer.stride[1] + layer.low(1) + place % layer.kernel[1],
            q.z * layer.stride[2] + layer.low(2)};
  }
  __device__ Coord output_of(const Coord& p) const {
    return {p.b, output_at(p.x, 0), output_at(p.y, 1), output_at(p.z, 2)};
  }
  __device__ int class_of(const Coord& p, const Coord& q) const {
    const Coord low = corner(q, 0);
    return (p.x - low.x) * layer.kernel[1] + p.y - low.y;
  }
  // Outputs before the input at `at`, or behind all of n, that a class is the first to have.
  __device__ int64_t outputs_before(int place, int64_t at, int64_t n) const {
    if (at < n) return before[place * args.layer.n + at];
    return sums[(place + 1) * tiles] - sums[place * tiles];
  }

 private:
  __device__ int output_at(int p, int axis) const {
    return static_cast<int>(floor_div(int64_t{p} - layer.low(axis), layer.stride[axis]));
  }
};

__device__ inline bool equal(const Coord& a, const Coord& b) {
  return a.b == b.b && a.x == b.x && a.y == b.y && a.z == b.z;
}

__global__ void __launch_bounds__(kBlock) pack_inputs(Search s) {
  const int64_t i = thread_index();
  if (i < s.inputs()) s.keys[i] = key_of(coord_at(s.args.layer.coords, i));
}

// The class of input i when nothing before it has its output: no class before its own, and no input
// of its own, which would stand right before it.
__device__ int first_class(const Search& s, int64_t i, int64_t n) {
  const Coord p = coord_of(s.keys[i]), q = s.output_of(p);
  const int own = s.class_of(p, q);
  const auto has = [&](int64_t at, int place) {
    if (at < 0 || at >= n) return false;
    const Coord other = coord_of(s.keys[at]), its = s.output_of(other);
    return equal(its, q) && s.class_of(other, its) == place;
  };
  if (has(i - 1, own)) return kNotFirst;
  for (int place = 0; place < own; ++place)
    if (has(s.first_input(q, place, n), place)) return kNotFirst;
  return own;
}

__global__ void __launch_bounds__(kBlock) find_first(Search s) {
  const int64_t tile = blockIdx.x, n = s.inputs();
  int64_t counts[kMostClasses] = {};
  for (int64_t first = tile * kTile; first < (tile + 1) * kTile; first += kBlock) {
    const int64_t i = first + threadIdx.x;
    const int found = i < n ? first_class(s, i, n) : kNotFirst;
    if (i < n) s.first_of[i] = static_cast<uint8_t>(found);
#pragma unroll
    for (int place = 0; place < kMostClasses; ++place)
      counts[place] += __syncthreads_count(found == place);
  }
  if (threadIdx.x > 0) return;
#pragma unroll
  for (int place = 0; place < kMostClasses; ++place)
    if (place < s.classes) s.sums[place * s.tiles + tile] = counts[place];
  if (tile == 0) s.sums[s.classes * s.tiles] = 0;
}

// A block row a class.
__global__ void __launch_bounds__(kBlock) rank_first(Search s) {
  const int64_t place = blockIdx.y, n = s.inputs();
  const int64_t base = s.sums[place * s.tiles + blockIdx.x] - s.sums[place * s.tiles];
  rank_tile(
      blockIdx.x, n, base, [&](int64_t i) { return s.first_of[i] == place; },
      [&](int64_t i, bool, int64_t rank) {
        s.before[place * s.args.layer.n + i] = static_cast<int32_t>(rank);
      });
}

// The inputs that are first of an output write its coordinates and its column of the map.
__global__ void __launch_bounds__(kBlock) write_ranked(Search s, DataErrors* log) {
  const int64_t i = thread_index(), n = s.inputs(), m = s.outputs();
  const Downsample& a = s.args.layer;
  if (i == 0) {
    *a.count = m;
    if (m > a.capacity) note(log, kFewOutCoords, 0, a.capacity, m);
  }
  if (i >= n || s.first_of[i] == kNotFirst) return;
  const Coord q = s.output_of(coord_of(s.keys[i]));
  int64_t begins[kMostClasses] = {};
  int64_t rank = 0;
#pragma unroll
  for (int place = 0; place < kMostClasses; ++place) {
    if (place >= s.classes) break;
    begins[place] = s.first_input(q, place, n);
    rank += s.outputs_before(place, begins[place], n);
  }
  if (rank < a.capacity) set_coord(a.out_coords, rank, q);
  if (m > a.capacity) return;
  const int64_t columns = s.args.padded ? a.capacity : m;
#pragma unroll
  for (int place = 0; place < kMostClasses; ++place) {
    if (place >= s.classes) break;
    const Coord low = s.corner(q, place);
    int64_t at = begins[place];
    for (int z = 0; z < s.layer.kernel[2]; ++z) {
      const bool there = at < n && s.keys[at] == key_of(low.b, low.x, low.y, int64_t{low.z} + z);
      const int k = s.layer.index_at(place / s.layer.kernel[1], place % s.layer.kernel[1], z);
      s.args.map[k * columns + rank] = there ? static_cast<int32_t>(at) : -1;
      at += there;
    }
  }
}

}  // namespace

bool can_map_ordered(const StridedMap& args) {
  const Downsample& a = args.layer;
  const Geometry& g = a.geometry;
  const std::array<int32_t, 3> one{1, 1, 1};
  return args.ordered && a.mode == VMK_OUT_REACHED && !a.bounded && g.kernel == g.stride &&
         g.dilation == one && int64_t{g.kernel[0]} * g.kernel[1] <= kMostClasses;
}

void map_ordered(CudaDevice& device, const StridedMap& args) {
  const Downsample& a = args.layer;
  const int classes = a.geometry.kernel[0] * a.geometry.kernel[1];
  const int64_t tiles = ceil_div(a.n, kTile), counts = classes * tiles + 1;
  const Search s{args,
                 Layer(a.geometry),
                 classes,
                 tiles,
                 device.scratch<uint64_t>(a.n),
                 device.scratch<uint8_t>(a.n),
                 device.scratch<int64_t>(counts),
                 device.scratch<int32_t>(classes * a.n)};
  VMK_LAUNCH(device, pack_inputs, blocks(a.n), kBlock, s);
  VMK_LAUNCH(device, find_first, blocks(a.n, kTile), kBlock, s);
  exclusive_sum(device, s.sums, s.sums, counts);
  VMK_LAUNCH(device, rank_first, blocks(a.n, kTile, classes), kBlock, s);
  if (args.padded) clear(device, args);
  VMK_LAUNCH(device, write_ranked, blocks(a.n), kBlock, s, device.data_errors());
}

}  // namespace vmk
