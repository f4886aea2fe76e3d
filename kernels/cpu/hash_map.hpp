#pragma once
// The open-addressing table of hash_insert, also used inside other ops.
#include "keys.hpp"

namespace vmk {

constexpr int64_t kEmptyKey = -1;

// Fibonacci hashing: the high bits of a product with 2^64 / golden ratio. Neighbouring z, which
// differ in the low bits, land far apart.
inline uint64_t hash_slot(int64_t key, int shift) {
  return (static_cast<uint64_t>(key) * 0x9E3779B97F4A7C15u) >> shift;
}
// Shift that leaves the bits of a slot number; capacity is a power of two.
inline int hash_shift(int64_t capacity) {
  return capacity < 2 ? 63 : 64 - __builtin_ctzll(static_cast<uint64_t>(capacity));
}

struct HashTable {
  int64_t* keys;
  int32_t* rows;
  int64_t capacity;

  // Row of a key, or -1. Ends because at least half of the slots are empty.
  int32_t find(int64_t key) const {
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
  void prefetch(int64_t key) const {
    const uint64_t mask = static_cast<uint64_t>(capacity) - 1;
    const uint64_t slot = hash_slot(key, hash_shift(capacity)) & mask;
    __builtin_prefetch(keys + slot);
    __builtin_prefetch(rows + slot);
  }
};

// Power of two that holds n keys at a load factor of at most 1/2.
int64_t hash_capacity(int64_t n);

// An empty table in scratch.
HashTable empty_table(CpuDevice& device, int64_t capacity);

// Fills a table in scratch from coords [n, 4], whose range must have been checked; tells how many
// different ones there are.
HashTable build_table(CpuDevice& device, const int32_t* coords, int64_t n, int64_t* distinct);

}  // namespace vmk
