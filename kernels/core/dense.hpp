#pragma once
// Arguments and variant tables of the dense helpers: what a network needs beside convolutions.
#include "internal.hpp"

namespace vmk {

struct Linear {
  const void *x, *weight;
  void* out;
  int64_t n, k, m;
  vmk_dtype dtype;  // of x, weight, residual and out
  Epilogue epilogue;
};
struct Affine {
  const void* x;
  void* out;
  int64_t n, c;
  vmk_dtype dtype;  // of x, residual and out
  Epilogue epilogue;
};
struct LayerNorm {
  const void* x;
  const float *gamma, *beta;
  void* out;
  int64_t n, c;
  float epsilon;
  vmk_dtype dtype;  // of x and out
};
struct Softmax {
  const void* x;
  void* out;
  int64_t n, c;
  vmk_dtype dtype;
};
struct Concat {
  const void *a, *b;
  void* out;
  int64_t n, a_columns, b_columns;
  vmk_dtype dtype;
};
struct Split {
  const void* x;
  void *a, *b;
  int64_t n, a_columns, b_columns;
  vmk_dtype dtype;
};
struct Attention {
  const float *query, *key, *value;
  const int32_t *query_rows, *key_rows;  // [groups, queries], [groups, keys]
  const float *pad_key, *pad_value, *bias, *mask;  // or nullptr
  float* out;
  int64_t n, m, c, heads, groups, queries, keys, masks;  // m rows of key and value

  int64_t width() const { return c / heads; }
};
struct MapReduce {
  const void* feats;
  const int32_t* map;
  void* out;
  int64_t n, m, kv, c;
  int32_t reduce;
  vmk_dtype dtype;  // of feats and out
};
struct GridVoxelize {
  const float* positions;
  int32_t *order, *starts, *cell, *index;
  float *share, *weight;
  int64_t n, batches;
  int32_t resolution;

  int64_t cells() const { return batches * resolution * resolution * resolution; }
};

extern const Variants<Linear> kLinear;
extern const Variants<Affine> kAffine;
extern const Variants<LayerNorm> kLayerNorm;
extern const Variants<Softmax> kSoftmax;
extern const Variants<Concat> kConcat;
extern const Variants<Split> kSplit;
extern const Variants<Attention> kAttention;
extern const Variants<MapReduce> kMapReduce;
extern const Variants<GridVoxelize> kGridVoxelize;

}  // namespace vmk
