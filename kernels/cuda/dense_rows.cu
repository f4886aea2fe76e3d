// affine.rows, concat.rows, split.rows, map_reduce.rows - one thread an element, or 16 bytes of them.
// Cost: bound by memory, one read of each input and one write of the output.
#include "activation.cuh"
#include "channels.cuh"
#include "dense.hpp"

namespace vmk {

namespace {

// x, residual and out may be one array: nothing here is __restrict__.
template <class T>
struct AffineRows {
  const T *x, *residual;
  const float *scale, *shift;
  T* out;
  int64_t n, c;
  int activation;
  float slope;

  __device__ float of(float x, float scale, float shift, float residual) const {
    // Scaled, then shifted: without a scale the shift is a plain sum.
    return activate(fmaf(x, scale, shift) + residual, activation, slope);
  }
  __device__ float4 of(const float4& x, const float4& scale, const float4& shift,
                       const float4& residual) const {
    return make_float4(of(x.x, scale.x, shift.x, residual.x), of(x.y, scale.y, shift.y, residual.y),
                       of(x.z, scale.z, shift.z, residual.z),
                       of(x.w, scale.w, shift.w, residual.w));
  }
  __device__ Float8 of(const Float8& x, const Float8& scale, const Float8& shift,
                       const Float8& residual) const {
    return {of(x.low, scale.low, shift.low, residual.low),
            of(x.high, scale.high, shift.high, residual.high)};
  }
};

__device__ inline void set_all(float& value, float to) { value = to; }
__device__ inline void set_all(float4& value, float to) { value = make_float4(to, to, to, to); }
__device__ inline void set_all(Float8& value, float to) {
  set_all(value.low, to);
  set_all(value.high, to);
}

template <class V, class T>
__device__ inline V load_or(const T* data, int64_t row, int64_t groups, int64_t v,
                            float otherwise) {
  V value;
  if (data) return load<V>(data, row, groups, v);
  set_all(value, otherwise);
  return value;
}

template <class T, class V>
__global__ void __launch_bounds__(kBlock) scale_rows(AffineRows<T> a, int64_t groups) {
  const int64_t at = thread_index();
  if (at >= a.n * groups) return;
  const int64_t row = at / groups, v = at % groups;
  const V x = load<V>(a.x, row, groups, v);
  const V scale = load_or<V>(a.scale, 0, groups, v, 1), shift = load_or<V>(a.shift, 0, groups, v, 0);
  store(a.out, row, groups, v, a.of(x, scale, shift, load_or<V>(a.residual, row, groups, v, 0)));
}

// Rows of words, whatever elements they are made of.
template <class Word>
__global__ void __launch_bounds__(kBlock)
    copy_columns(const Word* __restrict__ a, const Word* __restrict__ b, Word* __restrict__ out,
                 int64_t n, int64_t a_words, int64_t b_words) {
  const int64_t words = a_words + b_words, at = thread_index();
  if (at >= n * words) return;
  const int64_t row = at / words, v = at % words;
  out[at] = v < a_words ? a[row * a_words + v] : b[row * b_words + v - a_words];
}

template <class Word>
void copy_words(CudaDevice& device, const Concat& a, int64_t a_bytes, int64_t b_bytes) {
  constexpr auto kBytes = static_cast<int64_t>(sizeof(Word));
  VMK_LAUNCH(device, copy_columns<Word>, blocks(a.n * (a_bytes + b_bytes) / kBytes), kBlock,
             static_cast<const Word*>(a.a), static_cast<const Word*>(a.b),
             static_cast<Word*>(a.out), a.n, a_bytes / kBytes, b_bytes / kBytes);
}

template <class Word>
__global__ void __launch_bounds__(kBlock)
    part_columns(const Word* __restrict__ x, Word* __restrict__ a, Word* __restrict__ b, int64_t n,
                 int64_t a_words, int64_t b_words) {
  const int64_t words = a_words + b_words, at = thread_index();
  if (at >= n * words) return;
  const int64_t row = at / words, v = at % words;
  if (v < a_words)
    a[row * a_words + v] = x[at];
  else
    b[row * b_words + v - a_words] = x[at];
}

template <class Word>
void part_words(CudaDevice& device, const Split& s, int64_t a_bytes, int64_t b_bytes) {
  constexpr auto kBytes = static_cast<int64_t>(sizeof(Word));
  VMK_LAUNCH(device, part_columns<Word>, blocks(s.n * (a_bytes + b_bytes) / kBytes), kBlock,
             static_cast<const Word*>(s.x), static_cast<Word*>(s.a), static_cast<Word*>(s.b), s.n,
             a_bytes / kBytes, b_bytes / kBytes);
}

// NaN wins over every number.
__device__ inline float larger(float a, float b) { return b > a || b != b ? b : a; }
__device__ inline float4 larger(const float4& a, const float4& b) {
  return make_float4(larger(a.x, b.x), larger(a.y, b.y), larger(a.z, b.z), larger(a.w, b.w));
}
__device__ inline Float8 larger(const Float8& a, const Float8& b) {
  return {larger(a.low, b.low), larger(a.high, b.high)};
}
__device__ inline float divided(float a, float by) { return a / by; }
__device__ inline float4 divided(const float4& a, float by) {
  return make_float4(a.x / by, a.y / by, a.z / by, a.w / by);
}
__device__ inline Float8 divided(const Float8& a, float by) {
  return {divided(a.low, by), divided(a.high, by)};
}

// Neighbouring threads read neighbouring entries of the same row of the map from cache.
template <class T, class V>
__global__ void __launch_bounds__(kBlock)
    reduce_neighbors(MapReduce a, int64_t groups, DataErrors* log) {
  const int64_t at = thread_index();
  if (at >= a.m * groups) return;
  const int64_t m = at / groups, v = at % groups;
  V value{};
  int count = 0;
  for (int64_t k = 0; k < a.kv; ++k) {
    const int32_t row = a.map[k * a.m + m];
    if (row < 0) continue;
    if (row >= a.n) {
      note(log, kBadReduceRow, 0, m, row);
      continue;
    }
    const V x = load<V>(static_cast<const T*>(a.feats), row, groups, v);
    if (count++ == 0) {
      value = x;
    } else {
      value = a.reduce == VMK_REDUCE_MAX ? larger(value, x) : add(value, 1.0f, x);
    }
  }
  const bool mean = a.reduce == VMK_REDUCE_MEAN && count > 1;
  store(static_cast<T*>(a.out), m, groups, v,
        mean ? divided(value, static_cast<float>(count)) : value);
}

}  // namespace

void affine_rows(Device& any, const Affine& a) {
  CudaDevice& device = cuda_device(any);
  const Epilogue& e = a.epilogue;
  with_lanes(a.dtype, a.c, [&](auto element, auto lane) {
    using T = decltype(element);
    using V = decltype(lane);
    const int64_t groups = a.c / kWidth<V>;
    const AffineRows<T> rows{static_cast<const T*>(a.x), static_cast<const T*>(e.residual),
                             e.scale, e.shift, static_cast<T*>(a.out), a.n, a.c, e.activation,
                             e.slope};
    VMK_LAUNCH(device, (scale_rows<T, V>), blocks(a.n * groups), kBlock, rows, groups);
  });
}

void concat_rows(Device& any, const Concat& a) {
  CudaDevice& device = cuda_device(any);
  const int64_t width = dtype_bytes(a.dtype);
  const int64_t a_bytes = a.a_columns * width, b_bytes = a.b_columns * width;
  // Both parts must be made of whole words, which their sum alone does not say.
  if ((a_bytes | b_bytes) % 16 == 0) {
    copy_words<int4>(device, a, a_bytes, b_bytes);
  } else if ((a_bytes | b_bytes) % 4 == 0) {
    copy_words<uint32_t>(device, a, a_bytes, b_bytes);
  } else {
    copy_words<uint16_t>(device, a, a_bytes, b_bytes);
  }
}

void split_rows(Device& any, const Split& s) {
  CudaDevice& device = cuda_device(any);
  const int64_t width = dtype_bytes(s.dtype);
  const int64_t a_bytes = s.a_columns * width, b_bytes = s.b_columns * width;
  if ((a_bytes | b_bytes) % 16 == 0) {
    part_words<int4>(device, s, a_bytes, b_bytes);
  } else if ((a_bytes | b_bytes) % 4 == 0) {
    part_words<uint32_t>(device, s, a_bytes, b_bytes);
  } else {
    part_words<uint16_t>(device, s, a_bytes, b_bytes);
  }
}

void map_reduce_rows(Device& any, const MapReduce& a) {
  CudaDevice& device = cuda_device(any);
  with_lanes(a.dtype, a.c, [&](auto element, auto lane) {
    using T = decltype(element);
    using V = decltype(lane);
    const int64_t groups = a.c / kWidth<V>;
    VMK_LAUNCH(device, (reduce_neighbors<T, V>), blocks(a.m * groups), kBlock, a, groups,
               device.data_errors());
  });
}

}  // namespace vmk
