// weight_transpose.
//   tiles  square tiles that stay in level-1 cache, one offset and band of rows a task.
//   ref    a loop in the order of the definition.
#include <algorithm>

#include "device.hpp"
#include "variants.hpp"

namespace vmk {

namespace {

// Calls run(weight, out) with what the elements of f32 or 16 bits are copied as.
template <class F>
void with_words(const WeightTranspose& a, F&& run) {
  if (a.dtype == VMK_F32)
    run(static_cast<const uint32_t*>(a.weight), static_cast<uint32_t*>(a.out));
  else
    run(static_cast<const uint16_t*>(a.weight), static_cast<uint16_t*>(a.out));
}

void transpose_ref(Device&, const WeightTranspose& a) {
  with_words(a, [&](const auto* weight, auto* out) {
    for (int64_t k = 0; k < a.kv; ++k)
      for (int64_t i = 0; i < a.cin; ++i)
        for (int64_t o = 0; o < a.cout; ++o)
          out[(k * a.cout + o) * a.cin + i] = weight[(k * a.cin + i) * a.cout + o];
  });
}

constexpr int64_t kTile = 32;

void transpose_tiles(Device& any, const WeightTranspose& a) {
  const int64_t bands = (a.cin + kTile - 1) / kTile;
  with_words(a, [&](const auto* weight, auto* out) {
    cpu_device(any).pool.for_ranges(a.kv * bands, 1, [&](int64_t task, int64_t) {
      const int64_t first = task % bands * kTile, last = std::min(first + kTile, a.cin);
      const auto* from = weight + task / bands * a.cin * a.cout;
      auto* to = out + task / bands * a.cin * a.cout;
      for (int64_t column = 0; column < a.cout; column += kTile)
        for (int64_t o = column; o < std::min(column + kTile, a.cout); ++o)
          for (int64_t i = first; i < last; ++i) to[o * a.cin + i] = from[i * a.cout + o];
    });
  });
}

constexpr Variant<WeightTranspose> kList[] = {of_any_dtype("tiles", transpose_tiles),
                                              of_any_dtype("ref", transpose_ref)};

}  // namespace

const Variants<WeightTranspose> kWeightTranspose = variants(kList);
const Variants<WeightPack> kWeightPack = {nullptr, 0};  // no variant here reads packed weights

}  // namespace vmk
