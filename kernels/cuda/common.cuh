#pragma once
// What every kernel file needs: launches, sizes, coordinates. Nothing op-specific.
#include <cuda_runtime.h>

#include "device.hpp"
#include "variants.hpp"

#ifdef VMK_EMULATED
#include "launch.hpp"
#define VMK_START(device, kernel, grid, block, shared, ...) \
  emulator::launch(#kernel, grid, block, shared, kernel, __VA_ARGS__)
#else
#define VMK_START(device, kernel, grid, block, shared, ...) \
  kernel<<<grid, block, shared, (device).stream()>>>(__VA_ARGS__)
// The shared memory whose size the launch gives.
#define VMK_DYNAMIC_SHARED(name) extern __shared__ __align__(1024) unsigned char name[]
#endif

// The one way to launch: nothing for an empty grid, an error with the kernel's name otherwise.
// A kernel template goes in parentheses.
#define VMK_LAUNCH(device, kernel, grid, block, ...) \
  VMK_LAUNCH_SHARED(device, kernel, grid, block, 0, __VA_ARGS__)

// The same with `shared` bytes of VMK_DYNAMIC_SHARED.
#define VMK_LAUNCH_SHARED(device, kernel, grid, block, shared, ...)      \
  do {                                                                   \
    const dim3 vmk_grid = (grid);                                        \
    if (vmk_grid.x > 0 && vmk_grid.y > 0 && vmk_grid.z > 0) {            \
      VMK_START(device, kernel, vmk_grid, block, shared, __VA_ARGS__);   \
      (device).launched(#kernel);                                        \
    }                                                                    \
  } while (0)

namespace vmk {

constexpr int kWarpSize = 32;
constexpr int kBlock = 256;
constexpr unsigned kFullWarp = 0xffffffffu;

__host__ __device__ constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Blocks along x for `items` items, and `rows` block rows along y. The limits are the device's.
inline dim3 blocks(int64_t items, int per_block = kBlock, int64_t rows = 1) {
  const int64_t count = ceil_div(items, per_block);
  if (count > INT32_MAX || rows > UINT16_MAX)
    fail(VMK_UNSUPPORTED, "Cannot launch a kernel over %lld x %lld items",
         static_cast<long long>(rows), static_cast<long long>(items));
  return dim3(static_cast<unsigned>(count), static_cast<unsigned>(rows));
}

// 64-bit before the multiply: items pass 2^31 long before rows do.
__device__ inline int64_t thread_index() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

}  // namespace vmk
