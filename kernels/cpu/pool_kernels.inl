// Included once per instruction set, after Vec (kWidth floats), kMostSums (registers of sums held
// at once), stream() and fence() are defined. All in an unnamed namespace, as in row_gemm.inl.
//
// The columns of a row are taken as V registers from `column` on. Where c is no multiple of the
// width, the last register is moved back to end at column c: its first lanes do the work of its
// neighbour again, with the same result.

#include "half.inl"
#include "half_vectors.inl"

namespace vmk {
namespace {

Vec& vec(float* p) { return *reinterpret_cast<Vec*>(p); }
const Vec& vec(const float* p) { return *reinterpret_cast<const Vec*>(p); }

// Where register v of V begins.
template <int V>
int64_t at(int v, int64_t column, int64_t c) {
  const int64_t own = column + v * kWidth;
  return v == V - 1 && own > c - kWidth ? c - kWidth : own;
}

template <class T>
void prefetch_row(const T* row, int64_t values) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t k = 0; k < values; k += kLine) __builtin_prefetch(row + k);
}

void store_sum(const PoolSums& g, int64_t to, Vec sum) {
  if (g.out_dtype != VMK_F32)
    store_half(static_cast<uint16_t*>(g.out) + to, sum, g.out_dtype == VMK_BF16);
  else if (g.stream)
    stream(static_cast<float*>(g.out) + to, sum);
  else
    vec(static_cast<float*>(g.out) + to) = sum;
}

template <class T, int V, bool kScaled>
void sum_strip(const PoolSums& g, int64_t column) {
  const auto* feats = static_cast<const T*>(g.feats);
  const int64_t last_column = at<V>(V - 1, column, g.c);
  const int32_t base = g.starts[g.begin];
  const int64_t points = int64_t{g.starts[g.end]} - base;
  for (int64_t i = g.begin; i < g.end; ++i) {
    Vec sum[V] = {};
    const int64_t end = int64_t{g.starts[i + 1]} - base;
    for (int64_t j = int64_t{g.starts[i]} - base; j < end; ++j) {
      const int64_t ahead = j + kAhead < points ? j + kAhead : points - 1;
      prefetch_row(feats + g.rows[ahead] * g.c + column, V * kWidth);
      const T* row = feats + g.rows[j] * g.c;
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) {
        const Vec x = load_lanes(row + (v == V - 1 ? last_column : column + v * kWidth));
        sum[v] += kScaled ? x * g.scales[j] : x;
      }
    }
    const int64_t out = g.intervals[i] * g.c;
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v)
      store_sum(g, out + (v == V - 1 ? last_column : column + v * kWidth), sum[v]);
  }
}

// Rows narrower than a register.
template <class T, bool kScaled>
void sum_narrow(const PoolSums& g) {
  const int32_t base = g.starts[g.begin];
  for (int64_t i = g.begin; i < g.end; ++i) {
    float sum[kWidth] = {};
    for (int32_t j = g.starts[i] - base; j < g.starts[i + 1] - base; ++j) {
      const T* row = static_cast<const T*>(g.feats) + g.rows[j] * g.c;
      for (int64_t k = 0; k < g.c; ++k)
        sum[k] += kScaled ? to_float(row[k]) * g.scales[j] : to_float(row[k]);
    }
    for (int64_t k = 0, to = g.intervals[i] * g.c; k < g.c; ++k, ++to) {
      if (g.out_dtype == VMK_F32)
        static_cast<float*>(g.out)[to] = sum[k];
      else
        static_cast<uint16_t*>(g.out)[to] =
            g.out_dtype == VMK_BF16 ? f32_to_bf16(sum[k]) : f32_to_f16(sum[k]);
    }
  }
}

template <class T, int V, bool kScaled>
void sum_strip_of(int64_t vectors, const PoolSums& g, int64_t column) {
  if constexpr (V > 0) {
    if (vectors == V)
      sum_strip<T, V, kScaled>(g, column);
    else
      sum_strip_of<T, V - 1, kScaled>(vectors, g, column);
  }
}

void clear(float* out, int64_t n, bool streamed) {
  int64_t i = 0;
  for (; streamed && i < n; i += kWidth) stream(out + i, Vec{});
  for (; i < n; ++i) out[i] = 0;
}

void clear_cells(const PoolSums& g, int64_t first, int64_t last) {
  const int64_t from = first * g.c, n = (last - first) * g.c;
  if (g.out_dtype == VMK_F32) return clear(static_cast<float*>(g.out) + from, n, g.stream);
  for (int64_t i = 0; i < n; ++i) static_cast<uint16_t*>(g.out)[from + i] = 0;
}

void clear_gaps(const PoolSums& g) {
  int64_t next = g.first_cell;
  for (int64_t i = g.begin; i < g.end; ++i) {
    clear_cells(g, next, g.intervals[i]);
    next = int64_t{g.intervals[i]} + 1;
  }
  clear_cells(g, next, g.last_cell);
}

template <class T, bool kScaled>
void sum_cells(const PoolSums& g) {
  if (g.c < kWidth) return sum_narrow<T, kScaled>(g);
  const int64_t vectors = (g.c + kWidth - 1) / kWidth;
  for (int64_t done = 0; done < vectors; done += kMostSums)
    sum_strip_of<T, kMostSums, kScaled>(vectors - done < kMostSums ? vectors - done : kMostSums, g,
                                        done * kWidth);
}

template <class T>
void sum_of_type(const PoolSums& g) {
  if (g.begin == g.end) return;
  if (g.scales)
    sum_cells<T, true>(g);
  else
    sum_cells<T, false>(g);
}

