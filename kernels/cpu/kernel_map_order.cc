// kernel_map_order: the rows of a map sorted by the offsets that they have, part by part.
#include "kernel_map_order.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "variants.hpp"

namespace vmk {

namespace {

constexpr int64_t kWord = 64;  // bits of a mask

// Masks [m, words] of the offsets [first, last), the first the highest bit.
void write_masks(CpuDevice& device, const KernelMapOrder& a, int64_t first, int64_t last,
                 int64_t words, uint64_t* masks) {
  device.pool.for_ranges(a.m, 4096, [&](int64_t begin, int64_t end) {
    std::fill(masks + begin * words, masks + end * words, 0);
    for (int64_t k = first; k < last; ++k) {
      const int64_t bit = k - first;
      for (int64_t m = begin; m < end; ++m)
        masks[m * words + bit / kWord] |= uint64_t{a.map[k * a.m + m] >= 0}
                                          << (kWord - 1 - bit % kWord);
    }
  });
}

void sort_part(const uint64_t* masks, int64_t words, int64_t m, int32_t* order) {
  std::iota(order, order + m, 0);
  const auto mask = [=](int32_t row) { return std::span(masks + row * words, words); };
  std::stable_sort(order, order + m, [&](int32_t x, int32_t y) {
    return std::ranges::lexicographical_compare(mask(y), mask(x));
  });
}

void order_offsets(CpuDevice& device, const KernelMapOrder& a, int64_t first, int64_t last,
                   const int32_t* order) {
  device.pool.for_ranges(a.m, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t k = first; k < last; ++k)
      for (int64_t i = begin; i < end; ++i) a.ordered[k * a.m + i] = a.map[k * a.m + order[i]];
  });
}

// Calls each(first, last, order) for the offsets of every part.
template <class F>
void each_part(const KernelMapOrder& a, F&& each) {
  const int64_t offsets = (a.kv + a.parts - 1) / a.parts;
  for (int64_t part = 0; part < a.parts; ++part) {
    const int64_t first = std::min(a.kv, part * offsets);
    each(first, std::min(a.kv, first + offsets), a.order + part * a.m);
  }
}

void order_masks(Device& device, const KernelMapOrder& a) { order_rows(cpu_device(device), a); }

// Two rows are compared offset by offset.
void order_ref(Device& device, const KernelMapOrder& a) {
  each_part(a, [&](int64_t first, int64_t last, int32_t* order) {
    std::iota(order, order + a.m, 0);
    std::stable_sort(order, order + a.m, [&](int32_t x, int32_t y) {
      for (int64_t k = first; k < last; ++k) {
        const bool of_x = a.map[k * a.m + x] >= 0, of_y = a.map[k * a.m + y] >= 0;
        if (of_x != of_y) return of_x;
      }
      return false;
    });
    order_offsets(cpu_device(device), a, first, last, order);
  });
}

constexpr Variant<KernelMapOrder> kList[] = {{"masks", order_masks}, {"ref", order_ref}};

}  // namespace

void order_rows(CpuDevice& device, const KernelMapOrder& a) {
  const int64_t offsets = (a.kv + a.parts - 1) / a.parts;
  const int64_t words = std::max<int64_t>(1, (offsets + kWord - 1) / kWord);
  auto* masks = device.scratch<uint64_t>(a.m * words);
  each_part(a, [&](int64_t first, int64_t last, int32_t* order) {
    write_masks(device, a, first, last, words, masks);
    sort_part(masks, words, a.m, order);
    order_offsets(device, a, first, last, order);
  });
}

const Variants<KernelMapOrder> kKernelMapOrder = variants(kList);

}  // namespace vmk
