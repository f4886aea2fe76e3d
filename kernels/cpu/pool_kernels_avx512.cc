#include <immintrin.h>

#include "pool_kernels.hpp"

namespace vmk {
namespace {
// 32 registers of 16.
constexpr int kWidth = 16;
constexpr int kMostSums = 16;
constexpr int64_t kAhead = 8;
typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

void stream(float* to, Vec value) { _mm512_stream_ps(to, reinterpret_cast<__m512>(value)); }
void fence() { _mm_sfence(); }
}  // namespace
}  // namespace vmk

#include "pool_kernels.inl"

const vmk::PoolKernels vmk::kPoolAvx512 = vmk::kKernels;
