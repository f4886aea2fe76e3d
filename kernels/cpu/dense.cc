// affine, layer_norm, softmax, concat, split, map_reduce.
//   ref   the definition, in double.
//   rows  ranges of rows on all threads, vectorised along the columns. All of them are bound by
//         memory: one read of each input, one write of the output. Rows of 16 bits are widened,
//         finished and narrowed a few at a time, in the first-level cache.
#include <algorithm>
#include <limits>

#include "dense_kernels.hpp"
#include "dense_ref.hpp"
#include "features.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

// Rows that are 64 kB together.
int64_t grain_of(int64_t columns) { return (int64_t{1} << 14) / std::max<int64_t>(columns, 1) + 1; }

void affine_ref(Device& any, const Affine& a) {
  CpuDevice& device = cpu_device(any);
  const float* x = as_f32(device, a.x, a.dtype, a.n * a.c);
  const WideOutput out(device, a.out, a.dtype, a.n * a.c);
  Epilogue e = a.epilogue;
  if (e.residual) e.residual = as_f32(device, e.residual, a.dtype, a.n * a.c);
  for (int64_t i = 0; i < a.n * a.c; ++i)
    out.data[i] = static_cast<float>(finish_in_double(e, x[i], i / a.c, i % a.c, a.c));
  out.store();
}

void affine_half(CpuDevice& device, const Affine& a) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const auto run = dense_kernels(device.isa).affine;
  const Epilogue& e = a.epilogue;
  // 16 kB of values and as much of the residual.
  const int64_t rows = (int64_t{1} << 12) / std::max<int64_t>(a.c, 1) + 1, size = rows * a.c;
  float* buffers = device.scratch<float>(device.threads() * 2 * size);
  const auto* x = static_cast<const uint16_t*>(a.x);
  const auto* residual = static_cast<const uint16_t*>(e.residual);
  device.pool.for_ranges(a.n, rows, [&](int64_t begin, int64_t end, int32_t thread) {
    float *values = buffers + thread * 2 * size, *extra = values + size;
    const int64_t at = begin * a.c, n = (end - begin) * a.c;
    simd.widen(x + at, a.dtype, values, n);
    if (residual) simd.widen(residual + at, a.dtype, extra, n);
    run({values, a.c, e.scale, e.shift, residual ? extra : nullptr, a.c, values, a.c, end - begin,
         a.c, e.activation, e.slope});
    simd.narrow(values, a.dtype, static_cast<uint16_t*>(a.out) + at, n);
  });
}

void affine_rows(Device& any, const Affine& a) {
  CpuDevice& device = cpu_device(any);
  if (a.dtype != VMK_F32) return affine_half(device, a);
  const auto run = dense_kernels(device.isa).affine;
  const Epilogue& e = a.epilogue;
  const auto* x = static_cast<const float*>(a.x);
  const auto* residual = static_cast<const float*>(e.residual);
  device.pool.for_ranges(a.n, grain_of(a.c), [&](int64_t begin, int64_t end) {
    const int64_t at = begin * a.c;
    run({x + at, a.c, e.scale, e.shift, residual ? residual + at : nullptr, a.c,
         static_cast<float*>(a.out) + at, a.c, end - begin, a.c, e.activation, e.slope});
  });
}

// Calls run(from, to, rows) for x and out in f32 on all threads: for the rows where they lie, or
// for a few at a time that were widened, in one buffer.
template <class Args, class F>
void each_rows(CpuDevice& device, const Args& a, F&& run) {
  if (a.dtype == VMK_F32)
    return device.pool.for_ranges(a.n, grain_of(a.c), [&](int64_t begin, int64_t end) {
      run(static_cast<const float*>(a.x) + begin * a.c, static_cast<float*>(a.out) + begin * a.c,
          end - begin);
    });
  const SimdKernels& simd = simd_kernels(device.isa);
  const int64_t rows = grain_of(4 * a.c), size = rows * a.c;  // 16 kB of values
  float* buffers = device.scratch<float>(device.threads() * size);
  device.pool.for_ranges(a.n, rows, [&](int64_t begin, int64_t end, int32_t thread) {
    float* values = buffers + thread * size;
    const int64_t at = begin * a.c, n = (end - begin) * a.c;
    simd.widen(static_cast<const uint16_t*>(a.x) + at, a.dtype, values, n);
    run(values, values, end - begin);
    simd.narrow(values, a.dtype, static_cast<uint16_t*>(a.out) + at, n);
  });
}

