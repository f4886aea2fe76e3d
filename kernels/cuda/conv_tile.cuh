#pragma once
// The kernels that are instantiated once a tile: rows through a map (implicit GEMM, sorted or not),
// and rows listed by offset (gather, grouped, fused, fetch-on-demand).
#include "conv_offsets.cuh"
#include "conv_tiles.hpp"
#include "tile_ffma.cuh"
#include "tile_loader.cuh"
#include "tile_mma.cuh"

namespace vmk {

// Rows of a tile times columns of the weights, over the offsets that the rows name.
template <class T, class Rows>
class ConvProduct {
 public:
  using Element = typename T::Element;

  __device__ ConvProduct(const ConvCall& a, const Rows& rows, const void* feats,
                         unsigned char* shared, int column)
      : a_(a), rows_(rows), feats_(feats), shared_(shared), column_(column) {}

  // Adds steps [begin, end).
  __device__ void run(int begin, int end) {
    auto* stages = reinterpret_cast<Element*>(shared_);
    TileLoader<T, Rows> loader(a_, rows_, feats_, stages, column_, begin);
    run_stages<T>(loader, begin, end, [&](int stage) {
      const Element* rows = stages + stage * Memory::kStageElements;
      sums_.template add<Memory::kRowStride, Memory::kWeightStride>(rows,
                                                                    rows + Memory::kRowElements);
    });
  }

  // Calls use(row of the tile, column, sums that stand side by side from there).
  template <class Use>
  __device__ void each(Use&& use) const {
    sums_.each(shared_, [&](int r, int column, const auto& sum) { use(r, column_ + column, sum); });
  }

 private:
  using Memory = TileMemory<T>;
  static_assert(T::Sums::kBytes <= Memory::kBytes);

  const ConvCall& a_;
  const Rows& rows_;
  const void* feats_;
  unsigned char* shared_;
  int column_;
  typename T::Sums sums_;
};

// Rows of a tile through the map, at the offsets that the tile has.
struct MapRows {
  const int32_t* map;  // of the part
  int64_t first, m, n;
  OffsetList list;
  int first_matrix;  // of the part

  __device__ int offsets() const { return *list.count; }
  __device__ int64_t weight(int offset) const { return first_matrix + list.at[offset]; }
  __device__ int row(int offset, int r) const {
    if (first + r >= m) return -1;
    const int row = map[list.at[offset] * m + first + r];
    return row < n ? row : -1;  // what is too large was noted when the offsets were listed
  }
};

// One piece of a part: blockIdx.z = part * pieces + piece.
template <class T>
__global__ void __launch_bounds__(T::kThreads)
    multiply_map(ConvCall a, MapJob job, DataErrors* log) {
  VMK_DYNAMIC_SHARED(shared);
  const int part = static_cast<int>(blockIdx.z) / job.pieces;
  const int piece = static_cast<int>(blockIdx.z) % job.pieces;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * T::kM;
  const int first_matrix = part * job.part_offsets;
  const int kv = min(job.part_offsets, static_cast<int>(a.kv) - first_matrix);
  const OffsetList list = offset_list(shared + TileMemory<T>::kBytes);
  const int32_t* map = job.map + first_matrix * a.m;
  const int32_t* order = job.order ? job.order + part * a.m : nullptr;
  list_offsets<T::kM>(map, kv, a.m, a.n, first, order, list, log);
  __syncthreads();
  const MapRows rows{map, first, a.m, a.n, list, first_matrix};
  ConvProduct<T, MapRows> product(a, rows, a.feats, shared,
                                  static_cast<int>(blockIdx.y) * T::kN);
  const auto steps =
      static_cast<int>(ceil_div(static_cast<int64_t>(rows.offsets()) * a.cin, T::kK));
  product.run(static_cast<int>(static_cast<int64_t>(steps) * piece / job.pieces),
              static_cast<int>(static_cast<int64_t>(steps) * (piece + 1) / job.pieces));
  float* sums = job.sums ? job.sums + blockIdx.z * a.m * a.columns : nullptr;
  product.each([&](int r, int column, const auto& sum) {
    if (first + r >= a.m || column >= a.columns) return;
    const int64_t m = order ? order[first + r] : first + r;
    if (m < 0 || m >= a.m) return note(log, kBadOrder, 0, first + r, m);
    if (sums) {
      copy_sums(sums + m * a.columns + column, sum);
    } else {
      write_end<typename T::Element>(a, m, column, sum);
    }
  });
}

// Rows of a tile of one offset's list.
struct ListRows {
  const int32_t* in_rows;
  int64_t first, count, begin, n;  // begin: of the buffer
  int64_t matrix;

