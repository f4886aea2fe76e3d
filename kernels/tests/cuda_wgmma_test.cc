// Tests of the emulator's Hopper instructions: products of a warpgroup against plain loops, in
// every layout of operands, and a pipeline of copies, barriers and products with one mistake at a
// time, each of which must be stopped with a text that names it.
#include <cstdio>
#include <string>
#include <vector>

#include "launch.hpp"
#include "wgmma.cuh"

namespace {

using namespace vmk;

constexpr int kRows = 64, kSteps = 3;

int failures = 0;

void expect(const char* test, bool ok, const std::string& found) {
  if (ok) return;
  ++failures;
  std::fprintf(stderr, "%s: found %s\n", test, found.c_str());
}

enum class Mistake {
  kNone,
  kNoPublish,          // of the rows that were written
  kPublishBeforeWait,  // of the copies of rows
  kNoBegin,
  kOddParity,  // of the wait for a full stage
  kNoFullWait,
  kNoFreeWait,  // before a stage is written again
  kEarlyFree,   // before the products are done
  kManyArrivals,
  kFewArrivals,
  kManyBytes,  // announced
  kBarrierNotPublished,
  kHalfPattern,  // an operand that begins inside a swizzled pattern
  kManyRegisters,
};

template <class E, int kN>
struct Stage {
  E rows[kRows * kSwizzledRow];
  E weight[kN * kSwizzledRow];
  uint64_t full, free;
};

template <class E, int kN>
__device__ void bring_steps(const E* rows, const E* weight, Stage<E, kN>& stage, Mistake mistake) {
  const auto thread = static_cast<int>(threadIdx.x);
  for (int step = 0; step < kSteps; ++step) {
    if (step > 0 && mistake != Mistake::kNoFreeWait) wait_for(&stage.free, (step - 1) & 1);
    for (int i = thread; i < kRows * kSwizzledRow / 8; i += kWarpgroup)
      copy_16(&stage.rows[swizzled(i / 8, i % 8 * 8)],
              rows + (step * kRows * kSwizzledRow + i * 8), true);
    commit_copies();
    if (mistake == Mistake::kPublishBeforeWait) publish_writes();
    wait_copies<0>();
    if (mistake != Mistake::kNoPublish && mistake != Mistake::kPublishBeforeWait) publish_writes();
    if (thread == 0) {
      constexpr int kBytes = kN * kSwizzledRow * 2;
      arrive_expecting(&stage.full, mistake == Mistake::kManyBytes ? kBytes + 16 : kBytes);
      copy_bulk(stage.weight, weight + step * kN * kSwizzledRow, kBytes, &stage.full);
    }
    if (mistake != Mistake::kFewArrivals || thread > 0) arrive(&stage.full);
  }
}

// out [64, kN] = sum over steps of rows [steps, 64, 64] * weight [steps, kN, 64], swizzled.
template <class E, int kN>
void multiply_pipeline(const E* rows, const E* weight, float* out, Mistake mistake) {
  VMK_DYNAMIC_SHARED(memory);
  auto& stage = *reinterpret_cast<Stage<E, kN>*>(memory);
  if (threadIdx.x == 0) {
    init_barrier(&stage.full, mistake == Mistake::kManyArrivals ? kWarpgroup : kWarpgroup + 1);
    init_barrier(&stage.free, kWarpgroup / kWarpSize);
    if (mistake != Mistake::kBarrierNotPublished) publish_barriers();
  }
  __syncthreads();
  if (threadIdx.x < kWarpgroup) {
    if (mistake == Mistake::kManyRegisters) take_registers<248>();
    if (mistake != Mistake::kManyRegisters) give_registers<40>();
    bring_steps(rows, weight, stage, mistake);
    return;
  }
  take_registers<256>();
  const auto lane = static_cast<int>(threadIdx.x) % kWarpSize;
  float sum[kN / 2] = {};
  for (int step = 0; step < kSteps; ++step) {
    if (mistake != Mistake::kNoFullWait)
      wait_for(&stage.full, mistake == Mistake::kOddParity ? (step + 1) & 1 : step & 1);
    if (mistake != Mistake::kNoBegin) begin_products();
    const int skipped = mistake == Mistake::kHalfPattern ? 4 * kSwizzledRow : 0;
    for (int k = 0; k < kSwizzledRow / 16; ++k)
      multiply_group<E>(sum, operand_at(stage.rows + skipped) + k * 2u,
                        operand_at(stage.weight) + k * 2u);
    commit_products();
    if (mistake == Mistake::kEarlyFree && lane == 0) arrive(&stage.free);
    wait_products<0>();
    if (mistake != Mistake::kEarlyFree && lane == 0) arrive(&stage.free);
  }
  const int row = static_cast<int>(threadIdx.x) % kWarpgroup / kWarpSize * 16 + lane / 4;
  for (int i = 0; i < kN / 2; ++i)
    out[(row + i / 2 % 2 * 8) * kN + i / 4 * 8 + lane % 4 * 2 + i % 2] = sum[i];
}

// ---- one product, in the layout of each mode of descriptors ----

// Where a row's half (8 of 16 elements) lies, in vectors of 16 bytes.
__device__ int place(int mode, int row, int half) {
  if (mode == 0) return row / 8 * 16 + half * 8 + row % 8;  // 8 rows x 16 bytes side by side
  const int vectors = 16 >> mode;                           // of a row
  return row * vectors + (half ^ row % 8 * vectors / 8);
}

uint64_t operand_of(int mode, const void* at) {
  const auto vectors = static_cast<uint64_t>(mode == 0 ? 16 : 8 * (16 >> mode));  // of 8 rows
  return emulator::shared_address(at) >> 4 | uint64_t{8} << 16 | vectors << 32 |
         static_cast<uint64_t>(mode) << 62;
}

// out [64, 64] = rows [64, 16] * weight [64, 16], transposed
void multiply_once(int mode, const F16* rows, const F16* weight, float* out) {
  VMK_DYNAMIC_SHARED(memory);
  auto* left = reinterpret_cast<Pack<F16, 8>*>(memory);
  Pack<F16, 8>* right = left + kRows * 8;
  const auto thread = static_cast<int>(threadIdx.x);
  const int row = thread / 2, half = thread % 2;
  left[place(mode, row, half)] = reinterpret_cast<const Pack<F16, 8>*>(rows)[thread];
  right[place(mode, row, half)] = reinterpret_cast<const Pack<F16, 8>*>(weight)[thread];
  publish_writes();
  __syncthreads();
  float sum[32] = {};
  begin_products();
  multiply_group<F16>(sum, operand_of(mode, left), operand_of(mode, right));
  commit_products();
  wait_products<0>();
  const int lane = thread % kWarpSize, first = thread / kWarpSize * 16 + lane / 4;
  for (int i = 0; i < 32; ++i)
    out[(first + i / 2 % 2 * 8) * 64 + i / 4 * 8 + lane % 4 * 2 + i % 2] = sum[i];
}

// ---- the harness ----

template <class T>
T* upload(const std::vector<T>& values) {
  void* data = nullptr;
  cudaMalloc(&data, values.size() * sizeof(T));
  cudaMemcpyAsync(data, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice, nullptr);
  return static_cast<T*>(data);
}

// Small whole numbers: every type holds them, and their sums are exact.
template <class E>
std::vector<E> whole_numbers(size_t count, size_t step) {
  std::vector<E> values(count);
  for (size_t i = 0; i < count; ++i) from_float(static_cast<float>(i * step % 11) - 5, values[i]);
  return values;
}

template <class... P, class... A>
std::string run(int threads, size_t shared, void (*kernel)(P...), A... arguments) {
  emulator::launch("kernel", 1, threads, shared, kernel, arguments...);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? "" : cudaGetErrorString(error);
}

// Whether out [64, n] is rows * weight, summed over steps of `depth`.
template <class E>
bool is_product(const float* out, const std::vector<E>& rows, const std::vector<E>& weight, int n,
                int steps, int depth) {
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < n; ++c) {
      float sum = 0;
      for (int s = 0; s < steps; ++s)
        for (int k = 0; k < depth; ++k)
          sum += to_float(rows[static_cast<size_t>((s * kRows + r) * depth + k)]) *
                 to_float(weight[static_cast<size_t>((s * n + c) * depth + k)]);
      if (out[r * n + c] != sum) return false;
    }
  return true;
}

