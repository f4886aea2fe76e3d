#include "primitives.hpp"

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

namespace vmk {

namespace {

// cub is called twice: the first call answers how much scratch the second needs.
template <class F>
void with_scratch(CudaDevice& device, const char* name, F&& call) {
  size_t bytes = 0;
  device.check(call(nullptr, bytes), name);
  // cub takes a null pointer as the question, so it gets at least one byte.
  void* scratch = device.scratch<char>(bytes > 0 ? static_cast<int64_t>(bytes) : 1);
  device.check(call(scratch, bytes), name);
  device.launched(name);
}

template <class Key>
void sort(CudaDevice& device, const Key* from, Key* keys, const int32_t* values_from,
          int32_t* values, int64_t n, int bits) {
  if (n == 0) return;
  with_scratch(device, "cub::DeviceRadixSort", [&](void* scratch, size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(scratch, bytes, from, keys, values_from, values, n, 0,
                                           bits, device.stream());
  });
}

}  // namespace

void sort_pairs(CudaDevice& device, const uint64_t* from, uint64_t* keys,
                const int32_t* values_from, int32_t* values, int64_t n, int bits) {
  sort(device, from, keys, values_from, values, n, bits);
}

void sort_pairs(CudaDevice& device, const uint32_t* from, uint32_t* keys,
                const int32_t* values_from, int32_t* values, int64_t n, int bits) {
  sort(device, from, keys, values_from, values, n, bits);
}

void sort_keys(CudaDevice& device, const uint64_t* from, uint64_t* keys, int64_t n, int bits) {
  if (n == 0) return;
  with_scratch(device, "cub::DeviceRadixSort", [&](void* scratch, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(scratch, bytes, from, keys, n, 0, bits, device.stream());
  });
}

void exclusive_sum(CudaDevice& device, const int64_t* from, int64_t* to, int64_t n) {
  if (n == 0) return;
  with_scratch(device, "cub::DeviceScan", [&](void* scratch, size_t& bytes) {
    return cub::DeviceScan::ExclusiveSum(scratch, bytes, from, to, n, device.stream());
  });
}

}  // namespace vmk
