#pragma once
// Arguments and variant tables of the dense helpers: what a network needs beside convolutions.
#include "internal.hpp"

namespace vmk {

struct Linear {
  const float *x, *weight;
  float* out;
  int64_t n, k, m;
  Epilogue epilogue;
};
struct Affine {
  const float* x;
  float* out;
  int64_t n, c;
  Epilogue epilogue;
};
struct LayerNorm {
  const float *x, *gamma, *beta;
  float* out;
  int64_t n, c;
  float epsilon;
};
struct Softmax {
  const float* x;
  float* out;
  int64_t n, c;
};
struct Concat {
  const float *a, *b;
  float* out;
  int64_t n, a_columns, b_columns;
};
struct MapReduce {
  const float* feats;
  const int32_t* map;
  float* out;
  int64_t n, m, kv, c;
  int32_t reduce;
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
extern const Variants<MapReduce> kMapReduce;
extern const Variants<GridVoxelize> kGridVoxelize;

}  // namespace vmk