  __device__ int offsets() const { return 1; }
  __device__ int64_t weight(int) const { return matrix; }
  __device__ int row(int, int r) const {
    if (first + r >= count) return -1;
    return in_rows ? in_rows[first + r] : static_cast<int>(begin + first + r);
  }
};

template <class T>
__global__ void __launch_bounds__(T::kThreads) multiply_lists(ConvCall a, ListJob job) {
  VMK_DYNAMIC_SHARED(shared);
  if (pairs_are_bad(*job.log)) return;
  const int64_t k = job.tiles ? offset_at(job.tiles, a.kv, blockIdx.x) : job.offset;
  if (k < 0) return;
  const int64_t tile = blockIdx.x - (job.tiles ? job.tiles[k] : 0), first = tile * T::kM;
  const int64_t count = a.starts[k + 1] - a.starts[k], begin = job.begins ? job.begins[k] : 0;
  if (first >= (job.begins ? job.begins[k + 1] - begin : count)) return;
  const ListRows rows{job.in_rows ? job.in_rows + a.starts[k] : nullptr, first, count, begin,
                      a.n, k};
  ConvProduct<T, ListRows> product(a, rows, job.rows, shared,
                                   static_cast<int>(blockIdx.y) * T::kN);
  product.run(0, static_cast<int>(ceil_div(a.cin, T::kK)));
  product.each([&](int r, int column, const auto& sum) {
    if (first + r >= count || column >= a.columns) return;
    if (job.out_rows) {
      add_sums(job.sums + job.out_rows[a.starts[k] + first + r] * int64_t{a.columns} + column,
               sum);
    } else {
      copy_sums(job.sums + (begin + first + r) * a.columns + column, sum);
    }
  });
}

template <class T>
void launch_map(CudaDevice& device, const ConvCall& a, const MapJob& job) {
  dim3 grid = blocks(a.m, T::kM, ceil_div(a.columns, T::kN));
  grid.z = static_cast<unsigned>(job.parts * job.pieces);
  const int shared = TileMemory<T>::kBytes + offset_list_bytes(job.part_offsets);
  device.allow_shared(reinterpret_cast<const void*>(multiply_map<T>), shared);
  VMK_LAUNCH_SHARED(device, multiply_map<T>, grid, T::kThreads, shared, a, job,
                    device.data_errors());
}

template <class T>
void launch_lists(CudaDevice& device, const ConvCall& a, const ListJob& job) {
  const int64_t tiles = ceil_div(job.rows_at_most, T::kM) + (job.tiles ? a.kv : 0);
  device.allow_shared(reinterpret_cast<const void*>(multiply_lists<T>), TileMemory<T>::kBytes);
  VMK_LAUNCH_SHARED(device, multiply_lists<T>, blocks(tiles, 1, ceil_div(a.columns, T::kN)),
                    T::kThreads, TileMemory<T>::kBytes, a, job);
}

template <class T>
constexpr ConvTile conv_tile(const char* name) {
  return {tile_shape<T>(name, TileMemory<T>::kBytes), launch_map<T>, launch_lists<T>};
}

}  // namespace vmk
