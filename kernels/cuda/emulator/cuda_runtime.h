#pragma once
// CUDA's vocabulary for g++: with this folder first on the include path, the sources of cuda/ run
// on the host. A test tool: blocks run one after another, the threads of a block as fibers that
// switch at barriers only, and every access to memory is checked (memory.hpp).
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "cudart.hpp"
#include "scheduler.hpp"
#include "vectors.hpp"

// What the few places ask that differ under the emulator.
#define VMK_EMULATED 1

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
// Blocks run one at a time, so one copy serves them all; the shadow memory tells them apart.
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))

// The shared memory whose size the launch gives.
#define VMK_DYNAMIC_SHARED(name) \
  auto* const name = static_cast<unsigned char*>(::vmk::emulator::dynamic_shared())

#define threadIdx (::vmk::emulator::position.thread)
#define blockIdx (::vmk::emulator::position.block)
#define blockDim (::vmk::emulator::position.block_size)
#define gridDim (::vmk::emulator::position.grid_size)

using std::isfinite;
using std::max;
using std::min;

// ---- barriers, votes, shuffles ----

inline void __syncthreads(vmk::emulator::Site site = vmk::emulator::Site::current()) {
  vmk::emulator::sync_block(false, site);
}
inline int __syncthreads_count(bool flag,
                               vmk::emulator::Site site = vmk::emulator::Site::current()) {
  return vmk::emulator::sync_block(flag, site);
}
inline int __syncthreads_or(bool flag, vmk::emulator::Site site = vmk::emulator::Site::current()) {
  return vmk::emulator::sync_block(flag, site) > 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu,
                       vmk::emulator::Site site = vmk::emulator::Site::current()) {
  vmk::emulator::sync_warp(mask, site);
}
inline unsigned __ballot_sync(unsigned mask, bool flag,
                              vmk::emulator::Site site = vmk::emulator::Site::current()) {
  return vmk::emulator::vote(mask, flag, site);
}
inline int __any_sync(unsigned mask, bool flag,
                      vmk::emulator::Site site = vmk::emulator::Site::current()) {
  return vmk::emulator::vote(mask, flag, site) != 0;
}
inline int __all_sync(unsigned mask, bool flag,
                      vmk::emulator::Site site = vmk::emulator::Site::current()) {
  return vmk::emulator::vote(mask, flag, site) == mask;
}

namespace vmk::emulator {
template <class T>
T shuffle_value(unsigned mask, T value, int source, Site site) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
  if constexpr (sizeof(T) == 4) {
    const auto bits = shuffle(mask, std::bit_cast<uint32_t>(value), source, site);
    return std::bit_cast<T>(static_cast<uint32_t>(bits));
  } else {
    return std::bit_cast<T>(shuffle(mask, std::bit_cast<uint64_t>(value), source, site));
  }
}
}  // namespace vmk::emulator

template <class T>
T __shfl_sync(unsigned mask, T value, int source,
              vmk::emulator::Site site = vmk::emulator::Site::current()) {
  return vmk::emulator::shuffle_value(mask, value, source & 31, site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits,
                  vmk::emulator::Site site = vmk::emulator::Site::current()) {
  return vmk::emulator::shuffle_value(mask, value, vmk::emulator::lane() ^ bits, site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, int by,
                   vmk::emulator::Site site = vmk::emulator::Site::current()) {
  const int lane = vmk::emulator::lane();
  return vmk::emulator::shuffle_value(mask, value, lane + by > 31 ? lane : lane + by, site);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, int by,
                 vmk::emulator::Site site = vmk::emulator::Site::current()) {
  const int lane = vmk::emulator::lane();
  return vmk::emulator::shuffle_value(mask, value, lane < by ? lane : lane - by, site);
}

// ---- atomics: atomics.cc ----

int atomicAdd(int* at, int value);
unsigned atomicAdd(unsigned* at, unsigned value);
unsigned long long atomicAdd(unsigned long long* at, unsigned long long value);
int atomicMin(int* at, int value);
unsigned atomicMin(unsigned* at, unsigned value);
unsigned long long atomicMin(unsigned long long* at, unsigned long long value);
int atomicMax(int* at, int value);
unsigned atomicMax(unsigned* at, unsigned value);
unsigned long long atomicMax(unsigned long long* at, unsigned long long value);
unsigned atomicOr(unsigned* at, unsigned value);
int atomicCAS(int* at, int expected, int value);
unsigned atomicCAS(unsigned* at, unsigned expected, unsigned value);
unsigned long long atomicCAS(unsigned long long* at, unsigned long long expected,
                             unsigned long long value);

// ---- arithmetic ----

inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __popcll(unsigned long long bits) { return std::popcount(bits); }
inline int __clz(int bits) { return std::countl_zero(static_cast<unsigned>(bits)); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
inline float __int_as_float(int value) { return std::bit_cast<float>(value); }
inline float __fmul_rn(float a, float b) { return a * b; }
template <class T>
T __ldg(const T* at) {
  return *at;
}
