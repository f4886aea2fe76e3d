// Included once per instruction set, after kSlots and equal_slots are defined: whether a key is in
// any of kSlots slots that follow one another is one comparison. A scalar probe of a miss ends at
// an unpredictable slot; this one hardly ever takes a second turn.

namespace vmk {
namespace {

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
}  // namespace vmk
