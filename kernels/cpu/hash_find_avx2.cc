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
}  // namespace
}  // namespace vmk

#include "hash_find.inl"

const vmk::HashFind vmk::kHashFindAvx2 = vmk::find_all;
