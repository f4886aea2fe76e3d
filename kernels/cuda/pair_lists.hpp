#pragma once
// The pairs of a map for an op that works on them, where its call does not bring them.
#include "device.hpp"

namespace vmk {

struct PairLists {
  const int32_t* pairs;   // [2, room]: the first starts[kv] columns are there
  const int64_t* starts;  // [kv + 1]
  int64_t room;
};
// In scratch memory, with room for every entry of the map [kv, m]: how many are pairs is known on
// the device alone.
PairLists list_pairs(CudaDevice& device, const int32_t* map, int64_t kv, int64_t m);

}  // namespace vmk
