#pragma once
// Arguments and variant table of the 8-bit convolution.
#include "internal.hpp"

namespace vmk {

struct SparseConvInt8 {
  const int8_t *feats, *weight;
  const int32_t* map;
  const float *scale, *shift;  // [cout]; shift may be nullptr
  const void* residual;        // or nullptr; of dtype
  void* out;                   // of dtype: f32 or i8
  int64_t n, m, kv, cin, cout;
  vmk_dtype dtype;
  int32_t activation;
  float slope;
};

extern const Variants<SparseConvInt8> kSparseConvInt8;

}  // namespace vmk
