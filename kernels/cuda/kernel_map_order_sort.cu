// kernel_map_order.sort - a radix sort by the bits of the offsets that a row has. Masks have as many
// words as a part has offsets for, and are sorted word by word from the last: any kernel volume with
// any number of parts.
// Cost: the map is read once for the masks, and read and written once in its new order.
#include <algorithm>
#include <bit>

#include "kernel_map_order.hpp"
#include "primitives.hpp"

namespace vmk {

namespace {

constexpr int kWord = 32;  // bits of a mask that are sorted at a time, below the number of the part

struct Parts {
  int64_t kv, m;
  int offsets, count;  // of a part, and how many there are

  __host__ int words() const { return static_cast<int>(ceil_div(offsets, kWord)); }
  __device__ int64_t first(int64_t part) const { return part * offsets; }
  __device__ int64_t last(int64_t part) const { return min(kv, (part + 1) * offsets); }
};

// The keys of one word of the masks: the part above the inverted bits, offset 0 of the word the
// highest, so that ascending keys are parts in order with descending masks. With rows: of these,
// part by part, else of all in their own order, which is then written.
__global__ void __launch_bounds__(kBlock)
    write_keys(const int32_t* __restrict__ map, Parts parts, int word,
               const int32_t* __restrict__ rows, uint64_t* __restrict__ keys,
               int32_t* __restrict__ own_rows) {
  const int64_t at = thread_index(), part = at / parts.m;
  if (at >= parts.m * parts.count) return;
  const int64_t m = rows ? rows[at] : at % parts.m;
  const int64_t begin = parts.first(part) + word * kWord;
  const int64_t end = min(parts.last(part), begin + kWord);
  uint32_t bits = 0;
  for (int64_t k = begin; k < end; ++k)
    bits |= static_cast<uint32_t>(map[k * parts.m + m] >= 0) << (kWord - 1 - (k - begin));
  keys[at] = static_cast<uint64_t>(part) << kWord | static_cast<uint32_t>(~bits);
  if (!rows) own_rows[at] = static_cast<int32_t>(m);
}

// A block row an offset: its row of the map in the order of its part.
__global__ void __launch_bounds__(kBlock)
    order_map(const int32_t* __restrict__ map, Parts parts, const int32_t* __restrict__ rows,
              int32_t* __restrict__ ordered) {
  const int64_t i = thread_index(), k = blockIdx.y;
  if (i >= parts.m) return;
  const int64_t part = k / parts.offsets;
  ordered[k * parts.m + i] = map[k * parts.m + rows[part * parts.m + i]];
}

// The outputs of each part in the order of their masks, to `order` [count, m].
void sort_by_mask(CudaDevice& device, const int32_t* map, const Parts& parts, int32_t* order) {
  const int64_t all = parts.m * parts.count;
  auto *keys = device.scratch<uint64_t>(all), *sorted_keys = device.scratch<uint64_t>(all);
  // Each word goes from one array to the other; the last one ends in `order`.
  int32_t *from = device.scratch<int32_t>(all), *to = order;
  if (parts.words() % 2 == 0) std::swap(from, to);
  // The sort is stable, so the words that count least come first.
  const int bits = kWord + std::bit_width(static_cast<unsigned>(parts.count - 1));
  for (int word = parts.words() - 1; word >= 0; --word) {
    const bool first = word == parts.words() - 1;
    VMK_LAUNCH(device, write_keys, blocks(all), kBlock, map, parts, word, first ? nullptr : from,
               keys, from);
    sort_pairs(device, keys, sorted_keys, from, to, all, bits);
    std::swap(from, to);
  }
}

}  // namespace

void order_rows(CudaDevice& device, const KernelMapOrder& a) {
  const auto offsets = static_cast<int>(std::max<int64_t>(1, ceil_div(a.kv, a.parts)));
  const Parts parts{a.kv, a.m, offsets, static_cast<int>(a.parts)};
  sort_by_mask(device, a.map, parts, a.order);
  VMK_LAUNCH(device, order_map, blocks(a.m, kBlock, a.kv), kBlock, a.map, parts, a.order,
             a.ordered);
}

void kernel_map_order_sort(Device& any, const KernelMapOrder& a) {
  order_rows(cuda_device(any), a);
}

}  // namespace vmk
