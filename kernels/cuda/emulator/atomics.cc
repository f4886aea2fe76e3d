// Atomics: fibers switch only at barriers, so a plain update is one; the check tells it from a
// plain access.
#include "cuda_runtime.h"
#include "memory.hpp"

namespace {

template <class T, class F>
T update(T* at, F&& next) {
  vmk::emulator::checking = false;
  vmk::emulator::check_access(at, sizeof(T), vmk::emulator::Access::kAtomic);
  vmk::emulator::checking = true;
  const T before = *at;
  *at = next(before);
  return before;
}

template <class T>
T add(T* at, T value) {
  return update(at, [=](T before) { return static_cast<T>(before + value); });
}
template <class T>
T minimum(T* at, T value) {
  return update(at, [=](T before) { return std::min(before, value); });
}
template <class T>
T maximum(T* at, T value) {
  return update(at, [=](T before) { return std::max(before, value); });
}
template <class T>
T compare_and_swap(T* at, T expected, T value) {
  return update(at, [=](T before) { return before == expected ? value : before; });
}

}  // namespace

using Unsigned64 = unsigned long long;

int atomicAdd(int* at, int value) { return add(at, value); }
unsigned atomicAdd(unsigned* at, unsigned value) { return add(at, value); }
Unsigned64 atomicAdd(Unsigned64* at, Unsigned64 value) { return add(at, value); }
int atomicMin(int* at, int value) { return minimum(at, value); }
unsigned atomicMin(unsigned* at, unsigned value) { return minimum(at, value); }
Unsigned64 atomicMin(Unsigned64* at, Unsigned64 value) { return minimum(at, value); }
int atomicMax(int* at, int value) { return maximum(at, value); }
unsigned atomicMax(unsigned* at, unsigned value) { return maximum(at, value); }
Unsigned64 atomicMax(Unsigned64* at, Unsigned64 value) { return maximum(at, value); }
unsigned atomicOr(unsigned* at, unsigned value) {
  return update(at, [=](unsigned before) { return before | value; });
}
int atomicCAS(int* at, int expected, int value) { return compare_and_swap(at, expected, value); }
unsigned atomicCAS(unsigned* at, unsigned expected, unsigned value) {
  return compare_and_swap(at, expected, value);
}
Unsigned64 atomicCAS(Unsigned64* at, Unsigned64 expected, Unsigned64 value) {
  return compare_and_swap(at, expected, value);
}
