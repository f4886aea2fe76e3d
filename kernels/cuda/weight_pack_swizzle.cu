// weight_pack.swizzle - weights in the order that the tiles of Hopper's products copy them in: a
// column's 64 channels are one swizzled row, so that a step's piece is one run of memory for tiles
// of any width. One thread eight channels of a column; threads side by side read columns side by
// side. Only a library for sm_90a has it.
#ifdef VMK_SM90A
#include "weight_pack.hpp"
#include "wgmma.cuh"

namespace vmk {

namespace {

constexpr int kVector = 8, kVectors = kSwizzledRow / kVector;
static_assert(WeightPack::kChannels == kSwizzledRow);

// Of the packed form.
struct Sizes {
  int64_t rows, blocks, columns;
};

template <class Element>
__global__ void __launch_bounds__(kBlock) pack_weights(WeightPack a, Sizes sizes) {
  const auto [rows, blocks, columns] = sizes;
  const int64_t at = thread_index();
  if (at >= rows * kVectors) return;
  const int64_t plane = columns * kVectors;  // of an offset and its 64 channels
  const bool tail = at >= a.kv * blocks * plane;
  const int64_t matrix = tail ? 0 : at / plane / blocks, block = tail ? 0 : at / plane % blocks;
  const int64_t column = tail ? 0 : at % plane % columns;
  const int64_t vector = tail ? 0 : at % plane / columns;
  const int64_t first = block * kSwizzledRow + vector * kVector;
  const auto* from =
      static_cast<const Element*>(a.weight) + (matrix * a.cin + first) * a.cout + column;
  Pack<Element, kVector> pack = {};
#pragma unroll
  for (int i = 0; i < kVector; ++i)
    if (!tail && first + i < a.cin && column < a.cout) pack.at[i] = from[i * a.cout];
  // Rows of a plane begin at a multiple of eight, where the swizzle begins anew.
  const int64_t row = (matrix * blocks + block) * columns + column;
  const int64_t to = tail ? at * kVector
                          : (row - row % 8) * kSwizzledRow +
                                swizzled(static_cast<int>(row % 8),
                                         static_cast<int>(vector) * kVector);
  *reinterpret_cast<Pack<Element, kVector>*>(static_cast<Element*>(a.out) + to) = pack;
}

}  // namespace

void pack(CudaDevice& device, const WeightPack& a) {
  const Sizes sizes{WeightPack::rows(a.kv, a.cin, a.cout), WeightPack::blocks(a.cin),
                    WeightPack::columns(a.cout)};
  const dim3 grid = blocks(sizes.rows * kVectors);
  if (a.dtype == VMK_F16) {
    VMK_LAUNCH(device, pack_weights<F16>, grid, kBlock, a, sizes);
  } else {
    VMK_LAUNCH(device, pack_weights<Bf16>, grid, kBlock, a, sizes);
  }
}

void weight_pack_swizzle(Device& any, const WeightPack& a) { pack(cuda_device(any), a); }

}  // namespace vmk
#endif
