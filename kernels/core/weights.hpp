#pragma once
// The argument structs of weight gradients and of weight-sparse convolution.
#include <cstdint>

#include "voxmark.h"

namespace vmk {

struct WgradSettings {
  int32_t tile = -1;  // number in the backend's list, -1: its choice
  int64_t chunk = 0;  // 0: its choice
};
struct SparseConvWgrad {
  const void *feats, *grad_out;
  const int32_t* map;
  const int32_t* pairs;   // or nullptr
  const int64_t* starts;  // or nullptr
  void* grad_weight;
  int64_t n, m, kv, cin, cout, p;
  vmk_dtype dtype;      // of feats and grad_out
  vmk_dtype out_dtype;  // of grad_weight: f32, or dtype
  WgradSettings settings;
};
struct WeightTranspose {
  const void* weight;
  void* out;
  int64_t kv, cin, cout;
  vmk_dtype dtype;
};
// Packed weights: for every offset and 64 channels all columns, one row of 64 channels each, zeros
// where there are none; behind all of them as many rows as a tile may read past the last column.
struct WeightPack {
  static constexpr int64_t kChannels = 64, kTail = 256;

  const void* weight;
  void* out;
  int64_t kv, cin, cout;
  vmk_dtype dtype;

  static constexpr int64_t blocks(int64_t cin) { return (cin + kChannels - 1) / kChannels; }
  static constexpr int64_t columns(int64_t cout) { return (cout + 7) / 8 * 8; }
  static constexpr int64_t rows(int64_t kv, int64_t cin, int64_t cout) {
    return kv * blocks(cin) * columns(cout) + kTail;
  }
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
