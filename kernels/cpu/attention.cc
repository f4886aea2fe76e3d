// attention.
//   ref    the definition, in double.
//   tiled  a head of a group at a time: its keys are turned and its values copied together, then the
//          scores of a block of queries and what they weight are two products of row_gemm, with the
//          softmax between them while the scores are in cache. Groups times heads are the tasks: the
//          windows of an image keep all threads busy, a single scan no more of them than it has heads.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dense_kernels.hpp"
#include "row_gemm.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

void check_rows(CpuDevice& device, const Attention& a) {
  auto* named = device.scratch<bool>(a.n);
  std::fill(named, named + a.n, false);
  for (int64_t i = 0; i < a.groups * a.queries; ++i) {
    const int32_t row = a.query_rows[i];
    if (row < 0) continue;
    if (row >= a.n || named[row])
      fail(VMK_INVALID_ARGUMENT, "Cannot attend: queries[%lld] = %d, %s", static_cast<long long>(i),
           row, row >= a.n ? "query has fewer rows" : "which is named before");
    named[row] = true;
  }
  for (int64_t j = 0; j < a.groups * a.keys; ++j)
    if (a.key_rows[j] >= a.m)
      fail(VMK_INVALID_ARGUMENT, "Cannot attend: keys[%lld] = %d, key has fewer rows",
           static_cast<long long>(j), a.key_rows[j]);
}

// The row of a key or value, or its pad, which is nullptr for zeros.
const float* row_of(const float* rows, const float* pad, int32_t row, int64_t c) {
  return row < 0 ? pad : rows + row * c;
}

// What is added to the score of query i and key j.
float added(const Attention& a, int64_t group, int64_t head, int64_t i, int64_t j) {
  const int64_t at = i * a.keys + j, each = a.queries * a.keys;
  return (a.bias ? a.bias[head * each + at] : 0.0f) +
         (a.mask ? a.mask[group % a.masks * each + at] : 0.0f);
}

void attend_in_double(const Attention& a, int64_t group, int64_t head, int64_t i,
                      std::vector<double>& scores) {
  const int64_t width = a.width(), first = head * width;
  const int32_t *keys = a.key_rows + group * a.keys, q = a.query_rows[group * a.queries + i];
  double most = -std::numeric_limits<double>::infinity(), total = 0;
  for (int64_t j = 0; j < a.keys; ++j) {
    const float* key = row_of(a.key, a.pad_key, keys[j], a.c);
    double sum = 0;
    for (int64_t k = 0; key && k < width; ++k)
      sum += double{a.query[q * a.c + first + k]} * key[first + k];
    scores[j] = sum / std::sqrt(static_cast<double>(width)) + added(a, group, head, i, j);
    most = std::max(most, scores[j]);
  }
  for (double& score : scores) total += score = std::exp(score - most);
  std::vector<double> sums(width);
  for (int64_t j = 0; j < a.keys; ++j)
    if (const float* value = row_of(a.value, a.pad_value, keys[j], a.c))
      for (int64_t k = 0; k < width; ++k) sums[k] += scores[j] / total * value[first + k];
  for (int64_t k = 0; k < width; ++k)
    a.out[q * a.c + first + k] = static_cast<float>(sums[k]);
}

void attention_ref(Device& device, const Attention& a) {
  check_rows(cpu_device(device), a);
  std::vector<double> scores(a.keys);
  for (int64_t task = 0; task < a.groups * a.heads * a.queries; ++task) {
    const int64_t i = task % a.queries, group = task / a.queries / a.heads;
    if (a.query_rows[group * a.queries + i] >= 0)
      attend_in_double(a, group, task / a.queries % a.heads, i, scores);
  }
}

// A multiple of the 6 and 8 rows that the micro-kernels hold. Of a window all queries are a block or
// two; scores of a whole BEV map are 3 MB a block.
constexpr int64_t kBlock = 24;

// Scratch of a thread.
struct Tile {
  int64_t keys, columns;  // padded for row_gemm
  float *turned, *values, *scores, *sums;
  int32_t *rows, *places;  // of the queries of a block, and where they stand in the group

