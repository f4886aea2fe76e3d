#pragma once
// A convolution as kernels get it: f32, with the epilogue that ends it.
#include "activation.cuh"

namespace vmk {

// act(scale * sum + shift + residual); what is not there is null.
struct ConvEnd {
  const float *scale, *shift, *residual;
  int activation;
  float slope;

  // T is float, or double where sums are. `at` is the element of the output, `column` its column.
  template <class T>
  __device__ float of(T sum, int64_t at, int64_t column) const {
    if (scale) sum *= scale[column];
    if (shift) sum += shift[column];
    if (residual) sum += residual[at];
    return static_cast<float>(activate(sum, activation, slope));
  }
};

struct Conv {
  const float *feats, *weight;
  const int32_t *map, *pairs;
  const int64_t* starts;
  float* out;
  int64_t n, m, kv, cin, cout, p;
  ConvEnd end;

  // Whether 16 bytes can be loaded and stored at a time.
  bool fours() const { return cin % 4 == 0 && cout % 4 == 0; }
};

inline Conv conv_of(const SparseConv& a) {
  const Epilogue& e = a.epilogue;
  return {static_cast<const float*>(a.feats),
          static_cast<const float*>(a.weight),
          a.map,
          a.pairs,
          a.starts,
          static_cast<float*>(a.out),
          a.n,
          a.m,
          a.kv,
          a.cin,
          a.cout,
          a.p,
          {e.scale, e.shift, static_cast<const float*>(e.residual), e.activation, e.slope}};
}

}  // namespace vmk
