// strided_map.
//   merge  where kernel = stride every input belongs to one output, through one offset: see below.
//          Any other layer takes the two steps of downsample and kernel_map.
//   ref    the references of the two steps.
//
// Inputs that share the (x, y) place in the kernel are in output order already. One pass deals them
// into kx * ky lists; the outputs are what a merge of the lists gives, and the map entries of an
// output are the heads of the lists that show its key. The merge counts the outputs of each chunk
// before a second walk over the merged keys writes coordinates and map where they belong.
#include <algorithm>

#include "counted_rows.hpp"
#include "kernel_map.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

constexpr int64_t kMostLists = 16;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

template <class Downsampler, class MapBuilder>
void two_steps(Device& device, const StridedMap& a, Downsampler&& downsampler,
               MapBuilder&& map_builder) {
  const Downsample& d = a.layer;
  downsampler(device, d);
  map_builder(device, KernelMap{d.coords, d.out_coords, a.map, d.n, *d.count, d.geometry});
}

// How an input becomes a word of its list: output key | place along z | row.
struct Words {
  const StridedMap& a;
  KeyLayout inputs, layout;  // layout: of the outputs
  int row_bits, low_bits;

  Words(const StridedMap& map, const Range& in)
      : a(map), inputs(in), layout(output_range(map.layer, in)),
        row_bits(bits_for(static_cast<uint64_t>(map.layer.n))),
        low_bits(row_bits + bits_for(static_cast<uint64_t>(map.layer.geometry.kernel[2] - 1))) {}

  // One bit is left over, so that no word has all bits set.
  bool fit() const { return layout.bits + low_bits < 64 && inputs.bits <= 64; }
  // The list of input `row`, and its word.
  template <bool kHalving>
  int64_t split(int64_t row, uint64_t* word) const {
    const Geometry& g = a.layer.geometry;
    const int32_t* p = a.layer.coords + row * 4;
    int32_t q[4] = {p[0], 0, 0, 0}, place[3];
    for (int axis = 0; axis < 3; ++axis) {
      const int32_t at = p[axis + 1] - g.low(axis), stride = kHalving ? 2 : g.stride[axis];
      q[axis + 1] = kHalving ? at >> 1 : static_cast<int32_t>(floor_div(at, stride));
      place[axis] = at - q[axis + 1] * stride;
    }
    *word = layout.pack(q) << low_bits | static_cast<uint64_t>(place[2]) << row_bits |
            static_cast<uint64_t>(row);
    return int64_t{place[0]} * g.kernel[1] + place[1];
  }
};

// kx * ky ascending lists in one array, each with `padding` words behind it that are above all.
struct Lists {
  uint64_t* words;
  std::vector<int64_t> first, last;
};

// Deals the inputs; false when they are not ascending and distinct.
template <bool kHalving>
bool deal(CpuDevice& device, const Words& words, Lists* lists) {
  const Geometry& g = words.a.layer.geometry;
  const int64_t n = words.a.layer.n, count = int64_t{g.kernel[0]} * g.kernel[1];
  const int64_t padding = g.kernel[2];
  const int64_t grain = device.pool.even_grain(n), ranges = (n + grain - 1) / grain;
  std::vector<int64_t> at(ranges * count);
  std::vector<char> ordered(ranges, 1);
  device.pool.for_ranges(n, grain, [&](int64_t begin, int64_t end) {
    int64_t counts[kMostLists] = {};
    const int32_t* coords = words.a.layer.coords;
    uint64_t word, last = begin > 0 ? words.inputs.pack(coords + begin * 4 - 4) : 0;
    bool up = true;
    for (int64_t i = begin; i < end; ++i) {
      ++counts[words.split<kHalving>(i, &word)];
      const uint64_t key = words.inputs.pack(coords + i * 4);
      up &= key > last || i == 0;
      last = key;
    }
    std::copy_n(counts, count, &at[begin / grain * count]);
    ordered[begin / grain] = up;
  });
  if (std::find(ordered.begin(), ordered.end(), 0) != ordered.end()) return false;
  lists->words = device.scratch<uint64_t>(n + count * padding);
  int64_t sum = 0;
  for (int64_t l = 0; l < count; ++l) {
    lists->first.push_back(sum);
    for (int64_t r = 0; r < ranges; ++r) {
      const int64_t here = at[r * count + l];
      at[r * count + l] = sum;
      sum += here;
    }
    lists->last.push_back(sum);
    std::fill_n(lists->words + sum, padding, ~uint64_t{0});
    sum += padding;
  }
  device.pool.for_ranges(n, grain, [&](int64_t begin, int64_t end) {
    int64_t to[kMostLists];
    std::copy_n(&at[begin / grain * count], count, to);
    uint64_t word;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t list = words.split<kHalving>(i, &word);
      lists->words[to[list]++] = word;
    }
  });
  return true;
}