void layer_norm_ref(Device& any, const LayerNorm& a) {
  CpuDevice& device = cpu_device(any);
  const float* all = as_f32(device, a.x, a.dtype, a.n * a.c);
  const WideOutput out(device, a.out, a.dtype, a.n * a.c);
  for (int64_t i = 0; i < a.n; ++i) {
    const float* x = all + i * a.c;
    double mean = 0, variance = 0;
    for (int64_t k = 0; k < a.c; ++k) mean += x[k] / static_cast<double>(a.c);
    for (int64_t k = 0; k < a.c; ++k)
      variance += (x[k] - mean) * (x[k] - mean) / static_cast<double>(a.c);
    for (int64_t k = 0; k < a.c; ++k)
      out.data[i * a.c + k] = static_cast<float>(
          (x[k] - mean) / std::sqrt(variance + a.epsilon) * a.gamma[k] + a.beta[k]);
  }
  out.store();
}

void layer_norm_rows(Device& any, const LayerNorm& a) {
  CpuDevice& device = cpu_device(any);
  each_rows(device, a, [&](const float* x, float* out, int64_t rows) {
    dense_kernels(device.isa).layer_norm({x, a.gamma, a.beta, out, rows, a.c, a.epsilon});
  });
}

void softmax_ref(Device& any, const Softmax& a) {
  CpuDevice& device = cpu_device(any);
  const float* all = as_f32(device, a.x, a.dtype, a.n * a.c);
  const WideOutput out(device, a.out, a.dtype, a.n * a.c);
  std::vector<double> powers(a.c);
  for (int64_t i = 0; i < a.n; ++i) {
    const float* x = all + i * a.c;
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t k = 0; k < a.c; ++k) most = std::max<double>(most, x[k]);
    for (int64_t k = 0; k < a.c; ++k) sum += powers[k] = std::exp(x[k] - most);
    for (int64_t k = 0; k < a.c; ++k)
      out.data[i * a.c + k] = static_cast<float>(powers[k] / sum);
  }
  out.store();
}

void softmax_rows(Device& any, const Softmax& a) {
  CpuDevice& device = cpu_device(any);
  each_rows(device, a, [&](const float* x, float* out, int64_t rows) {
    dense_kernels(device.isa).softmax({x, out, rows, a.c});
  });
}

void concat_range(const Concat& a, int64_t begin, int64_t end) {
  const auto *first = static_cast<const char*>(a.a), *second = static_cast<const char*>(a.b);
  const int64_t width = dtype_bytes(a.dtype);
  const int64_t left = a.a_columns * width, right = a.b_columns * width;
  for (int64_t i = begin; i < end; ++i) {
    char* out = static_cast<char*>(a.out) + i * (left + right);
    std::copy_n(first + i * left, left, out);
    std::copy_n(second + i * right, right, out + left);
  }
}

void concat_ref(Device&, const Concat& a) { concat_range(a, 0, a.n); }

void concat_rows(Device& device, const Concat& a) {
  cpu_device(device).pool.for_ranges(a.n, grain_of(a.a_columns + a.b_columns),
                                     [&](int64_t begin, int64_t end) {
                                       concat_range(a, begin, end);
                                     });
}

void split_range(const Split& a, int64_t begin, int64_t end) {
  const int64_t width = dtype_bytes(a.dtype);
  const int64_t left = a.a_columns * width, right = a.b_columns * width;
  for (int64_t i = begin; i < end; ++i) {
    const char* x = static_cast<const char*>(a.x) + i * (left + right);
    std::copy_n(x, left, static_cast<char*>(a.a) + i * left);
    std::copy_n(x + left, right, static_cast<char*>(a.b) + i * right);
  }
}

void split_ref(Device&, const Split& a) { split_range(a, 0, a.n); }

void split_rows(Device& device, const Split& a) {
  cpu_device(device).pool.for_ranges(
      a.n, grain_of(a.a_columns + a.b_columns),
      [&](int64_t begin, int64_t end) { split_range(a, begin, end); });
}

void check_map(const MapReduce& a) {
  int32_t most = -1;
  for (int64_t i = 0; i < a.kv * a.m; ++i) most = std::max(most, a.map[i]);
  for (int64_t i = 0; most >= a.n && i < a.kv * a.m; ++i)
    if (a.map[i] >= a.n)
      fail(VMK_INVALID_ARGUMENT, "Cannot reduce: map[%lld][%lld] = %d, feats has %lld rows",
           static_cast<long long>(i / a.m), static_cast<long long>(i % a.m), a.map[i],
           static_cast<long long>(a.n));
}

