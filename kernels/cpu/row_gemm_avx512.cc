#include <immintrin.h>

#include "row_gemm.hpp"

namespace vmk {
namespace {
// 32 registers of 16: at most 24 of C, 4 of B, 1 of A.
constexpr int kWidth = 16;
constexpr int kMaxVectors = 4;
constexpr int kRows[] = {0, 8, 8, 8, 6};

// Sixteen at a time. Compressed in a register and stored whole: the form of the instruction that
// stores to memory is microcoded on Zen.
int64_t list_present(const int32_t* rows, int64_t n, int32_t* values, int32_t* positions,
                     int32_t* most) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i none = _mm512_set1_epi32(-1);
  __m512i largest = none;
  int64_t count = 0;
  for (int64_t i = 0; i < n; i += 16) {
    const int64_t left = n - i;
    const auto valid = static_cast<__mmask16>(left >= 16 ? 0xffff : (1u << left) - 1);
    const __m512i row = _mm512_mask_loadu_epi32(none, valid, rows + i);
    const __mmask16 present = _mm512_cmpgt_epi32_mask(row, none);
    const __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int32_t>(i)));
    largest = _mm512_max_epi32(largest, row);
    _mm512_storeu_si512(values + count, _mm512_maskz_compress_epi32(present, row));
    _mm512_storeu_si512(positions + count, _mm512_maskz_compress_epi32(present, at));
    count += __builtin_popcount(present);
  }
  *most = _mm512_reduce_max_epi32(largest);
  return count;
}

void widen_f16(const uint16_t* from, float* to, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    const auto valid = static_cast<__mmask16>(n - i >= 16 ? 0xffff : (1u << (n - i)) - 1);
    const __m256i half = _mm256_maskz_loadu_epi16(valid, from + i);
    _mm512_mask_storeu_ps(to + i, valid, _mm512_cvtph_ps(half));
  }
}
void narrow_f16(const float* from, uint16_t* to, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    const auto valid = static_cast<__mmask16>(n - i >= 16 ? 0xffff : (1u << (n - i)) - 1);
    const __m512 value = _mm512_maskz_loadu_ps(valid, from + i);
    _mm256_mask_storeu_epi16(to + i, valid, _mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
  }
}
}  // namespace
}  // namespace vmk

#define VMK_OWN_LIST_PRESENT
#define VMK_OWN_F16
#include "half.inl"
#include "row_gemm.inl"

const vmk::SimdKernels vmk::kSimdAvx512 = {
    vmk::row_gemm,    vmk::finish,       vmk::widen,    vmk::narrow,
    vmk::add_widened, vmk::list_present, vmk::fma_burst};
