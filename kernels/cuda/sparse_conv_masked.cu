// sparse_conv.masked - implicit GEMM over sorted outputs. The offsets are cut into `splits` parts.
// Within a part every output has a bit mask of the offsets that it has; outputs are sorted by their
// mask, descending, ties by row, so that the rows of a tile need the same offsets and few of them
// multiply zeros. Each part has its own order and its own sums, which are added in order: no
// atomics (TorchSparse++, MICRO'23). Masks have as many words as a part has offsets for, and are
// sorted word by word from the last: any kernel volume with any number of splits.
// sparse_conv.masked_tf32 - the same, f32 rounded to tf32 for the tensor cores.
// Cost of sorting: the map is read once for the masks, and read and written once in its new order.
#include <algorithm>
#include <bit>

#include "conv_dataflows.hpp"
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

// The outputs of each part in the order of their masks, [count, m].
const int32_t* sort_by_mask(CudaDevice& device, const int32_t* map, const Parts& parts) {
  const int64_t all = parts.m * parts.count;
  auto *keys = device.scratch<uint64_t>(all), *sorted_keys = device.scratch<uint64_t>(all);
  auto *from = device.scratch<int32_t>(all), *to = device.scratch<int32_t>(all);
  // The sort is stable, so the words that count least come first.
  const int bits = kWord + std::bit_width(static_cast<unsigned>(parts.count - 1));
  for (int word = parts.words() - 1; word >= 0; --word) {
    const bool first = word == parts.words() - 1;
    VMK_LAUNCH(device, write_keys, blocks(all), kBlock, map, parts, word, first ? nullptr : from,
               keys, from);
    sort_pairs(device, keys, sorted_keys, from, to, all, bits);
    std::swap(from, to);
  }
  return from;
}

void run(Device& any, const SparseConv& args, bool tf32) {
  CudaDevice& device = cuda_device(any);
  check_offsets(args);
  const ConvCall a = call_of(device, args);
  if (a.kv == 0 || a.cin == 0) return finish_sums(device, a, args.dtype, nullptr, 0);
  const int64_t splits = std::min<int64_t>(args.settings.splits, a.kv);
  const auto offsets = static_cast<int>(ceil_div(a.kv, splits));
  const Parts parts{a.kv, a.m, offsets, static_cast<int>(ceil_div(a.kv, offsets))};
  const int32_t* order = sort_by_mask(device, a.map, parts);
  auto* ordered = device.scratch<int32_t>(a.kv * a.m);
  VMK_LAUNCH(device, order_map, blocks(a.m, kBlock, a.kv), kBlock, a.map, parts, order, ordered);
  const TileWish wish{args.dtype, tf32, a.m * parts.count, a.columns, int64_t{offsets} * a.cin,
                      parts.count == 1};
  const TileChoice choice = choose_tile(device, wish);
  const int sums = parts.count * choice.pieces;
  MapJob job{ordered, order, offsets, parts.count, choice.pieces, nullptr};
  if (sums > 1) job.sums = device.scratch<float>(sums * a.m * a.columns);
  choice.tile->map(device, a, job);
  if (job.sums) finish_sums(device, a, args.dtype, job.sums, sums);
}

}  // namespace

void sparse_conv_masked(Device& device, const SparseConv& args) { run(device, args, false); }

void sparse_conv_masked_tf32(Device& device, const SparseConv& args) {
  expect_f32(args);
  run(device, args, true);
}

}  // namespace vmk
