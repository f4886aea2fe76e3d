// weight_count.columns, weight_compress.columns - one thread an offset and output channel, which
// walks its input channels: neighbouring threads read neighbouring weights.
// Cost: the weights are read once to count and twice to compress. Done once a model.
#include "common.cuh"
#include "primitives.hpp"

namespace vmk {

namespace {

struct Weights {
  const float* data;
  int64_t cin, cout, columns;

  // The first weight of column k * Cout + o; the others lie cout apart.
  __device__ const float* column(int64_t at) const {
    return data + at / cout * cin * cout + at % cout;
  }
  __device__ int64_t count(int64_t at) const {
    const float* weight = column(at);
    int64_t found = 0;
    for (int64_t i = 0; i < cin; ++i) found += weight[i * cout] != 0.0f;
    return found;
  }
};

__global__ void __launch_bounds__(kBlock)
    count_columns(Weights weights, int64_t* __restrict__ counts) {
  const int64_t at = thread_index();
  if (at < weights.columns) counts[at] = weights.count(at);
  if (at == weights.columns) counts[at] = 0;
}

// Starts that were not counted from these weights would be written past, or twice.
__global__ void __launch_bounds__(kBlock)
    check_columns(Weights weights, const int64_t* __restrict__ starts, int64_t nonzeros,
                  DataErrors* log) {
  const int64_t at = thread_index();
  if (at == 0 && (starts[0] != 0 || starts[weights.columns] != nonzeros))
    note(log, kBadWeightCount, 0, nonzeros, starts[weights.columns]);
  if (at >= weights.columns) return;
  const int64_t found = weights.count(at);
  if (starts[at + 1] - starts[at] != found) note(log, kBadWeightStarts, 0, at, found);
}

__global__ void __launch_bounds__(kBlock)
    write_columns(Weights weights, const int64_t* __restrict__ starts, int32_t* __restrict__ index,
                  float* __restrict__ value, const DataErrors* log) {
  const int64_t column = thread_index();
  if (column >= weights.columns || log->first[kBadWeightCount][0] != ~0ull ||
      log->first[kBadWeightStarts][0] != ~0ull)
    return;
  const float* weight = weights.column(column);
  int64_t at = starts[column];
  for (int64_t i = 0; i < weights.cin; ++i) {
    const float found = weight[i * weights.cout];
    if (found == 0.0f) continue;
    index[at] = static_cast<int32_t>(i);
    value[at++] = found;
  }
}

}  // namespace

void weight_count_columns(Device& any, const WeightCount& a) {
  CudaDevice& device = cuda_device(any);
  const int64_t columns = a.kv * a.cout;
  const Weights weights{a.weight, a.cin, a.cout, columns};
  VMK_LAUNCH(device, count_columns, blocks(columns + 1), kBlock, weights, a.starts);
  exclusive_sum(device, a.starts, a.starts, columns + 1);
}

void weight_compress_columns(Device& any, const WeightCompress& a) {
  CudaDevice& device = cuda_device(any);
  const int64_t columns = a.kv * a.cout;
  const Weights weights{a.weight, a.cin, a.cout, columns};
  VMK_LAUNCH(device, check_columns, blocks(columns + 1), kBlock, weights, a.starts, a.nonzeros,
             device.data_errors());
  VMK_LAUNCH(device, write_columns, blocks(columns), kBlock, weights, a.starts, a.index, a.value,
             device.data_errors());
}

}  // namespace vmk