// A range of output keys: where it begins in each list, and room for its outputs.
struct Chunk {
  const uint64_t* heads[kMostLists];
  uint64_t end;           // the first key past it
  uint64_t* keys;         // merged here, at most as many as it has inputs
  int64_t outputs, row;   // how many, and the row of the first
};

std::vector<Chunk> cut(CpuDevice& device, const Words& words, const Lists& lists) {
  constexpr int64_t kInputs = 1 << 13;  // of a chunk, about
  const auto count = static_cast<int64_t>(lists.first.size());
  const auto length = [&](int64_t l) { return lists.last[l] - lists.first[l]; };
  int64_t longest = 0;
  for (int64_t l = 1; l < count; ++l)
    if (length(l) > length(longest)) longest = l;
  const int64_t chunks = (words.a.layer.n + kInputs - 1) / kInputs;
  uint64_t* keys = device.scratch<uint64_t>(words.a.layer.n);
  std::vector<Chunk> made(chunks);
  for (int64_t c = 0; c < chunks; ++c) {
    const auto key_at = [&](int64_t part) {
      return lists.words[lists.first[longest] + length(longest) * part / chunks] >> words.low_bits;
    };
    const uint64_t from = c == 0 ? 0 : key_at(c);
    made[c].end = c + 1 == chunks ? ~uint64_t{0} >> words.low_bits : key_at(c + 1);
    made[c].keys = keys;
    for (int64_t l = 0; l < count; ++l) {
      const uint64_t *begin = lists.words + lists.first[l], *end = lists.words + lists.last[l];
      made[c].heads[l] = std::lower_bound(begin, end, from << words.low_bits);
      made[c].keys += made[c].heads[l] - begin;
    }
  }
  return made;
}

// The distinct keys of a chunk, ascending. kLists, kDepth: kx * ky and kz where known, else 0.
template <int kLists, int kDepth>
void merge(const Words& words, Chunk* chunk, int64_t lists, int64_t depth) {
  if (kLists) lists = kLists;
  if (kDepth) depth = kDepth;
  const int shift = words.low_bits;
  const uint64_t* heads[kMostLists];
  std::copy_n(chunk->heads, lists, heads);
  uint64_t* to = chunk->keys;
  for (;;) {
    uint64_t key = *heads[0] >> shift;
    for (int64_t l = 1; l < lists; ++l) key = std::min(key, *heads[l] >> shift);
    if (key >= chunk->end) break;
    *to++ = key;
    // Inputs of one output stand next to each other in a list: no branch, it cannot be predicted.
    for (int64_t l = 0; l < lists; ++l) {
      int64_t taken = 0;
      for (int64_t z = 0; z < depth; ++z) taken += heads[l][z] >> shift == key;
      heads[l] += taken;
    }
  }
  chunk->outputs = to - chunk->keys;
}