// NaN wins over every number, as in the fast variant.
double larger(double a, double b) { return b > a || b != b ? b : a; }

void map_reduce_ref(Device& any, const MapReduce& a) {
  CpuDevice& device = cpu_device(any);
  check_map(a);
  const float* feats = as_f32(device, a.feats, a.dtype, a.n * a.c);
  const WideOutput out(device, a.out, a.dtype, a.m * a.c);
  for (int64_t i = 0; i < a.m * a.c; ++i) {
    double value = 0;
    int64_t count = 0;
    for (int64_t k = 0; k < a.kv; ++k) {
      const int32_t row = a.map[k * a.m + i / a.c];
      if (row < 0) continue;
      const double x = feats[row * a.c + i % a.c];
      value = count++ == 0 ? x : a.reduce == VMK_REDUCE_MAX ? larger(value, x) : value + x;
    }
    const bool mean = a.reduce == VMK_REDUCE_MEAN && count > 0;
    out.data[i] = static_cast<float>(mean ? value / static_cast<double>(count) : value);
  }
  out.store();
}

// The rows of an output widened side by side, with a map of their own.
void map_reduce_half(CpuDevice& device, const MapReduce& a) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const auto run = dense_kernels(device.isa).map_reduce;
  const int64_t size = (a.kv + 1) * a.c;
  float* buffers = device.scratch<float>(device.threads() * size);
  int32_t* maps = device.scratch<int32_t>(device.threads() * a.kv);
  device.pool.for_ranges(a.m, grain_of(a.c * a.kv), [&](int64_t begin, int64_t end,
                                                        int32_t thread) {
    float *out = buffers + thread * size, *feats = out + a.c;
    int32_t* map = maps + thread * a.kv;
    for (int64_t m = begin; m < end; ++m) {
      int32_t count = 0;
      for (int64_t k = 0; k < a.kv; ++k) {
        const int32_t row = a.map[k * a.m + m];
        map[k] = row < 0 ? -1 : count++;
        if (row >= 0)
          simd.widen(static_cast<const uint16_t*>(a.feats) + row * a.c, a.dtype,
                     feats + map[k] * a.c, a.c);
      }
      run({feats, map, out, 1, a.kv, a.c, a.reduce}, 0, 1);
      simd.narrow(out, a.dtype, static_cast<uint16_t*>(a.out) + m * a.c, a.c);
    }
  });
}

void map_reduce_rows(Device& any, const MapReduce& a) {
  CpuDevice& device = cpu_device(any);
  check_map(a);
  if (a.dtype != VMK_F32) return map_reduce_half(device, a);
  const ReduceRows rows{static_cast<const float*>(a.feats), a.map, static_cast<float*>(a.out),
                        a.m, a.kv, a.c, a.reduce};
  device.pool.for_ranges(a.m, grain_of(a.c * a.kv), [&](int64_t begin, int64_t end) {
    dense_kernels(device.isa).map_reduce(rows, begin, end);
  });
}

constexpr Variant<Affine> kAffineList[] = {of_any_dtype("rows", affine_rows),
                                           of_any_dtype("ref", affine_ref)};
constexpr Variant<LayerNorm> kLayerNormList[] = {of_any_dtype("rows", layer_norm_rows),
                                                 of_any_dtype("ref", layer_norm_ref)};
constexpr Variant<Softmax> kSoftmaxList[] = {of_any_dtype("rows", softmax_rows),
                                             of_any_dtype("ref", softmax_ref)};
constexpr Variant<Concat> kConcatList[] = {of_any_dtype("rows", concat_rows),
                                           of_any_dtype("ref", concat_ref)};
constexpr Variant<Split> kSplitList[] = {of_any_dtype("rows", split_rows),
                                         of_any_dtype("ref", split_ref)};
constexpr Variant<MapReduce> kMapReduceList[] = {of_any_dtype("rows", map_reduce_rows),
                                                 of_any_dtype("ref", map_reduce_ref)};

}  // namespace

const Variants<Affine> kAffine = variants(kAffineList);
const Variants<LayerNorm> kLayerNorm = variants(kLayerNormList);
const Variants<Softmax> kSoftmax = variants(kSoftmaxList);
const Variants<Concat> kConcat = variants(kConcatList);
const Variants<Split> kSplit = variants(kSplitList);
const Variants<MapReduce> kMapReduce = variants(kMapReduceList);

}  // namespace vmk
