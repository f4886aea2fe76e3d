// voxel_reduce.rows - one thread a voxel and channel, its rows in ascending order: no atomics, the
// same bits every time.
// Cost: every feature read once, C values written a voxel. A voxel with very many rows is walked
// by C threads only.
#include "mma.cuh"

namespace vmk {

namespace {

// Neither starts nor order can be trusted: they may be of another tensor.
__device__ inline bool row_fits(const VoxelReduce& a, int64_t m, int32_t row, DataErrors* log) {
  if (row >= 0 && row < a.n) return true;
  note(log, kBadGroup, 0, m, row);
  return false;
}

template <class T>
__device__ inline float reduce_rows(const VoxelReduce& a, int64_t m, int32_t begin, int32_t end,
                                    int64_t channel, DataErrors* log) {
  float total = 0;
  for (int32_t i = begin; i < end; ++i) {
    const int32_t row = a.order[i];
    if (!row_fits(a, m, row, log)) return 0;
    const float value = to_float(static_cast<const T*>(a.feats)[row * a.c + channel]);
    if (i == begin) {
      total = value;
    } else if (a.reduce == VMK_REDUCE_MAX) {
      total = total < value ? value : total;
    } else {
      total += value;
    }
    if (a.reduce == VMK_REDUCE_FIRST) return total;
  }
  const bool mean = a.reduce == VMK_REDUCE_MEAN && end > begin;
  return mean ? total / static_cast<float>(end - begin) : total;
}

template <class T>
__global__ void __launch_bounds__(kBlock) reduce_voxels(VoxelReduce a, DataErrors* log) {
  const int64_t i = thread_index();
  if (i >= a.m * a.c) return;
  const int64_t m = i / a.c;
  const int32_t begin = a.starts[m], end = a.starts[m + 1];
  if (begin < 0 || begin > end || end > a.n) {
    note(log, kBadGroup, 0, m, end);
    static_cast<T*>(a.out)[i] = T{};
    return;
  }
  from_float(reduce_rows<T>(a, m, begin, end, i % a.c, log), static_cast<T*>(a.out)[i]);
}

}  // namespace

void voxel_reduce_rows(Device& any, const VoxelReduce& a) {
  CudaDevice& device = cuda_device(any);
  with_element(a.dtype, [&](auto element) {
    VMK_LAUNCH(device, reduce_voxels<decltype(element)>, blocks(a.m * a.c), kBlock, a,
               device.data_errors());
  });
}

}  // namespace vmk
