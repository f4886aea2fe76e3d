#include "dense_kernels.hpp"

namespace vmk {
namespace {
constexpr int kWidth = 4;
typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

Vec load_tail(const float* from, int64_t n) {
  Vec x = {};
  for (int64_t i = 0; i < n; ++i) x[i] = from[i];
  return x;
}
void store_tail(float* to, Vec x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = x[i];
}
}  // namespace
}  // namespace vmk

#include "dense_kernels.inl"

const vmk::DenseKernels vmk::kDenseBaseline = vmk::kKernels;