template <class E, int kN>
void test_pipeline(const char* name, const std::vector<std::pair<Mistake, const char*>>& cases) {
  const auto rows = whole_numbers<E>(kSteps * kRows * kSwizzledRow, 7);
  const auto weight = whole_numbers<E>(kSteps * kN * kSwizzledRow, 3);
  std::vector<E> packed(weight.size());
  for (int i = 0; i < static_cast<int>(packed.size()); ++i)
    packed[static_cast<size_t>(i / (kN * kSwizzledRow) * kN * kSwizzledRow +
                               swizzled(i / kSwizzledRow % kN, i % kSwizzledRow))] =
        weight[static_cast<size_t>(i)];
  E *left = upload(rows), *right = upload(packed);
  float* out = upload(std::vector<float>(kRows * kN));
  for (const auto& [mistake, text] : cases) {
    const std::string found =
        run(2 * kWarpgroup, sizeof(Stage<E, kN>), multiply_pipeline<E, kN>,
            static_cast<const E*>(left), static_cast<const E*>(right), out, mistake);
    const std::string test = std::string(name) + ", mistake " +
                             std::to_string(static_cast<int>(mistake));
    if (mistake == Mistake::kNone) {
      expect(test.c_str(), found.empty(), found);
      expect(test.c_str(), is_product(out, rows, weight, kN, kSteps, kSwizzledRow), "other sums");
    } else {
      expect(test.c_str(), found.find(text) != std::string::npos, '"' + found + '"');
    }
  }
  for (void* data : {static_cast<void*>(left), static_cast<void*>(right), static_cast<void*>(out)})
    cudaFree(data);
}

