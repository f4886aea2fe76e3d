#pragma once
// One channel, or as many as are loaded and stored as 16 bytes: four of f32, eight of bf16 or f16.
// Kernels over channels are templates of these floats V and of the type T in memory, and take the
// wide V when the number of channels is a multiple of it.
#include <type_traits>

#include "mma.cuh"

namespace vmk {

struct __align__(16) Float8 {
  float4 low, high;
};

template <class V>
constexpr int kWidth = static_cast<int>(sizeof(V) / sizeof(float));

__device__ inline Float8 load_eight(const float* from) {
  const auto* fours = reinterpret_cast<const float4*>(from);
  return {fours[0], fours[1]};
}
template <class T>
__device__ inline Float8 load_eight(const T* from) {
  const Pack<T, 8> eight = *reinterpret_cast<const Pack<T, 8>*>(from);
  float wide[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) wide[i] = to_float(eight.at[i]);
  return {make_float4(wide[0], wide[1], wide[2], wide[3]),
          make_float4(wide[4], wide[5], wide[6], wide[7])};
}
__device__ inline void store_eight(float* to, const Float8& value) {
  auto* fours = reinterpret_cast<float4*>(to);
  fours[0] = value.low;
  fours[1] = value.high;
}
template <class T>
__device__ inline void store_eight(T* to, const Float8& value) {
  const float wide[8] = {value.low.x,  value.low.y,  value.low.z,  value.low.w,
                         value.high.x, value.high.y, value.high.z, value.high.w};
  Pack<T, 8> eight;
#pragma unroll
  for (int i = 0; i < 8; ++i) from_float(wide[i], eight.at[i]);
  *reinterpret_cast<Pack<T, 8>*>(to) = eight;
}

// The v-th group of channels of a row with `groups` of them.
template <class V, class T>
__device__ inline V load(const T* data, int64_t row, int64_t groups, int64_t v) {
  const T* from = data + (row * groups + v) * kWidth<V>;
  if constexpr (kWidth<V> == 8) {
    return load_eight(from);
  } else if constexpr (kWidth<V> == 1) {
    return to_float(*from);
  } else {
    return *reinterpret_cast<const V*>(from);
  }
}
template <class V, class T>
__device__ inline void store(T* data, int64_t row, int64_t groups, int64_t v, const V& value) {
  T* to = data + (row * groups + v) * kWidth<V>;
  if constexpr (kWidth<V> == 8) {
    store_eight(to, value);
  } else if constexpr (kWidth<V> == 1) {
    from_float(value, *to);
  } else {
    *reinterpret_cast<V*>(to) = value;
  }
}

// sum + weight * value
__device__ inline float add(float sum, float weight, float value) {
  return fmaf(weight, value, sum);
}
__device__ inline float4 add(const float4& sum, float weight, const float4& value) {
  return make_float4(fmaf(weight, value.x, sum.x), fmaf(weight, value.y, sum.y),
                     fmaf(weight, value.z, sum.z), fmaf(weight, value.w, sum.w));
}
__device__ inline Float8 add(const Float8& sum, float weight, const Float8& value) {
  return {add(sum.low, weight, value.low), add(sum.high, weight, value.high)};
}

// Calls run(T{}, V{}) with the type of dtype and the widest V that rows of c of them are made of.
template <class F>
void with_lanes(vmk_dtype dtype, int64_t c, F&& run) {
  with_element(dtype, [&](auto element) {
    using Wide = std::conditional_t<sizeof(element) == 4, float4, Float8>;
    if (c % kWidth<Wide> == 0) {
      run(element, Wide{});
    } else {
      run(element, float{});
    }
  });
}

}  // namespace vmk
