// Included once per instruction set, after kWidth (floats a register) and kMaxVectors (registers
// of a row of C that are held at once) are defined. Everything is in an unnamed namespace: no
// inline function compiled for one instruction set may be picked for another by the linker.
//
// R rows by V registers of C stay in registers over the whole k loop: per step V loads of B and R
// broadcasts of A feed R * V multiply-adds.

namespace vmk {
namespace {

typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

template <int R, int V>
void block(const float* const* a, const float* b, int64_t ldb, float* const* c, int64_t k) {
  Vec acc[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) acc[r][v] = *reinterpret_cast<const Vec*>(c[r] + v * kWidth);
  for (int64_t p = 0; p < k; ++p, b += ldb) {
    Vec bv[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) bv[v] = *reinterpret_cast<const Vec*>(b + v * kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float x = a[r][p];
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) acc[r][v] += bv[v] * x;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) *reinterpret_cast<Vec*>(c[r] + v * kWidth) = acc[r][v];
}

template <int R, int V>
void tail(int64_t rows, const float* const* a, const float* b, int64_t ldb, float* const* c,
          int64_t k) {
  if constexpr (R > 0) {
    if (rows == R)
      block<R, V>(a, b, ldb, c, k);
    else
      tail<R - 1, V>(rows, a, b, ldb, c, k);
  }
}

// Gathered rows lie anywhere: asks for those of a later block while this one is computed.
void prefetch_rows(const RowGemm& g, int64_t begin, int64_t end) {
  if (end > g.rows) end = g.rows;
  for (int64_t i = begin; i < end; ++i) {
    const float* row = g.a + int64_t{g.a_rows[i]} * g.lda;
    for (int64_t p = 0; p < g.k; p += 16) __builtin_prefetch(row + p);
  }
}

// V registers wide, all rows.
template <int V>
void strip(const RowGemm& g, int64_t column) {
  constexpr int R = kRows[V];
  const float* b = g.b + column;
  const float* a[R];
  float* c[R];
  for (int64_t i = 0; i < g.rows; i += R) {
    const int64_t rows = g.rows - i < R ? g.rows - i : R;
    for (int64_t r = 0; r < rows; ++r) {
      a[r] = g.a + (g.a_rows ? int64_t{g.a_rows[i + r]} : i + r) * g.lda;
      c[r] = g.c + (g.c_rows ? int64_t{g.c_rows[i + r]} : i + r) * g.ldc + column;
    }
    if (g.a_rows && column == 0) prefetch_rows(g, i + R, i + 2 * R);
    if (rows == R)
      block<R, V>(a, b, g.ldb, c, g.k);
    else
      tail<R - 1, V>(rows, a, b, g.ldb, c, g.k);
  }
}

template <int V>
void strip_of(int64_t vectors, const RowGemm& g, int64_t column) {
  if constexpr (V > 0) {
    if (vectors == V)
      strip<V>(g, column);
    else
      strip_of<V - 1>(vectors, g, column);
  }
}

void row_gemm(const RowGemm& g) {
  // Strips of equal width: 5 registers are 3 + 2, not 4 + 1.
  const int64_t vectors = g.n / kWidth;
  const int64_t strips = (vectors + kMaxVectors - 1) / kMaxVectors;
  int64_t done = 0;
  for (int64_t s = 0; s < strips; ++s) {
    const int64_t width = (vectors - done + strips - s - 1) / (strips - s);
    strip_of<kMaxVectors>(width, g, done * kWidth);
    done += width;
  }
}

#if !defined(VMK_OWN_LIST_PRESENT)
int64_t list_present(const int32_t* rows, int64_t n, int32_t* values, int32_t* positions,
                     int32_t* most) {
  int64_t count = 0;
  int32_t largest = -1;
  for (int64_t i = 0; i < n; ++i) {
    const int32_t row = rows[i];
    largest = row > largest ? row : largest;
    values[count] = row;
    positions[count] = static_cast<int32_t>(i);
    count += row >= 0;  // no branch: whether a neighbour exists cannot be predicted
  }
  *most = largest;
  return count;
}
#endif

#if !defined(VMK_OWN_F16)
void widen_f16(const uint16_t* from, float* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = f16_to_f32(from[i]);
}
void narrow_f16(const float* from, uint16_t* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = f32_to_f16(from[i]);
}
#endif

void widen(const uint16_t* from, vmk_dtype dtype, float* to, int64_t n) {
  if (dtype == VMK_F16) return widen_f16(from, to, n);
  for (int64_t i = 0; i < n; ++i) to[i] = bf16_to_f32(from[i]);
}

void narrow(const float* from, vmk_dtype dtype, uint16_t* to, int64_t n) {
  if (dtype == VMK_F16) return narrow_f16(from, to, n);
  for (int64_t i = 0; i < n; ++i) to[i] = f32_to_bf16(from[i]);
}

void add_widened(const uint16_t* from, vmk_dtype dtype, float weight, float* sum, int64_t n) {
  constexpr int64_t kPiece = 64;
  float wide[kPiece];
  for (int64_t at = 0; at < n; at += kPiece) {
    const int64_t count = n - at < kPiece ? n - at : kPiece;
    widen(from + at, dtype, wide, count);
    for (int64_t i = 0; i < count; ++i) sum[at + i] += weight * wide[i];
  }
}

// One row in place: sums become outputs. A comparison that NaN fails leaves NaN alone.
void finish_row(const Finish& f, const float* residual, float* row) {
  const int64_t n = f.cout;
  if (f.scale)
    for (int64_t o = 0; o < n; ++o) row[o] = row[o] * f.scale[o] + f.shift[o];
  if (residual)
    for (int64_t o = 0; o < n; ++o) row[o] += residual[o];
  if (f.activation == VMK_ACT_RELU)
    for (int64_t o = 0; o < n; ++o) row[o] = row[o] < 0 ? 0 : row[o];
  else if (f.activation == VMK_ACT_LEAKY_RELU)
    for (int64_t o = 0; o < n; ++o) row[o] = row[o] < 0 ? row[o] * f.slope : row[o];
}

void finish(const Finish& f) {
  // Rows are finished in pieces that fit this buffer; it also holds a widened residual.
  constexpr int64_t kPiece = 512;
  float sums[kPiece], extra[kPiece];
  for (int64_t m = 0; m < f.rows; ++m)
    for (int64_t from = 0; from < f.cout; from += kPiece) {
      Finish piece = f;
      piece.cout = f.cout - from < kPiece ? f.cout - from : kPiece;
      if (f.scale) piece.scale += from, piece.shift += from;
      const int64_t at = m * f.cout + from;
      const float* source = f.sums + m * f.ld + from;
      const float* residual = static_cast<const float*>(f.residual);
      if (f.dtype == VMK_F32) {
        float* row = static_cast<float*>(f.out) + at;
        if (row != source)
          for (int64_t o = 0; o < piece.cout; ++o) row[o] = source[o];
        finish_row(piece, residual ? residual + at : nullptr, row);
        continue;
      }
      for (int64_t o = 0; o < piece.cout; ++o) sums[o] = source[o];
      if (residual)
        widen(static_cast<const uint16_t*>(f.residual) + at, f.dtype, extra, piece.cout);
      finish_row(piece, residual ? extra : nullptr, sums);
      narrow(sums, f.dtype, static_cast<uint16_t*>(f.out) + at, piece.cout);
    }
}

double fma_burst(int64_t rounds, float* sink) {
  constexpr int kChains = kMaxVectors * kRows[kMaxVectors];
  Vec acc[kChains];
  Vec x, y;
  for (int i = 0; i < kWidth; ++i) {
    x[i] = 0.999f;
    y[i] = 1e-3f;
  }
#pragma GCC unroll 32
  for (int i = 0; i < kChains; ++i) acc[i] = y * static_cast<float>(i);  // no two chains alike
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 32
    for (int i = 0; i < kChains; ++i) acc[i] = acc[i] * x + y;
  }
  Vec sum = acc[0];
  for (int i = 1; i < kChains; ++i) sum += acc[i];
  for (int i = 0; i < kWidth; ++i) *sink += sum[i];
  return 2.0 * kWidth * kChains * static_cast<double>(rounds);
}

}  // namespace
}  // namespace vmk