void test_layouts() {
  const auto rows = whole_numbers<F16>(kRows * 16, 7), weight = whole_numbers<F16>(64 * 16, 3);
  F16 *left = upload(rows), *right = upload(weight);
  float* out = upload(std::vector<float>(kRows * 64));
  for (int mode = 0; mode < 4; ++mode) {
    const std::string text =
        run(kWarpgroup, 2 * kRows * 128, multiply_once, mode, static_cast<const F16*>(left),
            static_cast<const F16*>(right), out);
    expect("a layout", text.empty(), text);
    expect("a layout", is_product(out, rows, weight, 64, 1, 16), "other sums");
  }
  cudaFree(left);
  cudaFree(right);
  cudaFree(out);
}

}  // namespace

int test_warpgroups() {
  test_layouts();
  test_pipeline<Bf16, 96>("bf16", {{Mistake::kNone, ""}});
  test_pipeline<F16, 256>("f16 x 256", {{Mistake::kNone, ""}});
  test_pipeline<F16, 64>(
      "f16", {{Mistake::kNone, ""},
              {Mistake::kNoPublish, "did not publish"},
              {Mistake::kPublishBeforeWait, "did not publish"},
              {Mistake::kNoBegin, "before wgmma.fence"},
              {Mistake::kOddParity, "race: reads 16 bytes"},
              {Mistake::kNoFullWait, "race: reads 16 bytes"},
              {Mistake::kNoFreeWait, "more than the 129 arrivals"},
              {Mistake::kEarlyFree, "that a product of warp 4 may still read"},
              {Mistake::kManyArrivals, "more than the 128 arrivals"},
              {Mistake::kFewArrivals, "for phase 0 of barrier number 0"},
              {Mistake::kManyBytes, "threads wait for each other"},
              {Mistake::kBarrierNotPublished, "a barrier that was not published"},
              {Mistake::kHalfPattern, "does not begin at a multiple of 1024 bytes"},
              {Mistake::kManyRegisters, "registers a thread are more than the block has left"},
              {Mistake::kNone, ""}});
  return failures;
}
