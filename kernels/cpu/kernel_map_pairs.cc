// kernel_map_transpose, kernel_map_count, kernel_map_pairs.
//   ref      one loop over the map.
//   offsets  the same loops, one kernel offset a task: the rows of a map are independent.
#include <algorithm>

#include "device.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

[[noreturn]] void fail_row(int64_t k, int64_t m, int32_t found, int64_t rows) {
  fail(VMK_INVALID_ARGUMENT, "Cannot read map: map[%lld][%lld] = %d, the input has %lld rows",
       static_cast<long long>(k), static_cast<long long>(m), found, static_cast<long long>(rows));
}

void transpose_offset(const KernelMapTranspose& a, int64_t k) {
  const int32_t* map = a.map + k * a.m;
  int32_t* out = a.out + k * a.n;
  std::fill(out, out + a.n, -1);
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t row = map[m];
    if (row < 0) continue;
    if (row >= a.n) fail_row(k, m, row, a.n);
    if (out[row] >= 0)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot transpose map: input row %d is read twice through offset %lld, by outputs %d "
           "and %lld", row, static_cast<long long>(k), out[row], static_cast<long long>(m));
    out[row] = static_cast<int32_t>(m);
  }
}

int64_t count_offset(const int32_t* map, int64_t m) {
  int64_t count = 0;
  for (int64_t i = 0; i < m; ++i) count += map[i] >= 0;
  return count;
}

void prefix_sum(int64_t* starts, int64_t kv) {
  int64_t sum = 0;
  for (int64_t k = 0; k <= kv; ++k) {
    const int64_t count = k < kv ? starts[k] : 0;
    starts[k] = sum;
    sum += count;
  }
}

// Starts that were not counted from this map would be written past.
void check_starts(const KernelMapPairs& a) {
  for (int64_t k = 0; k < a.kv; ++k) {
    const int64_t count = count_offset(a.map + k * a.m, a.m);
    if (a.starts[0] != 0 || a.starts[k + 1] - a.starts[k] != count)
      fail(VMK_INVALID_ARGUMENT,
           "Cannot list pairs: starts gives offset %lld %lld pairs, the map has %lld",
           static_cast<long long>(k), static_cast<long long>(a.starts[k + 1] - a.starts[k]),
           static_cast<long long>(count));
  }
  if (a.starts[a.kv] != a.p)
    fail(VMK_INVALID_ARGUMENT, "Cannot list pairs: pairs has %lld columns, %lld are needed",
         static_cast<long long>(a.p), static_cast<long long>(a.starts[a.kv]));
}

void pairs_offset(const KernelMapPairs& a, int64_t k) {
  const int32_t* map = a.map + k * a.m;
  int64_t at = a.starts[k];
  for (int64_t m = 0; m < a.m; ++m) {
    if (map[m] < 0) continue;
    a.pairs[at] = map[m];
    a.pairs[a.p + at] = static_cast<int32_t>(m);
    ++at;
  }
}

template <class F>
void each_offset(Device& device, int64_t kv, F&& body) {
  cpu_device(device).pool.for_ranges(kv, 1, [&](int64_t k, int64_t) { body(k); });
}

void transpose_ref(Device&, const KernelMapTranspose& a) {
  for (int64_t k = 0; k < a.kv; ++k) transpose_offset(a, k);
}
void transpose_offsets(Device& device, const KernelMapTranspose& a) {
  each_offset(device, a.kv, [&](int64_t k) { transpose_offset(a, k); });
}

void count_ref(Device&, const KernelMapCount& a) {
  for (int64_t k = 0; k < a.kv; ++k) a.starts[k] = count_offset(a.map + k * a.m, a.m);
  prefix_sum(a.starts, a.kv);
}
void count_offsets(Device& device, const KernelMapCount& a) {
  each_offset(device, a.kv,
              [&](int64_t k) { a.starts[k] = count_offset(a.map + k * a.m, a.m); });
  prefix_sum(a.starts, a.kv);
}

void pairs_ref(Device&, const KernelMapPairs& a) {
  check_starts(a);
  for (int64_t k = 0; k < a.kv; ++k) pairs_offset(a, k);
}
void pairs_offsets(Device& device, const KernelMapPairs& a) {
  check_starts(a);
  each_offset(device, a.kv, [&](int64_t k) { pairs_offset(a, k); });
}

constexpr Variant<KernelMapTranspose> kTransposeList[] = {{"offsets", transpose_offsets},
                                                          {"ref", transpose_ref}};
constexpr Variant<KernelMapCount> kCountList[] = {{"offsets", count_offsets}, {"ref", count_ref}};
constexpr Variant<KernelMapPairs> kPairsList[] = {{"offsets", pairs_offsets}, {"ref", pairs_ref}};

}  // namespace

const Variants<KernelMapTranspose> kKernelMapTranspose = variants(kTransposeList);
const Variants<KernelMapCount> kKernelMapCount = variants(kCountList);
const Variants<KernelMapPairs> kKernelMapPairs = variants(kPairsList);

}  // namespace vmk
