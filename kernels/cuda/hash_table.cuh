#pragma once
// The open-addressing table of hash_insert, also used inside other ops. Linear probing at a load of
// at most 1/2. Which slot a key lands in depends on the order of the threads; what a look-up
// answers does not: of equal keys the smallest row stays.
#include "coords.cuh"

namespace vmk {

struct HashTable {
  unsigned long long* keys;
  uint32_t* rows;  // all ones = none, the largest: the minimum of rows needs no first writer
  uint64_t mask;
};

// The finaliser of splitmix64: every bit of the key reaches the low bits, which choose the slot.
__device__ inline uint64_t hash_of(uint64_t key) {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
  return key ^ (key >> 31);
}

__device__ inline void insert_key(const HashTable& table, uint64_t key, uint32_t row) {
  for (uint64_t slot = hash_of(key) & table.mask;; slot = (slot + 1) & table.mask) {
    const uint64_t there = atomicCAS(&table.keys[slot], static_cast<unsigned long long>(kNoKey),
                                     static_cast<unsigned long long>(key));
    if (there != kNoKey && there != key) continue;
    atomicMin(&table.rows[slot], row);
    return;
  }
}

constexpr int kMiss = -1;
constexpr int kFull = -2;  // only a table that insert_key did not fill

// The row of a key, kMiss or kFull. kNoKey is in no table.
__device__ inline int find_key(const HashTable& table, uint64_t key) {
  if (key == kNoKey) return kMiss;
  uint64_t slot = hash_of(key) & table.mask;
  for (uint64_t probes = 0; probes <= table.mask; ++probes, slot = (slot + 1) & table.mask) {
    const uint64_t there = table.keys[slot];
    if (there == key) return static_cast<int>(table.rows[slot]);
    if (there == kNoKey) return kMiss;
  }
  return kFull;
}

// A table with room for n keys in scratch, not filled.
HashTable new_table(CudaDevice& device, int64_t n);
// Empties a table and queues the insertion of coords [n, 4], or of the first *rows of them; those
// out of range are noted as `what`.
void fill_table(CudaDevice& device, const HashTable& table, const int32_t* coords, int64_t n,
                DataError what, const int64_t* rows = nullptr);
// The same with a table in scratch.
HashTable build_table(CudaDevice& device, const int32_t* coords, int64_t n, DataError what,
                      const int64_t* rows = nullptr);
// Queues the check of the output coordinates of a kernel map.
void check_outputs(CudaDevice& device, const KernelMap& a);

}  // namespace vmk
