#pragma once
// cub's exclusive sum on the host. In and out may be one array.
#include "cudart.hpp"
#include "memory.hpp"

namespace cub {

struct DeviceScan {
  template <class T, class Count>
  static cudaError_t ExclusiveSum(void* scratch, size_t& scratch_bytes, const T* from, T* to,
                                  Count n, cudaStream_t) {
    if (!scratch) {
      scratch_bytes = 1;
      return cudaSuccess;
    }
    return vmk::emulator::enqueue([=] {
      const size_t bytes = static_cast<size_t>(n) * sizeof(T);
      if (!vmk::emulator::is_allocated(from, bytes) || !vmk::emulator::host_writes(to, bytes))
        return cudaErrorInvalidValue;
      T sum{};
      for (Count i = 0; i < n; ++i) {
        const T value = from[i];
        to[i] = sum;
        sum += value;
      }
      return cudaSuccess;
    });
  }
};

}  // namespace cub
