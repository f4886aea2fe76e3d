// bf16 products by dot-product instructions: two steps of k at once, sums in f32.
#include <immintrin.h>

#include "row_gemm.hpp"

namespace vmk {

namespace {

constexpr int kWidth = 16;
constexpr int kMaxVectors = 4;
constexpr int kRows[] = {0, 8, 8, 8, 6};

template <int R, int V>
void block(const uint16_t* const* a, const uint32_t* b, int64_t ldb, float* const* c, int64_t k) {
  __m512 acc[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) acc[r][v] = _mm512_loadu_ps(c[r] + v * kWidth);
  for (int64_t p = 0; p < k; p += 2, b += ldb) {
    __m512bh bv[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) bv[v] = (__m512bh)_mm512_loadu_si512(b + v * kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      int32_t pair;
      __builtin_memcpy(&pair, a[r] + p, 4);
      const __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) acc[r][v] = _mm512_dpbf16_ps(acc[r][v], bv[v], x);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) _mm512_storeu_ps(c[r] + v * kWidth, acc[r][v]);
}

template <int R, int V>
void tail(int64_t rows, const uint16_t* const* a, const uint32_t* b, int64_t ldb, float* const* c,
          int64_t k) {
  if constexpr (R > 0) {
    if (rows == R)
      block<R, V>(a, b, ldb, c, k);
    else
      tail<R - 1, V>(rows, a, b, ldb, c, k);
  }
}

template <int V>
void strip(const RowGemmBf16& g, int64_t column) {
  constexpr int R = kRows[V];
  const uint16_t* a[R];
  float* c[R];
  for (int64_t i = 0; i < g.rows; i += R) {
    const int64_t rows = g.rows - i < R ? g.rows - i : R;
    for (int64_t r = 0; r < rows; ++r) {
      a[r] = g.a + int64_t{g.a_rows[i + r]} * g.lda;
      c[r] = g.c + int64_t{g.c_rows[i + r]} * g.ldc + column;
    }
    for (int64_t r = i + R; column == 0 && r < g.rows && r < i + 2 * R; ++r)
      for (int64_t p = 0; p < g.k; p += 32)
        __builtin_prefetch(g.a + int64_t{g.a_rows[r]} * g.lda + p);
    tail<R, V>(rows, a, g.b + column, g.n, c, g.k);
  }
}

template <int V>
void strip_of(int64_t vectors, const RowGemmBf16& g, int64_t column) {
  if constexpr (V > 0) {
    if (vectors == V)
      strip<V>(g, column);
    else
      strip_of<V - 1>(vectors, g, column);
  }
}

}  // namespace

bool has_fast_bf16_dot(Isa isa) {
  return isa == kAvx512 && __builtin_cpu_supports("avx512bf16") && !__builtin_cpu_is("intel");
}

void row_gemm_bf16(const RowGemmBf16& g) {
  const int64_t vectors = g.n / kWidth;
  const int64_t strips = (vectors + kMaxVectors - 1) / kMaxVectors;
  int64_t done = 0;
  for (int64_t s = 0; s < strips; ++s) {
    const int64_t width = (vectors - done + strips - s - 1) / (strips - s);
    strip_of<kMaxVectors>(width, g, done * kWidth);
    done += width;
  }
}

}  // namespace vmk
