// weight_transpose.tiles - square tiles through shared memory: read and written in whole rows.
// weight_transpose.ref - one thread an element, read where they lie.
#include <type_traits>

#include "common.cuh"

namespace vmk {

namespace {

constexpr int kSide = 32, kRows = kBlock / kSide;

// blockIdx.x: tiles along Cout, blockIdx.y: along Cin, blockIdx.z + first: the offset.
template <class Word>
__global__ void __launch_bounds__(kBlock)
    transpose_tiles(const Word* __restrict__ weight, Word* __restrict__ out, WeightTranspose a,
                    int64_t first) {
  __shared__ Word tile[kSide][kSide + 1];  // the odd row spreads columns over the banks
  const int x = static_cast<int>(threadIdx.x) % kSide, y = static_cast<int>(threadIdx.x) / kSide;
  const int64_t i0 = static_cast<int64_t>(blockIdx.y) * kSide;
  const int64_t o0 = static_cast<int64_t>(blockIdx.x) * kSide;
  const int64_t matrix = (first + blockIdx.z) * a.cin * a.cout;
  for (int r = y; r < kSide; r += kRows)
    if (i0 + r < a.cin && o0 + x < a.cout)
      tile[r][x] = weight[matrix + (i0 + r) * a.cout + o0 + x];
  __syncthreads();
  for (int r = y; r < kSide; r += kRows)
    if (o0 + r < a.cout && i0 + x < a.cin)
      out[matrix + (o0 + r) * a.cin + i0 + x] = tile[x][r];
}

template <class Word>
__global__ void __launch_bounds__(kBlock)
    transpose_elements(const Word* __restrict__ weight, Word* __restrict__ out, WeightTranspose a) {
  const int64_t at = thread_index(), size = a.cin * a.cout;
  if (at >= a.kv * size) return;
  const int64_t o = at % size / a.cin, i = at % a.cin;
  out[at] = weight[at / size * size + i * a.cout + o];
}

// Calls run(weight, out) with what the elements of f32 or 16 bits are copied as.
template <class F>
void with_words(const WeightTranspose& a, F&& run) {
  if (a.dtype == VMK_F32) {
    run(static_cast<const uint32_t*>(a.weight), static_cast<uint32_t*>(a.out));
  } else {
    run(static_cast<const uint16_t*>(a.weight), static_cast<uint16_t*>(a.out));
  }
}

}  // namespace

void weight_transpose_tiles(Device& any, const WeightTranspose& a) {
  CudaDevice& device = cuda_device(any);
  constexpr int64_t kMostDepth = UINT16_MAX;  // blocks along z
  for (int64_t first = 0; first < a.kv; first += kMostDepth) {
    dim3 grid = blocks(a.cout, kSide, ceil_div(a.cin, kSide));
    grid.z = static_cast<unsigned>(a.kv - first < kMostDepth ? a.kv - first : kMostDepth);
    with_words(a, [&](const auto* weight, auto* out) {
      using Word = std::remove_reference_t<decltype(*out)>;
      VMK_LAUNCH(device, transpose_tiles<Word>, grid, kBlock, weight, out, a, first);
    });
  }
}

void weight_transpose_ref(Device& any, const WeightTranspose& a) {
  CudaDevice& device = cuda_device(any);
  with_words(a, [&](const auto* weight, auto* out) {
    using Word = std::remove_reference_t<decltype(*out)>;
    VMK_LAUNCH(device, transpose_elements<Word>, blocks(a.kv * a.cin * a.cout), kBlock, weight,
               out, a);
  });
}

}  // namespace vmk
