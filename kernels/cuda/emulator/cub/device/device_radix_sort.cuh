#pragma once
// cub's radix sort on the host, one element after another: stable, by bits [begin, end) of the key.
#include <algorithm>
#include <numeric>
#include <vector>

#include "cudart.hpp"
#include "memory.hpp"

namespace cub {

struct DeviceRadixSort {
  template <class Key, class Value, class Count>
  static cudaError_t SortPairs(void* scratch, size_t& scratch_bytes, const Key* from, Key* to,
                               const Value* values_from, Value* values_to, Count n, int begin,
                               int end, cudaStream_t) {
    if (!scratch) return answer(scratch_bytes);
    return vmk::emulator::enqueue([=] {
      const auto order = sorted_order(from, n, begin, end);
      const cudaError_t error = move(order, from, to);
      return error == cudaSuccess ? move(order, values_from, values_to) : error;
    });
  }

  template <class Key, class Count>
  static cudaError_t SortKeys(void* scratch, size_t& scratch_bytes, const Key* from, Key* to,
                              Count n, int begin, int end, cudaStream_t) {
    if (!scratch) return answer(scratch_bytes);
    return vmk::emulator::enqueue(
        [=] { return move(sorted_order(from, n, begin, end), from, to); });
  }

 private:
  static cudaError_t answer(size_t& scratch_bytes) {
    scratch_bytes = 1;
    return cudaSuccess;
  }

  template <class Key, class Count>
  static std::vector<Count> sorted_order(const Key* keys, Count n, int begin, int end) {
    const int above = static_cast<int>(sizeof(Key)) * 8 - end;
    const auto digits = [&](Count i) {
      return begin == end ? Key{} : static_cast<Key>(keys[i] << above) >> (above + begin);
    };
    std::vector<Count> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), Count{});
    std::stable_sort(order.begin(), order.end(),
                     [&](Count a, Count b) { return digits(a) < digits(b); });
    return order;
  }

  template <class Count, class T>
  static cudaError_t move(const std::vector<Count>& order, const T* from, T* to) {
    const size_t bytes = order.size() * sizeof(T);
    if (!vmk::emulator::is_allocated(from, bytes) || !vmk::emulator::host_writes(to, bytes))
      return cudaErrorInvalidValue;
    for (size_t i = 0; i < order.size(); ++i) to[i] = from[order[i]];
    return cudaSuccess;
  }
};

}  // namespace cub
