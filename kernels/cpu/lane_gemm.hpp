#pragma once
// The micro-kernel of weight-sparse convolutions: C[c_rows] += A[a_rows] * B with B sparse. Pairs
// are the lanes of a register, so that a weight costs one multiply-add for as many pairs as a
// register has lanes. Compiled once per instruction set from lane_gemm.inl.
#include <cstdint>

#include "device.hpp"

namespace vmk {

struct SparseEntry {
  float weight;
  int32_t row;  // of B
};

// A column of B: its entries follow those of the column listed before it.
struct SparseColumn {
  int32_t column, entries;
};

struct LaneGemm {
  const float* a;
  int64_t lda;
  const int32_t* a_rows;
  const SparseColumn* columns;  // every column of B once, in any order
  int64_t column_count;
  const SparseEntry* entries;
  int64_t entry_count;
  float* c;  // [.., n]
  int64_t n;
  const int32_t* c_rows;  // no row twice
  int64_t pairs, k;       // n is a multiple of kColumnPad
  const int32_t* next_rows;  // of A that the next call reads: asked for during this one
  int64_t next_pairs;
  float *a_lanes, *c_lanes;  // scratch of lane_floats(k) and lane_floats(n), the latter once filled
};

// Lanes of the widest group of pairs that any kernel takes at a time.
constexpr int64_t kMostLanes = 64;

inline int64_t lane_floats(int64_t channels) { return (channels + 15) / 16 * 16 * kMostLanes; }

using LaneGemmKernel = void (*)(const LaneGemm&);

extern const LaneGemmKernel kLaneGemmBaseline;
#if defined(__x86_64__)
extern const LaneGemmKernel kLaneGemmAvx2;
extern const LaneGemmKernel kLaneGemmAvx512;
#endif

inline LaneGemmKernel lane_gemm_kernel(Isa isa) {
#if defined(__x86_64__)
  if (isa == kAvx512) return kLaneGemmAvx512;
  if (isa == kAvx2) return kLaneGemmAvx2;
#endif
  (void)isa;
  return kLaneGemmBaseline;
}

}  // namespace vmk
