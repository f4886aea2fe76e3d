// affine.rows, concat.rows, map_reduce.rows - one thread an element, or four of them.
// Cost: bound by memory, one read of each input and one write of the output.
#include "activation.cuh"
#include "channels.cuh"
#include "dense.hpp"

namespace vmk {

namespace {

// x, residual and out may be one array: nothing here is __restrict__.
struct AffineRows {
  const float *x, *scale, *shift, *residual;
  float* out;
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
};

__device__ inline void set_all(float& value, float to) { value = to; }
__device__ inline void set_all(float4& value, float to) { value = make_float4(to, to, to, to); }

template <class V>
__device__ inline V load_or(const float* data, int64_t row, int64_t groups, int64_t v,
                            float otherwise) {
  V value;
  if (data) return load<V>(data, row, groups, v);
  set_all(value, otherwise);
  return value;
}

template <class V>
__global__ void __launch_bounds__(kBlock) scale_rows(AffineRows a, int64_t groups) {
  const int64_t at = thread_index();
  if (at >= a.n * groups) return;
  const int64_t row = at / groups, v = at % groups;
  const V x = load<V>(a.x, row, groups, v);
  const V scale = load_or<V>(a.scale, 0, groups, v, 1), shift = load_or<V>(a.shift, 0, groups, v, 0);
  store(a.out, row, groups, v, a.of(x, scale, shift, load_or<V>(a.residual, row, groups, v, 0)));
}

template <class V>
__global__ void __launch_bounds__(kBlock)
    copy_columns(Concat a, int64_t a_groups, int64_t b_groups) {
  const int64_t groups = a_groups + b_groups, at = thread_index();
  if (at >= a.n * groups) return;
  const int64_t row = at / groups, v = at % groups;
  const V value = v < a_groups ? load<V>(a.a, row, a_groups, v)
                               : load<V>(a.b, row, b_groups, v - a_groups);
  store(a.out, row, groups, v, value);
}

// NaN wins over every number.
__device__ inline float larger(float a, float b) { return b > a || b != b ? b : a; }
__device__ inline float4 larger(const float4& a, const float4& b) {
  return make_float4(larger(a.x, b.x), larger(a.y, b.y), larger(a.z, b.z), larger(a.w, b.w));
}
__device__ inline float divided(float a, float by) { return a / by; }
__device__ inline float4 divided(const float4& a, float by) {
  return make_float4(a.x / by, a.y / by, a.z / by, a.w / by);
}

// Neighbouring threads read neighbouring entries of the same row of the map from cache.
template <class V>
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
    const V x = load<V>(a.feats, row, groups, v);
    if (count++ == 0) {
      value = x;
    } else {
      value = a.reduce == VMK_REDUCE_MAX ? larger(value, x) : add(value, 1.0f, x);
    }
  }
  const bool mean = a.reduce == VMK_REDUCE_MEAN && count > 1;
  store(a.out, m, groups, v, mean ? divided(value, static_cast<float>(count)) : value);
}

}  // namespace

void affine_rows(Device& any, const Affine& a) {
  CudaDevice& device = cuda_device(any);
  const Epilogue& e = a.epilogue;
  const AffineRows rows{a.x, e.scale, e.shift, static_cast<const float*>(e.residual), a.out,
                        a.n, a.c,     e.activation, e.slope};
  with_width(a.c, [&](auto lane) {
    using V = decltype(lane);
    const int64_t groups = a.c / kWidth<V>;
    VMK_LAUNCH(device, scale_rows<V>, blocks(a.n * groups), kBlock, rows, groups);
  });
}

void concat_rows(Device& any, const Concat& a) {
  CudaDevice& device = cuda_device(any);
  // Both parts must be made of whole vectors, which their sum alone does not say.
  with_width(a.a_columns | a.b_columns, [&](auto lane) {
    using V = decltype(lane);
    const int64_t a_groups = a.a_columns / kWidth<V>, b_groups = a.b_columns / kWidth<V>;
    VMK_LAUNCH(device, copy_columns<V>, blocks(a.n * (a_groups + b_groups)), kBlock, a, a_groups,
               b_groups);
  });
}

void map_reduce_rows(Device& any, const MapReduce& a) {
  CudaDevice& device = cuda_device(any);
  with_width(a.c, [&](auto lane) {
    using V = decltype(lane);
    const int64_t groups = a.c / kWidth<V>;
    VMK_LAUNCH(device, reduce_neighbors<V>, blocks(a.m * groups), kBlock, a, groups,
               device.data_errors());
  });
}

}  // namespace vmk
