// Included once per instruction set, after Vec (kWidth floats), load_tail() and store_tail() are
// defined. All in an unnamed namespace, as in row_gemm.inl. The columns behind the last whole
// register are loaded into one that is filled up with zeros: what those lanes compute is never
// stored.

namespace vmk {
namespace {

typedef uint32_t Bits __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

Vec load(const float* from, int64_t n) {
  return n >= kWidth ? *reinterpret_cast<const Vec*>(from) : load_tail(from, n);
}

void store(float* to, Vec x, int64_t n) {
  if (n >= kWidth)
    *reinterpret_cast<Vec*>(to) = x;
  else
    store_tail(to, x, n);
}

Vec broadcast(float x) { return Vec{} + x; }

// exp by 2^n * e^r with |r| <= ln(2) / 2 (Cephes' expf): 1 unit in the last place. Below -87.3,
// where the result is no normal number, 0.
Vec exp_of(Vec x) {
  constexpr float kLowest = -87.3f, kHighest = 88.7f, kRound = 12582912.0f;  // 1.5 * 2^23
  const Vec limited = x > kHighest ? broadcast(kHighest) : x;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vec shifted = limited * 1.44269504f + kRound;
  const Vec n = shifted - kRound;
  const Vec r = limited - n * 0.693359375f - n * -2.12194440e-4f;
  Vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Bits power = reinterpret_cast<Bits>(shifted) << 23;
  const Vec result = reinterpret_cast<Vec>(reinterpret_cast<Bits>(p) + power);
  return x < kLowest ? Vec{} : result;
}

// x * (1 + erf(x / sqrt(2))) / 2, with erfc by Abramowitz and Stegun 7.1.26 (1.5e-7). erfc and not
// 1 + erf below 0: no digits are lost in the tail.
Vec gelu(Vec x) {
  const Vec z = (x < 0.0f ? -x : x) * 0.70710678f;
  const Vec t = 1.0f / (z * 0.3275911f + 1.0f);
  Vec p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const Vec half = x * 0.5f * (p * t * exp_of(-z * z));
  return x < 0.0f ? half : x - half;
}

template <int kActivation>
Vec activate(Vec x, float slope) {
  // Comparisons this way round keep a NaN.
  if constexpr (kActivation == VMK_ACT_RELU) return x < 0.0f ? Vec{} : x;
  if constexpr (kActivation == VMK_ACT_LEAKY_RELU) return x < 0.0f ? x * slope : x;
  if constexpr (kActivation == VMK_ACT_GELU) return gelu(x);
  return x;
}

template <int kActivation>
void affine_rows(const AffineRows& g) {
  for (int64_t row = 0; row < g.rows; ++row)
    for (int64_t k = 0; k < g.c; k += kWidth) {
      const int64_t n = g.c - k;
      Vec x = load(g.x + row * g.ldx + k, n);
      if (g.scale) x *= load(g.scale + k, n);
      if (g.shift) x += load(g.shift + k, n);
      if (g.residual) x += load(g.residual + row * g.ldr + k, n);
      store(g.out + row * g.ldo + k, activate<kActivation>(x, g.slope), n);
    }
}

void affine(const AffineRows& g) {
  if (g.activation == VMK_ACT_RELU) return affine_rows<VMK_ACT_RELU>(g);
  if (g.activation == VMK_ACT_LEAKY_RELU) return affine_rows<VMK_ACT_LEAKY_RELU>(g);
  if (g.activation == VMK_ACT_GELU) return affine_rows<VMK_ACT_GELU>(g);
  affine_rows<VMK_ACT_NONE>(g);
}

float sum_lanes(Vec x) {
  float sum = 0;
  for (int i = 0; i < kWidth; ++i) sum += x[i];
  return sum;
}

float largest_of(const float* x, int64_t c) {
  Vec most = broadcast(x[0]);
  int64_t k = 0;
  for (; k + kWidth <= c; k += kWidth) {
    const Vec y = load(x + k, kWidth);
    most = y > most ? y : most;
  }
  float result = most[0];
  for (int i = 1; i < kWidth; ++i) result = most[i] > result ? most[i] : result;
  for (; k < c; ++k) result = x[k] > result ? x[k] : result;
  return result;
}

// A NaN is not the largest, but its exponential is NaN and so is the sum of the row.
void softmax(const SoftmaxRows& g) {
  for (int64_t row = 0; row < g.n && g.c > 0; ++row) {
    const float* x = g.x + row * g.c;
    float* out = g.out + row * g.c;
    const float most = largest_of(x, g.c);
    Vec sums = {};
    float tail = 0;
    for (int64_t k = 0; k < g.c; k += kWidth) {
      const int64_t n = g.c - k;
      const Vec y = exp_of(load(x + k, n) - most);
      store(out + k, y, n);
      if (n >= kWidth) sums += y;
      for (int64_t i = 0; n < kWidth && i < n; ++i) tail += y[i];
    }
    const float sum = sum_lanes(sums) + tail;
    for (int64_t k = 0; k < g.c; k += kWidth)
      store(out + k, load(out + k, g.c - k) / sum, g.c - k);
  }
}

void layer_norm(const NormRows& g) {
  for (int64_t row = 0; row < g.n && g.c > 0; ++row) {
    const float* x = g.x + row * g.c;
    const auto columns = static_cast<float>(g.c);
    Vec sums = {};
    for (int64_t k = 0; k < g.c; k += kWidth) sums += load(x + k, g.c - k);
    const float mean = sum_lanes(sums) / columns;
    // Squares of deviations, in a second pass: E[x^2] - mean^2 loses all digits far from 0.
    Vec squares = {};
    float tail = 0;
    int64_t k = 0;
    for (; k + kWidth <= g.c; k += kWidth) {
      const Vec d = load(x + k, kWidth) - mean;
      squares += d * d;
    }
    for (; k < g.c; ++k) tail += (x[k] - mean) * (x[k] - mean);
    const float variance = (sum_lanes(squares) + tail) / columns;
    const float factor = 1.0f / __builtin_sqrtf(variance + g.epsilon);
    for (k = 0; k < g.c; k += kWidth) {
      const int64_t n = g.c - k;
      const Vec y = (load(x + k, n) - mean) * factor;
      store(g.out + row * g.c + k, y * load(g.gamma + k, n) + load(g.beta + k, n), n);
    }
  }
}

// Joins row x into out, which stays in the first-level cache over all offsets.
template <bool kMax>
void join(float* out, const float* x, int64_t c) {
  for (int64_t k = 0; k < c; k += kWidth) {
    const Vec a = load(out + k, c - k), b = load(x + k, c - k);
    if constexpr (kMax)
      store(out + k, b > a || b != b ? b : a, c - k);
    else
      store(out + k, a + b, c - k);
  }
}

void map_reduce(const ReduceRows& g, int64_t begin, int64_t end) {
  for (int64_t m = begin; m < end; ++m) {
    float* out = g.out + m * g.c;
    int32_t count = 0;
    for (int64_t k = 0; k < g.kv; ++k) {
      const int32_t row = g.map[k * g.m + m];
      if (row < 0) continue;
      const float* x = g.feats + row * g.c;
      if (count++ == 0)
        __builtin_memcpy(out, x, static_cast<size_t>(g.c) * 4);
      else if (g.reduce == VMK_REDUCE_MAX)
        join<true>(out, x, g.c);
      else
        join<false>(out, x, g.c);
    }
    const float scale = g.reduce == VMK_REDUCE_MEAN ? static_cast<float>(count) : 1.0f;
    for (int64_t k = 0; k < g.c && count == 0; ++k) out[k] = 0;
    for (int64_t k = 0; k < g.c && count > 1; ++k) out[k] /= scale;
  }
}

constexpr DenseKernels kKernels = {affine, softmax, layer_norm, map_reduce};

}  // namespace
}  // namespace vmk
