#include <immintrin.h>

#include "dense_kernels.hpp"

namespace vmk {
namespace {
constexpr int kWidth = 8;
typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

__m256i first(int64_t n) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(n)), lanes);
}
Vec load_tail(const float* from, int64_t n) {
  return reinterpret_cast<Vec>(_mm256_maskload_ps(from, first(n)));
}
void store_tail(float* to, Vec x, int64_t n) {
  _mm256_maskstore_ps(to, first(n), reinterpret_cast<__m256>(x));
}
}  // namespace
}  // namespace vmk

#include "dense_kernels.inl"

const vmk::DenseKernels vmk::kDenseAvx2 = vmk::kKernels;
