// Whether a key is in any of four slots that follow one another is one comparison. A scalar probe
// of a miss ends at an unpredictable slot; this one hardly ever takes a second turn. Eight slots
// would lie on two cache lines more often than not.
#include <immintrin.h>

#include "hash_map.hpp"

namespace vmk {
namespace {

constexpr uint64_t kSlots = 4;

unsigned equal_slots(const int64_t* slots, int64_t key) {
  const __m256i found = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(slots));
  const __m256i equal = _mm256_cmpeq_epi64(found, _mm256_set1_epi64x(key));
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(equal)));
}

int32_t find(const HashTable& table, int shift, int64_t key) {
  const uint64_t mask = static_cast<uint64_t>(table.capacity) - 1;
  const uint64_t slot = hash_slot(key, shift) & mask;
  if (slot + kSlots >= static_cast<uint64_t>(table.capacity)) return table.find(key);
  const unsigned empty = equal_slots(table.keys + slot, kEmptyKey);
  const unsigned equal = equal_slots(table.keys + slot, key);
  if (!(empty | equal)) return table.find(key);
  // A key behind an empty slot is none. Read without a branch on a hit: nobody could predict it.
  const unsigned hit = equal & ((empty & -empty) - 1);
  const int32_t row = table.rows[slot + static_cast<unsigned>(__builtin_ctz(hit | 1u << kSlots))];
  return hit ? row : -1;
}

void find_all(const HashTable& table, const int64_t* keys, int64_t n, int32_t* found) {
  const int shift = hash_shift(table.capacity);
  for (int64_t i = 0; i < n; ++i) table.prefetch(keys[i]);
  for (int64_t i = 0; i < n; ++i) found[i] = find(table, shift, keys[i]);
}

}  // namespace

const HashFind kHashFindAvx2 = find_all;

}  // namespace vmk
