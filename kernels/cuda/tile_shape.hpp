#pragma once
// What the tables of tiles say of each, and the model of time that the choices among them share:
// how often the device must be filled with blocks, times the slower of multiplying and loading in
// each of them. Constants are per multiprocessor and cycle, of data sheets; a caller that has timed
// the tiles names the one to use.
#include <algorithm>
#include <string>

#include "mma.cuh"

namespace vmk {

struct TileShape {
  const char* name;
  vmk_dtype dtype;
  bool tensor_cores;  // with f32: rounds to tf32
  int m, n, k, stages, threads;
  int shared_bytes;
  int least_capability;     // 10 * major + minor
  bool warpgroups = false;  // Hopper's products, of that GPU alone

  // Whether blocks that take `more` shared memory run on the device, in this type and unit.
  bool suits(const CudaDevice& device, vmk_dtype type, bool tf32, int more = 0) const {
    return dtype == type && least_capability <= device.capability() &&
           shared_bytes + more <= device.shared_limit() &&
           (type != VMK_F32 || tensor_cores == tf32);
  }
  // Blocks that a multiprocessor holds at a time.
  int resident(const CudaDevice& device) const {
    constexpr int kRegisters = 65536, kThreadRegisters = 128;
    return std::max(1, std::min(device.shared_limit() / shared_bytes,
                                kRegisters / (threads * kThreadRegisters)));
  }
  // Cycles of a step, of a block that is alone.
  double step_cycles() const {
    constexpr double kLoadedBytes = 48;  // from the second-level cache
    const double multiply_adds =
        !tensor_cores ? 128 : warpgroups ? 2048 : dtype == VMK_F32 ? 512 : 1024;
    const double bytes = dtype_bytes(dtype);
    return std::max(double{1} * m * n * k / multiply_adds, (m + n) * k * bytes / kLoadedBytes);
  }
};

// Cycles that writing and reading `count` sums in f32 takes, with the whole device.
inline double sum_cycles(const CudaDevice& device, double count) {
  constexpr double kSumBytes = 12;  // of memory, for a multiprocessor's share of the sums
  return 8 * count / (kSumBytes * device.multiprocessors());
}

// The place of a name in a table of tiles, -1 for an unknown one.
template <class Tile>
int32_t find_tile(const Tile* const* tiles, int count, const std::string& name) {
  for (int i = 0; i < count; ++i)
    if (tiles[i]->name == name) return i;
  return -1;
}

// Names of the tiles that use(tile) is true for, separated by commas.
template <class Tile, class Use>
std::string tile_names(const Tile* const* tiles, int count, Use&& use) {
  std::string names;
  for (int i = 0; i < count; ++i) {
    if (!use(*tiles[i])) continue;
    if (!names.empty()) names += ',';
    names += tiles[i]->name;
  }
  return names;
}

// No tile is left to choose; `asked` is the one that the caller named, or null.
[[noreturn]] inline void fail_tile(const CudaDevice& device, const char* op, vmk_dtype dtype,
                                   bool tf32, const TileShape* asked) {
  const char* type = tf32 ? "tf32" : dtype_name(dtype);
  if (!asked)
    fail(VMK_UNSUPPORTED, "Cannot run %s in %s: this device is an sm_%d, no tile of this library "
         "runs on it", op, type, device.capability());
  fail(VMK_UNSUPPORTED, "Cannot run %s in %s with tile \"%s\": it is for another variant, for "
       "another type or more than this sm_%d has", op, type, asked->name, device.capability());
}

template <class Element>
constexpr vmk_dtype kDtype = VMK_F32;  // Tf32 too
template <>
constexpr vmk_dtype kDtype<F16> = VMK_F16;
template <>
constexpr vmk_dtype kDtype<Bf16> = VMK_BF16;

// Of a tile type (tile_mma.cuh, tile_ffma.cuh). f16 has tensor cores since sm_75, the other types
// since sm_80.
template <class T>
constexpr TileShape tile_shape(const char* name, int shared_bytes) {
  constexpr vmk_dtype dtype = kDtype<typename T::Element>;
  const int least = !T::kTensorCores ? 0 : dtype == VMK_F16 ? 75 : 80;
  return {name,  dtype,      T::kTensorCores, T::kM,        T::kN,
          T::kK, T::kStages, T::kThreads,     shared_bytes, least};
}

}  // namespace vmk
