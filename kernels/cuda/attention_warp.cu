// attention.warp - one warp a head of a query: lanes are keys for the scores, channels for the sum.
// Cost: each key of the group is read twice and each value once a query, from cache: right for the
// windows of an image, far from the best for the queries of a whole map.
#include <cmath>

#include "common.cuh"
#include "dense.hpp"

namespace vmk {

namespace {

constexpr int kWarps = kBlock / kWarpSize;

// The first place that names a query's row owns its output; another one is an error.
__global__ void __launch_bounds__(kBlock)
    claim_queries(const int32_t* __restrict__ rows, int64_t places, int64_t n, int* owners,
                  DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= places || rows[at] < 0) return;
  if (rows[at] < n)
    atomicMin(&owners[rows[at]], static_cast<int>(at));
  else
    note(log, kBadQuery, 0, at, rows[at]);
}

__global__ void __launch_bounds__(kBlock)
    check_places(const int32_t* __restrict__ queries, int64_t query_places,
                 const int32_t* __restrict__ keys, int64_t key_places, int64_t n, int64_t m,
                 const int* owners, DataErrors* log) {
  const int64_t at = thread_index();
  if (at < query_places && queries[at] >= 0 && queries[at] < n && owners[queries[at]] != at)
    note(log, kDoubleQuery, 0, at, queries[at]);
  if (at < key_places && keys[at] >= m) note(log, kBadKey, 0, at, keys[at]);
}

// A head of a query.
struct Place {
  int64_t group, i, head, first, width;
  const float* query;
  float scale;
};

// The row of a key or value: its pad, or nullptr for zeros, where it names none.
__device__ inline const float* row_of(const float* rows, const float* pad, int32_t row, int64_t m,
                                      int64_t c) {
  return row < 0 || row >= m ? pad : rows + row * c;
}

__device__ float score(const Attention& a, const Place& p, int64_t j) {
  const int32_t row = a.key_rows[p.group * a.keys + j];
  const float* key = row_of(a.key, a.pad_key, row, a.m, a.c);
  float sum = 0;
  for (int64_t k = p.first; key && k < p.first + p.width; ++k) sum += p.query[k] * key[k];
  const int64_t each = a.queries * a.keys, at = p.i * a.keys + j;
  const float bias = a.bias ? a.bias[p.head * each + at] : 0;
  return sum * p.scale + (bias + (a.mask ? a.mask[p.group % a.masks * each + at] : 0));
}

// Every lane gets the largest score. A NaN is not, but its exponential is NaN and so is the sum.
__device__ float largest(const Attention& a, const Place& p, int lane) {
  float most = -INFINITY;
  for (int64_t j = lane; j < a.keys; j += kWarpSize) {
    const float value = score(a, p, j);
    most = value > most ? value : most;
  }
  for (int step = kWarpSize / 2; step > 0; step /= 2) {
    const float other = __shfl_xor_sync(kFullWarp, most, step);
    most = other > most ? other : most;
  }
  return most;
}

// Channel `k` of what the scores weight; all lanes have another channel and the same keys.
__device__ float weighted(const Attention& a, const Place& p, float most, int64_t k, int lane) {
  float sum = 0, total = 0;
  for (int64_t base = 0; base < a.keys; base += kWarpSize) {
    const bool present = base + lane < a.keys;
    const float mine = present ? expf(score(a, p, base + lane) - most) : 0;
    const int32_t own = present ? a.key_rows[p.group * a.keys + base + lane] : -1;
    for (int j = 0; j < kWarpSize && base + j < a.keys; ++j) {
      const float share = __shfl_sync(kFullWarp, mine, j);
      const float* value =
          row_of(a.value, a.pad_value, __shfl_sync(kFullWarp, own, j), a.m, a.c);
      total += share;
      if (value && k < p.width) sum += share * value[p.first + k];
    }
  }
  return sum / total;
}

__global__ void __launch_bounds__(kBlock) attend(Attention a, const int* owners) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t item = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarpSize;
  const int64_t at = item / a.heads;
  if (at >= a.groups * a.queries) return;
  const int32_t row = a.query_rows[at];
  if (row < 0 || row >= a.n || owners[row] != at) return;
  const int64_t width = a.c / a.heads, head = item % a.heads;
  const Place place{at / a.queries, at % a.queries, head, head * width, width,
                    a.query + row * a.c, 1.0f / sqrtf(static_cast<float>(width))};
  const float most = largest(a, place, lane);
  for (int64_t base = 0; base < width; base += kWarpSize) {
    const float value = weighted(a, place, most, base + lane, lane);
    if (base + lane < width) a.out[row * a.c + place.first + base + lane] = value;
  }
}

}  // namespace

void attention_warp(Device& any, const Attention& a) {
  CudaDevice& device = cuda_device(any);
  const int64_t queries = a.groups * a.queries, keys = a.groups * a.keys;
  if (queries > INT32_MAX)
    fail(VMK_UNSUPPORTED, "Cannot attend with %lld queries: at most 2^31 - 1 are possible",
         static_cast<long long>(queries));
  int* owners = device.scratch<int>(a.n);
  device.fill(owners, 0x7f, a.n * static_cast<int64_t>(sizeof(int)));
  VMK_LAUNCH(device, claim_queries, blocks(queries), kBlock, a.query_rows, queries, a.n, owners,
             device.data_errors());
  VMK_LAUNCH(device, check_places, blocks(queries > keys ? queries : keys), kBlock, a.query_rows,
             queries, a.key_rows, keys, a.n, a.m, owners, device.data_errors());
  VMK_LAUNCH(device, attend, blocks(queries * a.heads, kWarps), kBlock, a, owners);
}

}  // namespace vmk
