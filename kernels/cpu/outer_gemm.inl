// Included once per instruction set, after kWidth, kMaxVectors and kRows are defined as for
// row_gemm.inl. Everything is in an unnamed namespace, for the same reason as there.
//
// R rows by V registers of C stay in registers over all pairs of the block: per pair V loads of B
// and R broadcasts of A feed R * V multiply-adds. The sum of a block starts at zero and is added
// to C once, which keeps the rounding error of a gradient over 10^5 pairs near that of a block.

namespace vmk {
namespace {

typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

// Gathered rows lie anywhere: asks for a pair of them that is multiplied in the time of a read from
// memory.
void prefetch_pair(const OuterGemm& g, int64_t pair) {
  if (pair >= g.pairs) return;
  const float *a = g.a + g.a_rows[pair] * g.lda, *b = g.b + g.b_rows[pair] * g.ldb;
  for (int64_t i = 0; i < g.rows; i += 16) __builtin_prefetch(a + i);
  for (int64_t i = 0; i < g.n; i += 16) __builtin_prefetch(b + i);
}

template <int R, int V, bool Gathered>
void block(const OuterGemm& g, int64_t row, int64_t column) {
  constexpr int64_t kAhead = 8;
  Vec acc[R][V] = {};
  for (int64_t p = 0; p < g.pairs; ++p) {
    if (Gathered && row == 0 && column == 0) prefetch_pair(g, p + kAhead);
    const float* a = g.a + (Gathered ? g.a_rows[p] : p) * g.lda + row;
    const float* b = g.b + (Gathered ? g.b_rows[p] : p) * g.ldb + column;
    Vec bv[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) bv[v] = *reinterpret_cast<const Vec*>(b + v * kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float x = a[r];
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) acc[r][v] += bv[v] * x;
    }
  }
  float* c = g.c + row * g.ldc + column;
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r, c += g.ldc)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) *reinterpret_cast<Vec*>(c + v * kWidth) += acc[r][v];
}

template <int R, int V>
void block_of(int64_t rows, const OuterGemm& g, int64_t row, int64_t column) {
  if constexpr (R > 0) {
    if (rows == R && g.a_rows)
      block<R, V, true>(g, row, column);
    else if (rows == R)
      block<R, V, false>(g, row, column);
    else
      block_of<R - 1, V>(rows, g, row, column);
  }
}

// V registers wide, all rows, in blocks of equal height: 13 rows are 7 + 6, not 8 + 5.
template <int V>
void strip(const OuterGemm& g, int64_t column) {
  const int64_t blocks = (g.rows + kRows[V] - 1) / kRows[V];
  int64_t row = 0;
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t rows = (g.rows - row + blocks - i - 1) / (blocks - i);
    block_of<kRows[V], V>(rows, g, row, column);
    row += rows;
  }
}

template <int V>
void strip_of(int64_t vectors, const OuterGemm& g, int64_t column) {
  if constexpr (V > 0) {
    if (vectors == V)
      strip<V>(g, column);
    else
      strip_of<V - 1>(vectors, g, column);
  }
}

void outer_gemm(const OuterGemm& g) {
  const int64_t vectors = g.n / kWidth;
  const int64_t strips = (vectors + kMaxVectors - 1) / kMaxVectors;
  int64_t done = 0;
  for (int64_t s = 0; s < strips; ++s) {
    const int64_t width = (vectors - done + strips - s - 1) / (strips - s);
    strip_of<kMaxVectors>(width, g, done * kWidth);
    done += width;
  }
}

void pack_rows(const PackRows& p) {
  constexpr int64_t kAhead = 8;  // rows copied in the time of a read from memory
  for (int64_t i = 0; i < p.count; ++i) {
    if (i + kAhead < p.count) {
      const float* later = p.from + p.rows[i + kAhead] * p.channels;
      for (int64_t c = 0; c < p.channels; c += 16) __builtin_prefetch(later + c);
    }
    const float* from = p.from + p.rows[i] * p.channels;
    float* to = p.to + i * p.stride;
    int64_t c = 0;
    for (; c + kWidth <= p.channels; c += kWidth)
      *reinterpret_cast<Vec*>(to + c) = *reinterpret_cast<const Vec*>(from + c);
    for (; c < p.channels; ++c) to[c] = from[c];
  }
}

}  // namespace
}  // namespace vmk
