#pragma once
// Sorting and scanning of whole arrays, on the stream of the device with scratch from its arena.
// primitives.cu is the one file that includes cub, which takes longer to compile than all the rest.
#include "device.hpp"

namespace vmk {

// Stable ascending radix sort by bits [0, bits), from one array to another.
void sort_pairs(CudaDevice& device, const uint64_t* from, uint64_t* keys,
                const int32_t* values_from, int32_t* values, int64_t n, int bits);
void sort_pairs(CudaDevice& device, const uint32_t* from, uint32_t* keys,
                const int32_t* values_from, int32_t* values, int64_t n, int bits);
void sort_keys(CudaDevice& device, const uint64_t* from, uint64_t* keys, int64_t n, int bits);
// to[i] = from[0] + ... + from[i - 1]; from and to may be one array.
void exclusive_sum(CudaDevice& device, const int64_t* from, int64_t* to, int64_t n);

}  // namespace vmk