// Writes the coordinates and map entries of a chunk's outputs.
template <int kLists, int kDepth>
void expand(const Words& words, const Chunk& chunk, int64_t m, int64_t lists, int64_t depth) {
  if (kLists) lists = kLists;
  if (kDepth) depth = kDepth;
  const Geometry& g = words.a.layer.geometry;
  const uint64_t row_mask = (uint64_t{1} << words.row_bits) - 1;
  const int z_bits = words.low_bits - words.row_bits;
  const uint64_t* heads[kMostLists];
  std::copy_n(chunk.heads, lists, heads);
  std::vector<int32_t*> rows(lists * depth);
  for (int64_t l = 0; l < lists; ++l)
    for (int64_t z = 0; z < depth; ++z) {
      const auto ix = static_cast<int32_t>(l / g.kernel[1]);
      const auto iy = static_cast<int32_t>(l % g.kernel[1]);
      rows[l * depth + z] = words.a.map + g.index(ix, iy, static_cast<int32_t>(z)) * m + chunk.row;
    }
  for (int64_t i = 0; i < chunk.outputs; ++i) {
    const uint64_t key = chunk.keys[i];
    words.layout.unpack(key, words.a.layer.out_coords + (chunk.row + i) * 4);
    for (int64_t l = 0; l < lists; ++l)
      for (int64_t z = 0; z < depth; ++z) {
        const uint64_t word = *heads[l];
        const bool hit = word >> words.row_bits == (key << z_bits | static_cast<uint64_t>(z));
        rows[l * depth + z][i] = hit ? static_cast<int32_t>(word & row_mask) : -1;
        heads[l] += hit;
      }
  }
}

template <int kLists, int kDepth>
void merge_and_expand(CpuDevice& device, const Words& words, std::vector<Chunk> chunks,
                      int64_t lists) {
  const Downsample& d = words.a.layer;
  const int64_t depth = d.geometry.kernel[2];
  const auto count = static_cast<int64_t>(chunks.size());
  device.pool.for_ranges(count, 1, [&](int64_t begin, int64_t) {
    merge<kLists, kDepth>(words, &chunks[begin], lists, depth);
  });
  int64_t m = 0;
  for (Chunk& chunk : chunks) {
    chunk.row = m;
    m += chunk.outputs;
  }
  if (m > d.capacity) fail_capacity(m, d.capacity);
  *d.count = m;
  device.pool.for_ranges(count, 1, [&](int64_t begin, int64_t) {
    expand<kLists, kDepth>(words, chunks[begin], m, lists, depth);
  });
}

// Every input belongs to one output, floor((p - low) / stride), and to one offset.
bool is_partition(const Downsample& d) {
  const Geometry& g = d.geometry;
  const std::array<int32_t, 3> one{1, 1, 1};
  const bool same = d.mode == VMK_OUT_REACHED || (g.low(0) == 0 && g.low(1) == 0 && g.low(2) == 0);
  return !d.bounded && same && g.kernel == g.stride && g.dilation == one &&
         int64_t{g.kernel[0]} * g.kernel[1] <= kMostLists;
}

// False when the inputs are not as this needs them; nothing is written then.
bool by_merge(CpuDevice& device, const StridedMap& a) {
  const Downsample& d = a.layer;
  if (!is_partition(d) || d.n == 0) return false;
  const Range in = range_of(device, d.coords, d.n);
  check_range(in, d.coords, d.n, "downsample", "coords");
  const Words words(a, in);
  if (!words.fit()) return false;
  const auto& k = d.geometry.kernel;
  const bool halving = k[0] == 2 && k[1] == 2 && k[2] == 2;
  Lists lists;
  if (!(halving ? deal<true>(device, words, &lists) : deal<false>(device, words, &lists)))
    return false;
  const auto count = static_cast<int64_t>(lists.first.size());
  auto chunks = cut(device, words, lists);
  halving ? merge_and_expand<4, 2>(device, words, std::move(chunks), count)
          : merge_and_expand<0, 0>(device, words, std::move(chunks), count);
  return true;
}

void strided_map_merge(Device& device, const StridedMap& a) {
  if (!by_merge(cpu_device(device), a)) two_steps(device, a, downsample_radix, kernel_map_sorted);
}

void strided_map_ref(Device& device, const StridedMap& a) {
  two_steps(device, a, downsample_ref, kernel_map_ref);
}

constexpr Variant<StridedMap> kList[] = {{"merge", counted_strided_map<strided_map_merge>},
                                         {"ref", counted_strided_map<strided_map_ref>}};

}  // namespace

const Variants<StridedMap> kStridedMap = variants(kList);

}  // namespace vmk
