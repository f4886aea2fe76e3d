// sparse_conv_ws.paper - Algorithm 1 of the Diet paper, as it is written there: offset by offset
// the gathered rows are transposed into a buffer, the product of sparse and dense matrix fills a
// second one, and that is transposed back and added to the output. The baseline for "lanes".
#include <algorithm>

#include "sparse_conv_ws.hpp"

namespace vmk {

namespace {

// Pairs transposed at a time: their cache lines stay in level-1 cache over 16 channels.
constexpr int64_t kGrain = 256;

struct Buffers {
  int32_t *in_rows, *out_rows;
  float *inputs, *outputs;  // [cin, pairs], [cout, pairs]
  int64_t pairs;
};

void gather(ThreadPool& pool, const SparseConvWs& a, const Buffers& b) {
  pool.for_ranges(b.pairs, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t c = 0; c < a.cin; ++c)
      for (int64_t i = begin; i < end; ++i)
        b.inputs[c * b.pairs + i] = a.feats[b.in_rows[i] * a.cin + c];
  });
}

void multiply(ThreadPool& pool, const SparseConvWs& a, const Buffers& b, int64_t k) {
  pool.for_ranges(a.cout, 1, [&](int64_t o, int64_t) {
    float* y = b.outputs + o * b.pairs;
    std::fill(y, y + b.pairs, 0.0f);
    const int64_t column = k * a.cout + o;
    for (int64_t e = a.starts[column]; e < a.starts[column + 1]; ++e) {
      const float* x = b.inputs + a.index[e] * b.pairs;
      const float value = a.value[e];
      for (int64_t i = 0; i < b.pairs; ++i) y[i] += value * x[i];
    }
  });
}

// An output row appears once an offset: ranges never add to the same row.
void scatter(ThreadPool& pool, const SparseConvWs& a, const Buffers& b) {
  pool.for_ranges(b.pairs, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t o = 0; o < a.cout; ++o)
      for (int64_t i = begin; i < end; ++i)
        a.out[b.out_rows[i] * a.cout + o] += b.outputs[o * b.pairs + i];
  });
}

}  // namespace

void ws_paper(Device& any, const SparseConvWs& a) {
  CpuDevice& device = cpu_device(any);
  check_weights(a);
  Buffers b{device.scratch<int32_t>(a.m + kColumnPad), device.scratch<int32_t>(a.m + kColumnPad),
            device.scratch<float>(a.m * a.cin), device.scratch<float>(a.m * a.cout), 0};
  device.pool.for_ranges(a.m * a.cout, 1 << 16, [&](int64_t begin, int64_t end) {
    std::fill(a.out + begin, a.out + end, 0.0f);
  });
  for (int64_t k = 0; k < a.kv; ++k) {
    if (a.starts[k * a.cout] == a.starts[(k + 1) * a.cout]) continue;
    int32_t most;
    b.pairs = simd_kernels(device.isa)
                  .list_present(a.map + k * a.m, a.m, b.in_rows, b.out_rows, &most);
    if (most >= a.n) check_rows(a, k, 0, a.m);
    gather(device.pool, a, b);
    multiply(device.pool, a, b, k);
    scatter(device.pool, a, b);
  }
}

}  // namespace vmk
