#pragma once
// The open-addressing table of hash_insert, also used inside other ops.
#include "keys.hpp"

namespace vmk {

constexpr int64_t kEmptyKey = -1;

// Always inlined: of a function that is compiled for several instruction sets the linker would keep
// any copy.
#define VMK_INLINE [[gnu::always_inline]] inline

// Fibonacci hashing: the high bits of a product with 2^64 / golden ratio. Neighbouring z, which
// differ in the low bits, land far apart.
VMK_INLINE uint64_t hash_slot(int64_t key, int shift) {
  return (static_cast<uint64_t>(key) * 0x9E3779B97F4A7C15u) >> shift;
}
// Shift that leaves the bits of a slot number; capacity is a power of two.
VMK_INLINE int hash_shift(int64_t capacity) {
  return capacity < 2 ? 63 : 64 - __builtin_ctzll(static_cast<uint64_t>(capacity));
}

struct HashTable {
  int64_t* keys;
  int32_t* rows;
  int64_t capacity;

  // Row of a key, or -1. Ends because at least half of the slots are empty.
  VMK_INLINE int32_t find(int64_t key) const {
    const uint64_t mask = static_cast<uint64_t>(capacity) - 1;
    for (uint64_t slot = hash_slot(key, hash_shift(capacity)) & mask;; slot = (slot + 1) & mask) {
      if (keys[slot] == key) return rows[slot];
      if (keys[slot] == kEmptyKey) return -1;
    }
  }
  // Keeps the row that a key came with first, and returns it.
  int32_t insert(int64_t key, int32_t row) const {
    const uint64_t mask = static_cast<uint64_t>(capacity) - 1;
    uint64_t slot = hash_slot(key, hash_shift(capacity)) & mask;
    while (keys[slot] != kEmptyKey && keys[slot] != key) slot = (slot + 1) & mask;
    if (keys[slot] == kEmptyKey) {
      keys[slot] = key;
      rows[slot] = row;
    }
    return rows[slot];
  }
  VMK_INLINE void prefetch(int64_t key) const {
    const uint64_t mask = static_cast<uint64_t>(capacity) - 1;
    const uint64_t slot = hash_slot(key, hash_shift(capacity)) & mask;
    __builtin_prefetch(keys + slot);
    __builtin_prefetch(rows + slot);
  }
};

// found[i] = row of keys[i], or -1; the slots of all n keys are asked for first.
using HashFind = void (*)(const HashTable& table, const int64_t* keys, int64_t n, int32_t* found);

extern const HashFind kHashFindBaseline;
#if defined(__x86_64__)
extern const HashFind kHashFindAvx2;
#endif

inline HashFind hash_find(Isa isa) {
#if defined(__x86_64__)
  if (isa >= kAvx2) return kHashFindAvx2;
#endif
  (void)isa;
  return kHashFindBaseline;
}

// Power of two that holds n keys at a load factor of at most 1/2.
int64_t hash_capacity(int64_t n);

// An empty table in scratch.
HashTable empty_table(CpuDevice& device, int64_t capacity);

// Fills a table in scratch from coords [n, 4], whose range must have been checked; tells how many
// different ones there are.
HashTable build_table(CpuDevice& device, const int32_t* coords, int64_t n, int64_t* distinct);

}  // namespace vmk
