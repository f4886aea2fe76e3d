// Included once per instruction set, after kWidth (floats a register) is defined. Everything is
// in an unnamed namespace: no inline function compiled for one instruction set may be picked for
// another by the linker.
//
// A group is V registers of pairs. Its rows of A are transposed in registers into [k][V * kWidth],
// which stays in level-1 cache; each column of B is summed in V registers, one broadcast weight
// and V multiply-adds an entry; the sums are transposed back and added to the rows of C.
#include <utility>

namespace vmk {
namespace {

typedef float Vec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

#if !defined(VMK_OWN_TRANSPOSE)
// One step of the transposition of kWidth registers: bit S of the register number changes places
// with bit S of the lane number.
template <int S, int... E>
[[gnu::always_inline]] inline void exchange(Vec& a, Vec& b, std::integer_sequence<int, E...>) {
  const Vec low = __builtin_shufflevector(a, b, ((E & S) ? kWidth + E - S : E)...);
  b = __builtin_shufflevector(a, b, ((E & S) ? kWidth + E : E + S)...);
  a = low;
}

template <int S = 1>
[[gnu::always_inline]] inline void transpose_all(Vec (&r)[kWidth]) {
  if constexpr (S < kWidth) {
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i)
      if (!(i & S)) exchange<S>(r[i], r[i | S], std::make_integer_sequence<int, kWidth>{});
    transpose_all<S * 2>(r);
  }
}
#endif

Vec load_part(const float* from, int64_t count) {
  Vec v = {};
  for (int64_t i = 0; i < count; ++i) v[i] = from[i];
  return v;
}

// The row of A that is needed `V * kWidth` pairs after pair i of this group.
const float* row_ahead(const LaneGemm& g, int64_t i) {
  if (i < g.pairs) return g.a + g.a_rows[i] * g.lda;
  i -= g.pairs;
  return i < g.next_pairs ? g.a + g.next_rows[i] * g.lda : nullptr;
}

// kWidth rows of A into a column of blocks of a_lanes; lanes without a pair repeat the last one.
// Gathered rows lie anywhere: those of the next group are asked for on the way.
template <int V>
void load_lanes(const LaneGemm& g, int64_t first, float* to) {
  const float *rows[kWidth], *ahead[kWidth];
  for (int i = 0; i < kWidth; ++i) {
    rows[i] = g.a + g.a_rows[first + i < g.pairs ? first + i : g.pairs - 1] * g.lda;
    ahead[i] = row_ahead(g, first + V * kWidth + i);
    if (!ahead[i]) ahead[i] = rows[i];
  }
  for (int64_t c = 0; c < g.k; c += kWidth) {
    Vec r[kWidth];
    if (c + kWidth <= g.k) {
#pragma GCC unroll 16
      for (int i = 0; i < kWidth; ++i) r[i] = *reinterpret_cast<const Vec*>(rows[i] + c);
    } else {
      for (int i = 0; i < kWidth; ++i) r[i] = load_part(rows[i] + c, g.k - c);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i) __builtin_prefetch(ahead[i] + c);
    transpose_all(r);
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i)
      *reinterpret_cast<Vec*>(to + (c + i) * V * kWidth) = r[i];
  }
}

template <int V>
void add_lanes(const LaneGemm& g, int64_t first, const float* from) {
  const int64_t left = g.pairs - first;
  float* rows[kWidth];
  for (int i = 0; i < kWidth; ++i) rows[i] = g.c + g.c_rows[i < left ? first + i : first] * g.n;
  for (int64_t c = 0; c < g.n; c += kWidth) {
    Vec r[kWidth];
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i)
      r[i] = *reinterpret_cast<const Vec*>(from + (c + i) * V * kWidth);
    transpose_all(r);
    if (left >= kWidth) {
#pragma GCC unroll 16
      for (int i = 0; i < kWidth; ++i) *reinterpret_cast<Vec*>(rows[i] + c) += r[i];
    } else {
      for (int i = 0; i < left; ++i) *reinterpret_cast<Vec*>(rows[i] + c) += r[i];
    }
  }
}

template <int V>
void multiply(const LaneGemm& g) {
  const SparseEntry* entry = g.entries;
  for (int64_t i = 0; i < g.column_count; ++i) {
    Vec acc[V] = {};
    const SparseEntry* end = entry + g.columns[i].entries;
    for (; entry != end; ++entry) {
      const float* x = g.a_lanes + int64_t{entry->row} * V * kWidth;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
        acc[v] += *reinterpret_cast<const Vec*>(x + v * kWidth) * entry->weight;
    }
    float* y = g.c_lanes + int64_t{g.columns[i].column} * V * kWidth;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) *reinterpret_cast<Vec*>(y + v * kWidth) = acc[v];
  }
}

template <int V>
void group(const LaneGemm& g, int64_t first) {
  for (int v = 0; v < V; ++v)
    load_lanes<V>(g, first + v * kWidth, g.a_lanes + v * kWidth);
  multiply<V>(g);
  for (int v = 0; v < V; ++v) add_lanes<V>(g, first + v * kWidth, g.c_lanes + v * kWidth);
}

// Registers of pairs in a group: few weights a column do not repay the level-1 cache that more
// lanes take, and the lanes of A should fill no more than two thirds of 48 kB.
int64_t widest(const LaneGemm& g) {
  const int64_t worth = 1 + g.entry_count / (4 * g.column_count);
  const int64_t fit = (int64_t{1} << 13) / (g.k * kWidth);
  const int64_t most = worth < fit ? worth : fit;
  return most < 1 ? 1 : most > 4 ? 4 : most;
}

void lane_gemm(const LaneGemm& g) {
  const int64_t most = widest(g);
  for (int64_t first = 0; first < g.pairs;) {
    const int64_t need = (g.pairs - first + kWidth - 1) / kWidth;
    const int64_t v = need < most ? need : most;
    if (v == 1) group<1>(g, first);
    if (v == 2) group<2>(g, first);
    if (v == 3) group<3>(g, first);
    if (v == 4) group<4>(g, first);
    first += v * kWidth;
  }
}

}  // namespace
}  // namespace vmk