  static int64_t floats(const Attention& a) {
    const int64_t keys = padded_columns(a.keys), columns = padded_columns(a.width());
    return a.width() * keys + a.keys * columns + kBlock * (keys + columns + 2);
  }
  Tile(const Attention& a, float* at)
      : keys(padded_columns(a.keys)), columns(padded_columns(a.width())), turned(at),
        values(turned + a.width() * keys), scores(values + a.keys * columns),
        sums(scores + kBlock * keys), rows(reinterpret_cast<int32_t*>(sums + kBlock * columns)),
        places(rows + kBlock) {}
};

// The keys as [width, keys], scaled, and the values as [keys, columns].
void pack(const Attention& a, const Tile& t, int64_t group, int64_t head) {
  const int64_t width = a.width(), first = head * width;
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  std::fill(t.turned, t.turned + width * t.keys, 0.0f);
  std::fill(t.values, t.values + a.keys * t.columns, 0.0f);
  for (int64_t j = 0; j < a.keys; ++j) {
    const int32_t row = a.key_rows[group * a.keys + j];
    const float* key = row_of(a.key, a.pad_key, row, a.c);
    for (int64_t k = 0; key && k < width; ++k) t.turned[k * t.keys + j] = key[first + k] * scale;
    if (const float* value = row_of(a.value, a.pad_value, row, a.c))
      std::copy_n(value + first, width, t.values + j * t.columns);
  }
}

// What the scores of a query start from; keys behind the last one have no share.
void start_scores(const Attention& a, const Tile& t, float* scores, int64_t group, int64_t head,
                  int64_t i) {
  for (int64_t j = 0; j < a.keys; ++j) scores[j] = added(a, group, head, i, j);
  std::fill(scores + a.keys, scores + t.keys, -std::numeric_limits<float>::infinity());
}

// `count` queries of a group that have an output.
void attend_block(CpuDevice& device, const Attention& a, const Tile& t, int64_t group, int64_t head,
                  int64_t count) {
  const SimdKernels& simd = simd_kernels(device.isa);
  const int64_t width = a.width(), first = head * width;
  for (int64_t r = 0; r < count; ++r)
    start_scores(a, t, t.scores + r * t.keys, group, head, t.places[r]);
  simd.row_gemm({a.query + first, a.c, t.rows, t.turned, t.keys, t.scores, t.keys, nullptr, count,
                 width, t.keys});
  dense_kernels(device.isa).softmax({t.scores, t.scores, count, t.keys});
  std::fill(t.sums, t.sums + count * t.columns, 0.0f);
  simd.row_gemm({t.scores, t.keys, nullptr, t.values, t.columns, t.sums, t.columns, nullptr, count,
                 a.keys, t.columns});
  for (int64_t r = 0; r < count; ++r)
    std::copy_n(t.sums + r * t.columns, width, a.out + t.rows[r] * a.c + first);
}

void attention_tiled(Device& any, const Attention& a) {
  CpuDevice& device = cpu_device(any);
  check_rows(device, a);
  const int64_t size = Tile::floats(a);
  float* buffers = device.scratch<float>(device.threads() * size);
  device.pool.for_ranges(a.groups * a.heads, 1, [&](int64_t task, int64_t, int32_t thread) {
    const Tile tile(a, buffers + thread * size);
    const int64_t group = task / a.heads, head = task % a.heads;
    pack(a, tile, group, head);
    int64_t count = 0;
    for (int64_t i = 0; i < a.queries; ++i) {
      const int32_t row = a.query_rows[group * a.queries + i];
      if (row >= 0) {
        tile.rows[count] = row;
        tile.places[count++] = static_cast<int32_t>(i);
      }
      if (count == kBlock || (i + 1 == a.queries && count > 0)) {
        attend_block(device, a, tile, group, head, count);
        count = 0;
      }
    }
  });
}

constexpr Variant<Attention> kList[] = {{"tiled", attention_tiled}, {"ref", attention_ref}};

}  // namespace

const Variants<Attention> kAttention = variants(kList);

}  // namespace vmk
