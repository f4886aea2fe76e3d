#pragma once
// C[c_rows] += A[a_rows] * B in 8-bit integers, summed exactly in 32 bits, by the dot-product
// instructions that take four steps of k at once. They multiply unsigned by signed bytes: B holds
// weights + 128, and 128 times the sum of the row of A is taken off.
#include <cstdint>

#include "device.hpp"

namespace vmk {

struct RowGemmInt8 {
  const int8_t* a;  // rows k apart
  const int32_t* a_rows;
  const int32_t* excess;  // of each row of A: 128 times its sum
  const uint32_t* b;      // [k / 4, n] of pack_int8
  int32_t* c;             // rows n apart
  const int32_t* c_rows;
  int64_t rows, k, n;  // k is a multiple of 4, n of kColumnPad
};

#if defined(__x86_64__)
bool has_int8_dot(Isa isa);
// Weights [k, cout] as the product wants them: four rows side by side, plus 128, in `columns`.
void pack_int8(const int8_t* weight, int64_t k, int64_t cout, int64_t columns, uint32_t* to);
void row_gemm_int8(const RowGemmInt8& g);
#endif

}  // namespace vmk
