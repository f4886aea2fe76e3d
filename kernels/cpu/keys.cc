#include "keys.hpp"

#include <algorithm>
#include <mutex>

namespace vmk {

Range range_of(CpuDevice& device, const int32_t* coords, int64_t n) {
  Range range;
  if (n == 0) return range;
  std::array<int32_t, 4> low, high;
  for (int i = 0; i < 4; ++i) low[i] = high[i] = coords[i];
  std::mutex mutex;
  device.pool.for_ranges(n, 1 << 14, [&](int64_t begin, int64_t end) {
    // One column a lane: four running minima the compiler keeps in one register.
    int32_t l[4], h[4];
    for (int i = 0; i < 4; ++i) l[i] = h[i] = coords[begin * 4 + i];
    for (int64_t row = begin; row < end; ++row)
      for (int i = 0; i < 4; ++i) {
        l[i] = std::min(l[i], coords[row * 4 + i]);
        h[i] = std::max(h[i], coords[row * 4 + i]);
      }
    const std::lock_guard lock(mutex);
    for (int i = 0; i < 4; ++i) {
      low[i] = std::min(low[i], l[i]);
      high[i] = std::max(high[i], h[i]);
    }
  });
  for (int i = 0; i < 4; ++i) {
    range.low[i] = low[i];
    range.high[i] = high[i];
  }
  return range;
}

void check_range(const Range& range, const int32_t* coords, int64_t n, const char* verb,
                 const char* what) {
  constexpr std::array<int32_t, 4> least{0, VMK_COORD_MIN, VMK_COORD_MIN, VMK_COORD_MIN};
  constexpr std::array<int32_t, 4> most{VMK_BATCH_MAX, VMK_COORD_MAX, VMK_COORD_MAX,
                                        VMK_COORD_MAX};
  bool ok = true;
  for (int i = 0; i < 4; ++i) ok = ok && range.low[i] >= least[i] && range.high[i] <= most[i];
  if (ok || n == 0) return;
  for (int64_t row = 0; row < n; ++row)
    for (int i = 0; i < 4; ++i) {
      const int32_t value = coords[row * 4 + i];
      if (value < least[i] || value > most[i])
        fail(VMK_INVALID_ARGUMENT, "Cannot %s %s: row %lld has %s = %d, not in [%d, %d]", verb,
             what, static_cast<long long>(row), kAxisNames[i], value, least[i], most[i]);
    }
}

int bits_for(uint64_t most) { return most == 0 ? 0 : 64 - __builtin_clzll(most); }

KeyLayout::KeyLayout(const Range& range) : low(range.low) {
  for (int i = 3; i >= 0; --i) {
    shift[i] = std::min(bits, 63);
    bits += bits_for(static_cast<uint64_t>(range.high[i] - range.low[i]));
  }
}

void KeyLayout::unpack(uint64_t key, int32_t* c) const {
  for (int i = 0; i < 4; ++i) {
    const uint64_t field = key >> shift[i];
    const int width = i == 0 ? 63 : shift[i - 1] - shift[i];
    c[i] = static_cast<int32_t>(static_cast<int64_t>(field & ((uint64_t{1} << width) - 1)) +
                                low[i]);
  }
}

namespace {

constexpr int kDigitBits = 11;
constexpr int64_t kBuckets = 1 << kDigitBits;

// One counting pass over a digit. Each thread owns a contiguous range, and ranges keep their
// order within a bucket: the pass is stable whatever the number of threads.
void sort_digit(CpuDevice& device, const uint64_t* from, uint64_t* to, int64_t n, int shift,
                int width, int64_t* offsets) {
  const uint64_t mask = (uint64_t{1} << width) - 1;
  const int64_t buckets = int64_t{1} << width;
  const int64_t grain = device.pool.even_grain(n);
  const int64_t ranges = (n + grain - 1) / grain;
  device.pool.for_ranges(n, grain, [&](int64_t begin, int64_t end) {
    int64_t* count = offsets + begin / grain * kBuckets;
    std::fill(count, count + buckets, 0);
    for (int64_t i = begin; i < end; ++i) ++count[from[i] >> shift & mask];
  });
  int64_t sum = 0;
  for (int64_t bucket = 0; bucket < buckets; ++bucket)
    for (int64_t range = 0; range < ranges; ++range) {
      int64_t& at = offsets[range * kBuckets + bucket];
      const int64_t count = at;
      at = sum;
      sum += count;
    }
  device.pool.for_ranges(n, grain, [&](int64_t begin, int64_t end) {
    int64_t* at = offsets + begin / grain * kBuckets;
    for (int64_t i = begin; i < end; ++i) to[at[from[i] >> shift & mask]++] = from[i];
  });
}

}  // namespace

void radix_sort(CpuDevice& device, uint64_t* keys, uint64_t* tmp, int64_t n, int low_bit,
                int high_bit) {
  if (n < 2 || high_bit <= low_bit) return;
  const int passes = (high_bit - low_bit + kDigitBits - 1) / kDigitBits;
  int64_t* offsets = device.scratch<int64_t>(device.threads() * kBuckets);
  uint64_t *from = keys, *to = tmp;
  int bit = low_bit;
  for (int pass = 0; pass < passes; ++pass) {
    // Equal digits: 33 bits are three passes of 11, 25 bits are 9 + 8 + 8.
    const int width = (high_bit - bit + passes - pass - 1) / (passes - pass);
    sort_digit(device, from, to, n, bit, width, offsets);
    bit += width;
    std::swap(from, to);
  }
  if (from != keys) std::copy(from, from + n, keys);
}

}  // namespace vmk
