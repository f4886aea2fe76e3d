// 8-bit products by dot-product instructions, see int8_gemm.hpp.
#include "int8_gemm.hpp"

#include <immintrin.h>

namespace vmk {

namespace {

constexpr int kWidth = 16;
constexpr int kMaxVectors = 4;
constexpr int kRows[] = {0, 8, 8, 8, 6};

// R rows by V registers of C stay in registers over the whole k loop.
template <int R, int V>
void block(const int8_t* const* a, const int32_t* excess, const uint32_t* b, int64_t ldb,
           int32_t* const* c, int64_t k) {
  __m512i acc[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v)
      acc[r][v] = _mm512_sub_epi32(_mm512_loadu_si512(c[r] + v * kWidth),
                                   _mm512_set1_epi32(excess[r]));
  for (int64_t p = 0; p < k; p += 4, b += ldb) {
    __m512i bv[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) bv[v] = _mm512_loadu_si512(b + v * kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      int32_t four;
      __builtin_memcpy(&four, a[r] + p, 4);
      const __m512i x = _mm512_set1_epi32(four);
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) acc[r][v] = _mm512_dpbusd_epi32(acc[r][v], bv[v], x);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) _mm512_storeu_si512(c[r] + v * kWidth, acc[r][v]);
}

template <int R, int V>
void tail(int64_t rows, const int8_t* const* a, const int32_t* excess, const uint32_t* b,
          int64_t ldb, int32_t* const* c, int64_t k) {
  if constexpr (R > 0) {
    if (rows == R)
      block<R, V>(a, excess, b, ldb, c, k);
    else
      tail<R - 1, V>(rows, a, excess, b, ldb, c, k);
  }
}

template <int V>
void strip(const RowGemmInt8& g, int64_t column) {
  constexpr int R = kRows[V];
  const int8_t* a[R];
  int32_t* c[R];
  int32_t excess[R];
  for (int64_t i = 0; i < g.rows; i += R) {
    const int64_t rows = g.rows - i < R ? g.rows - i : R;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = g.a_rows[i + r];
      a[r] = g.a + row * g.k;
      excess[r] = g.excess[row];
      c[r] = g.c + int64_t{g.c_rows[i + r]} * g.n + column;
    }
    // Gathered rows lie anywhere: asks for those of a later block while this one is computed.
    for (int64_t r = i + R; column == 0 && r < g.rows && r < i + 2 * R; ++r)
      for (int64_t p = 0; p < g.k; p += 64)
        __builtin_prefetch(g.a + int64_t{g.a_rows[r]} * g.k + p);
    tail<R, V>(rows, a, excess, g.b + column, g.n, c, g.k);
  }
}

template <int V>
void strip_of(int64_t vectors, const RowGemmInt8& g, int64_t column) {
  if constexpr (V > 0) {
    if (vectors == V)
      strip<V>(g, column);
    else
      strip_of<V - 1>(vectors, g, column);
  }
}

}  // namespace

bool has_int8_dot(Isa isa) { return isa == kAvx512 && __builtin_cpu_supports("avx512vnni"); }

void pack_int8(const int8_t* weight, int64_t k, int64_t cout, int64_t columns, uint32_t* to) {
  const __m512i sign = _mm512_set1_epi32(static_cast<int32_t>(0x80808080u));
  for (int64_t i = 0; i < k; i += 4, to += columns)
    for (int64_t o = 0; o < columns; o += kWidth) {
      const int64_t left = cout - o;
      const auto valid = static_cast<__mmask16>(left >= kWidth ? 0xffff : (1u << left) - 1);
      __m512i word = sign;
      for (int64_t s = 0; s < 4; ++s) {
        const __m128i row = _mm_maskz_loadu_epi8(valid, weight + (i + s) * cout + o);
        word = _mm512_xor_si512(
            word, _mm512_slli_epi32(_mm512_cvtepu8_epi32(row), static_cast<unsigned>(8 * s)));
      }
      _mm512_storeu_si512(to + o, word);
    }
}

void row_gemm_int8(const RowGemmInt8& g) {
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
