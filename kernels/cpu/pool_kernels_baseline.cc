#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "pool_kernels.hpp"

namespace vmk {
namespace {
// 16 registers of 4, on x86-64 and arm64 alike.
constexpr int kWidth = 4;
constexpr int kMostSums = 12;
constexpr int64_t kAhead = 8;
typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

#if defined(__x86_64__)
void stream(float* to, Vec value) { _mm_stream_ps(to, reinterpret_cast<__m128>(value)); }
void fence() { _mm_sfence(); }
#else
void stream(float* to, Vec value) { *reinterpret_cast<Vec*>(to) = value; }
void fence() {}
#endif
}  // namespace
}  // namespace vmk

#include "pool_kernels.inl"

const vmk::PoolKernels vmk::kPoolBaseline = vmk::kKernels;
