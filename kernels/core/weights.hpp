#pragma once
// The argument structs of weight gradients and of weight-sparse convolution.
#include <cstdint>

namespace vmk {

struct SparseConvWgrad {
  const float *feats, *grad_out;
  const int32_t* map;
  const int32_t* pairs;   // or nullptr
  const int64_t* starts;  // or nullptr
  float* grad_weight;
  int64_t n, m, kv, cin, cout, p;
};
struct WeightTranspose {
  const float* weight;
  float* out;
  int64_t kv, cin, cout;
};
struct WeightCount {
  const float* weight;
  int64_t* starts;
  int64_t kv, cin, cout;
};
struct WeightCompress {
  const float* weight;
  const int64_t* starts;
  int32_t* index;
  float* value;
  int64_t kv, cin, cout, nonzeros;
};
struct SparseConvWs {
  const float* feats;
  const int64_t* starts;
  const int32_t* index;
  const float* value;
  const int32_t* map;
  float* out;
  int64_t n, m, kv, cin, cout, nonzeros;
};

}  // namespace vmk
