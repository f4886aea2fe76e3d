#pragma once
// One channel, or four that are loaded and stored as 16 bytes: kernels over channels are templates
// of this and take float4 when the number of channels is a multiple of four.
#include "common.cuh"

namespace vmk {

template <class V>
constexpr int kWidth = static_cast<int>(sizeof(V) / sizeof(float));

// The v-th group of channels of a row with `groups` of them.
template <class V>
__device__ inline V load(const float* data, int64_t row, int64_t groups, int64_t v) {
  return reinterpret_cast<const V*>(data)[row * groups + v];
}
template <class V>
__device__ inline void store(float* data, int64_t row, int64_t groups, int64_t v, const V& value) {
  reinterpret_cast<V*>(data)[row * groups + v] = value;
}

// sum + weight * value
__device__ inline float add(float sum, float weight, float value) {
  return fmaf(weight, value, sum);
}
__device__ inline float4 add(const float4& sum, float weight, const float4& value) {
  return make_float4(fmaf(weight, value.x, sum.x), fmaf(weight, value.y, sum.y),
                     fmaf(weight, value.z, sum.z), fmaf(weight, value.w, sum.w));
}

// Calls run(V{}) with the widest V that rows of c channels are made of.
template <class F>
void with_width(int64_t c, F&& run) {
  if (c % 4 == 0) {
    run(float4{});
  } else {
    run(float{});
  }
}

}  // namespace vmk