void sum(const PoolSums& g) {
  clear_gaps(g);
  if (g.dtype == VMK_F32)
    sum_of_type<float>(g);
  else if (g.dtype == VMK_BF16)
    sum_of_type<Bf16>(g);
  else
    sum_of_type<F16>(g);
  if (g.stream) fence();
}

uint32_t largest(const int32_t* numbers, int64_t n) {
  uint32_t most = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto number = static_cast<uint32_t>(numbers[i]);
    most = number > most ? number : most;
  }
  return most;
}

template <class T>
void take_depths(const PoolPoints& g) {
  const auto* depth = static_cast<const T*>(g.depth);
  for (int64_t i = 0; i < g.n; ++i) g.scales[i] = to_float(depth[g.order[i]]);
}

void resolve(const PoolPoints& g) {
  const auto divide = [](uint32_t p, const Divisor& by) {
    return static_cast<uint32_t>(uint64_t{p} * by.factor >> by.shift);
  };
  const auto pixels = static_cast<uint32_t>(g.pixels);
  for (int64_t i = 0; i < g.n; ++i) {
    const auto p = static_cast<uint32_t>(g.order[i]);
    const uint32_t pixel = p - divide(p, g.per_pixel) * pixels;
    g.rows[i] = static_cast<int32_t>(divide(p, g.per_camera) * pixels + pixel);
  }
  if (g.dtype == VMK_F32)
    take_depths<float>(g);
  else if (g.dtype == VMK_BF16)
    take_depths<Bf16>(g);
  else
    take_depths<F16>(g);
}

void copy(const float* table, const int32_t* cells, int64_t n, int64_t c, float* out,
          bool streamed) {
  for (int64_t i = 0; i < n; ++i, out += c) {
    if (cells[i] < 0) {
      clear(out, c, streamed);
      continue;
    }
    const float* row = table + cells[i] * c;
    int64_t k = 0;
    for (; streamed && k < c; k += kWidth) stream(out + k, vec(row + k));
    for (; k < c; ++k) out[k] = row[k];
  }
  if (streamed) fence();
}

float sum_of(Vec x) {
  float sum = 0;
  for (int i = 0; i < kWidth; ++i) sum += x[i];
  return sum;
}

// One feature row: its depths are gone through once, features and their gradients in registers.
template <int V>
void gradient_strip(const PoolGradients& g, int64_t row, int64_t column) {
  const int64_t last_column = at<V>(V - 1, column, g.c);
  Vec x[V], sum[V] = {};
#pragma GCC unroll 16
  for (int v = 0; v < V; ++v)
    x[v] = vec(g.feats + row * g.c + (v == V - 1 ? last_column : column + v * kWidth));
  // Lanes that the neighbour has too must not count twice in the dot product.
  for (int64_t lane = 0; lane < column + (V - 1) * kWidth - last_column; ++lane) x[V - 1][lane] = 0;
  int64_t p = row / g.pixels * g.depths * g.pixels + row % g.pixels;
  for (int64_t d = 0; d < g.depths; ++d, p += g.pixels) {
    if (column == 0) g.grad_depth[p] = 0;
    if (g.cells[p] < 0) continue;
    const float* grad = g.grad_out + g.cells[p] * g.c;
    const float depth = g.depth[p];
    Vec dot = {};
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) {
      const Vec y = vec(grad + (v == V - 1 ? last_column : column + v * kWidth));
      dot += x[v] * y;
      sum[v] += y * depth;
    }
    g.grad_depth[p] += sum_of(dot);
  }
#pragma GCC unroll 16
  for (int v = 0; v < V; ++v)
    vec(g.grad_feats + row * g.c + (v == V - 1 ? last_column : column + v * kWidth)) = sum[v];
}

void gradient_narrow(const PoolGradients& g, int64_t row) {
  const float* x = g.feats + row * g.c;
  float sum[kWidth] = {};
  int64_t p = row / g.pixels * g.depths * g.pixels + row % g.pixels;
  for (int64_t d = 0; d < g.depths; ++d, p += g.pixels) {
    g.grad_depth[p] = 0;
    if (g.cells[p] < 0) continue;
    const float* grad = g.grad_out + g.cells[p] * g.c;
    for (int64_t k = 0; k < g.c; ++k) {
      g.grad_depth[p] += x[k] * grad[k];
      sum[k] += g.depth[p] * grad[k];
    }
  }
  for (int64_t k = 0; k < g.c; ++k) g.grad_feats[row * g.c + k] = sum[k];
}

template <int V>
void gradient_strip_of(int64_t vectors, const PoolGradients& g, int64_t row, int64_t column) {
  if constexpr (V > 0) {
    if (vectors == V)
      gradient_strip<V>(g, row, column);
    else
      gradient_strip_of<V - 1>(vectors, g, row, column);
  }
}

void gradients(const PoolGradients& g) {
  constexpr int64_t kMost = (kMostSums - 2) / 2;
  const int64_t vectors = (g.c + kWidth - 1) / kWidth;
  for (int64_t row = g.begin; row < g.end; ++row) {
    if (g.c < kWidth) {
      gradient_narrow(g, row);
      continue;
    }
    for (int64_t done = 0; done < vectors; done += kMost)
      gradient_strip_of<kMost>(vectors - done < kMost ? vectors - done : kMost, g, row,
                               done * kWidth);
  }
}

constexpr PoolKernels kKernels = {sum, largest, resolve, copy, gradients};

}  // namespace
}  // namespace vmk
