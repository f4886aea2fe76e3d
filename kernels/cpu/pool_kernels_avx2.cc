#include <immintrin.h>

#include "pool_kernels.hpp"

namespace vmk {
namespace {
// 16 registers of 8.
constexpr int kWidth = 8;
constexpr int kMostSums = 12;
constexpr int64_t kAhead = 8;
typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

void stream(float* to, Vec value) { _mm256_stream_ps(to, reinterpret_cast<__m256>(value)); }
void fence() { _mm_sfence(); }
}  // namespace
}  // namespace vmk

#include "pool_kernels.inl"

const vmk::PoolKernels vmk::kPoolAvx2 = vmk::kKernels;
