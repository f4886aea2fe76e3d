#include <immintrin.h>

#include "hash_map.hpp"

namespace vmk {
namespace {
constexpr uint64_t kSlots = 8;

unsigned equal_slots(const int64_t* slots, int64_t key) {
  return _mm512_cmpeq_epi64_mask(_mm512_loadu_si512(slots), _mm512_set1_epi64(key));
}
}  // namespace
}  // namespace vmk

#include "hash_find.inl"

const vmk::HashFind vmk::kHashFindAvx512 = vmk::find_all;
