#pragma once
// The activations of the epilogues, in float or double. Comparisons this way round keep a NaN.
#include <cmath>

#include "common.cuh"

namespace vmk {

template <class T>
__device__ inline T activate(T x, int activation, float slope) {
  if (activation == VMK_ACT_RELU) return x < 0 ? 0 : x;
  if (activation == VMK_ACT_LEAKY_RELU) return x < 0 ? x * slope : x;
  // erfc and not 1 + erf: no digits are lost in the tail.
  if (activation == VMK_ACT_GELU) {
    constexpr T kRootHalf = static_cast<T>(0.70710678118654752440);
    return x * static_cast<T>(0.5) * erfc(-x * kRootHalf);
  }
  return x;
}

}  // namespace vmk
