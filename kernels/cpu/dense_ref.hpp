#pragma once
// The epilogue in double, for the references.
#include <cmath>

#include "dense.hpp"

namespace vmk {

inline double finish_in_double(const Epilogue& e, double x, int64_t row, int64_t column,
                               int64_t columns) {
  if (e.scale) x *= e.scale[column];
  if (e.shift) x += e.shift[column];
  if (e.residual) x += static_cast<const float*>(e.residual)[row * columns + column];
  if (e.activation == VMK_ACT_RELU) return x < 0 ? 0 : x;
  if (e.activation == VMK_ACT_LEAKY_RELU) return x < 0 ? x * e.slope : x;
  if (e.activation == VMK_ACT_GELU) return x * 0.5 * std::erfc(-x * std::sqrt(0.5));
  return x;
}

}  // namespace vmk
