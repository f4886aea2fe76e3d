// weight_count, weight_compress.
//   ref      one loop over the weights, column by column as they are stored in the end.
//   offsets  one kernel offset a task, its weights read in the order that they lie in.
#include <algorithm>
#include <vector>

#include "device.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

// starts[1 + column] = entries of a column, to starts[column] = those before it.
void prefix_sum(int64_t* starts, int64_t columns) {
  starts[0] = 0;
  for (int64_t i = 0; i < columns; ++i) starts[i + 1] += starts[i];
}

void count_offset(const WeightCount& a, int64_t k) {
  int64_t* counts = a.starts + 1 + k * a.cout;
  std::fill(counts, counts + a.cout, 0);
  const float* weight = a.weight + k * a.cin * a.cout;
  for (int64_t i = 0; i < a.cin; ++i, weight += a.cout)
    for (int64_t o = 0; o < a.cout; ++o) counts[o] += weight[o] != 0.0f;
}

void count_ref(Device&, const WeightCount& a) {
  for (int64_t k = 0; k < a.kv; ++k) count_offset(a, k);
  prefix_sum(a.starts, a.kv * a.cout);
}

void count_offsets(Device& any, const WeightCount& a) {
  cpu_device(any).pool.for_ranges(a.kv, 1, [&](int64_t k, int64_t) { count_offset(a, k); });
  prefix_sum(a.starts, a.kv * a.cout);
}

[[noreturn]] void fail_starts(const WeightCompress& a, int64_t column, int64_t found) {
  fail(VMK_INVALID_ARGUMENT,
       "Cannot compress weights: starts gives offset %lld, output channel %lld %lld weights, "
       "there are %lld", static_cast<long long>(column / a.cout),
       static_cast<long long>(column % a.cout),
       static_cast<long long>(a.starts[column + 1] - a.starts[column]),
       static_cast<long long>(found));
}

// Starts that were not counted from these weights would be written past.
void check_starts(const WeightCompress& a) {
  const int64_t last = a.starts[a.kv * a.cout];
  if (a.starts[0] != 0 || last != a.nonzeros)
    fail(VMK_INVALID_ARGUMENT,
         "Cannot compress weights: index and value have %lld entries, starts goes from %lld to "
         "%lld", static_cast<long long>(a.nonzeros), static_cast<long long>(a.starts[0]),
         static_cast<long long>(last));
  std::vector<int64_t> counts(a.kv * a.cout + 1);
  const WeightCount count{a.weight, counts.data(), a.kv, a.cin, a.cout};
  for (int64_t k = 0; k < a.kv; ++k) count_offset(count, k);
  for (int64_t i = 0; i < a.kv * a.cout; ++i)
    if (a.starts[i + 1] - a.starts[i] != counts[i + 1]) fail_starts(a, i, counts[i + 1]);
}

void compress_ref(Device&, const WeightCompress& a) {
  check_starts(a);
  int64_t at = 0;
  for (int64_t column = 0; column < a.kv * a.cout; ++column)
    for (int64_t i = 0; i < a.cin; ++i) {
      const int64_t row = column / a.cout * a.cin + i;
      const float value = a.weight[row * a.cout + column % a.cout];
      if (value == 0.0f) continue;
      a.index[at] = static_cast<int32_t>(i);
      a.value[at++] = value;
    }
}

void compress_offsets(Device& any, const WeightCompress& a) {
  check_starts(a);
  cpu_device(any).pool.for_ranges(a.kv, 1, [&](int64_t k, int64_t) {
    std::vector<int64_t> at(a.starts + k * a.cout, a.starts + (k + 1) * a.cout);
    const float* weight = a.weight + k * a.cin * a.cout;
    for (int64_t i = 0; i < a.cin; ++i, weight += a.cout)
      for (int64_t o = 0; o < a.cout; ++o) {
        if (weight[o] == 0.0f) continue;
        a.index[at[o]] = static_cast<int32_t>(i);
        a.value[at[o]++] = weight[o];
      }
  });
}

constexpr Variant<WeightCount> kCountList[] = {{"offsets", count_offsets}, {"ref", count_ref}};
constexpr Variant<WeightCompress> kCompressList[] = {{"offsets", compress_offsets},
                                                     {"ref", compress_ref}};

}  // namespace

const Variants<WeightCount> kWeightCount = variants(kCountList);
const Variants<WeightCompress> kWeightCompress = variants(kCompressList);

}  // namespace vmk
