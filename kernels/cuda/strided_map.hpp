#pragma once
// What the two ways to strided maps share: strided_map_sort.cu, for any inputs, and
// strided_map_search.cu, for those in order.
#include "device.hpp"

namespace vmk {

// Whether map_ordered makes the map; a.n > 0.
bool can_map_ordered(const StridedMap& a);
void map_ordered(CudaDevice& device, const StridedMap& a);

// -1 wherever a padded map has room.
void clear(CudaDevice& device, const StridedMap& a);

}  // namespace vmk
