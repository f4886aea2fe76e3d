#include <immintrin.h>

#include "dense_kernels.hpp"

namespace vmk {
namespace {
constexpr int kWidth = 16;
typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

__mmask16 first(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
Vec load_tail(const float* from, int64_t n) {
  return reinterpret_cast<Vec>(_mm512_maskz_loadu_ps(first(n), from));
}
void store_tail(float* to, Vec x, int64_t n) {
  _mm512_mask_storeu_ps(to, first(n), reinterpret_cast<__m512>(x));
}
}  // namespace
}  // namespace vmk

#include "dense_kernels.inl"

const vmk::DenseKernels vmk::kDenseAvx512 = vmk::kKernels;
