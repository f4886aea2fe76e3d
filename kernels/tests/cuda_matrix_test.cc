// Tests of the emulator's matrix instructions and asynchronous copies: products against plain
// loops, and a copy that is not waited for, or not fenced by a barrier, must not go unseen.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "launch.hpp"
#include "mma.cuh"

namespace {

using namespace vmk;

int failures = 0;

void expect(const char* test, bool ok, const std::string& found) {
  if (ok) return;
  ++failures;
  std::fprintf(stderr, "%s: found %s\n", test, found.c_str());
}

// ---- copies ----

enum class Mistake { kNone, kNoWait, kNoBarrier, kEarlyCopy };

// Reverses 64 quadruples through shared memory.
void reverse_copied(const int4* from, int4* to, Mistake mistake) {
  __shared__ int4 values[64];
  if (mistake == Mistake::kEarlyCopy) values[63 - threadIdx.x].x = 1;
  copy_16(&values[threadIdx.x], from + threadIdx.x, true);
  commit_copies();
  if (mistake != Mistake::kNoWait) wait_copies<0>();
  if (mistake != Mistake::kNoBarrier) __syncthreads();
  to[threadIdx.x] = values[63 - threadIdx.x];
}

void fill_with_zeros(int4* to) {
  __shared__ int4 values[32];
  copy_16(&values[threadIdx.x], nullptr, false);
  commit_copies();
  wait_copies<0>();
  to[threadIdx.x] = values[threadIdx.x];
}

template <class... P, class... A>
std::string run(int threads, void (*kernel)(P...), A... arguments) {
  emulator::launch("kernel", 1, threads, 0, kernel, arguments...);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? "" : cudaGetErrorString(error);
}

void test_copies() {
  void *from = nullptr, *to = nullptr;
  cudaMalloc(&from, 1024);
  cudaMalloc(&to, 1024);
  std::vector<int> values(256);
  for (int i = 0; i < 256; ++i) values[static_cast<size_t>(i)] = i;
  cudaMemcpyAsync(from, values.data(), 1024, cudaMemcpyHostToDevice, nullptr);
  const auto reverse = [&](Mistake mistake) {
    return run(64, reverse_copied, static_cast<const int4*>(from), static_cast<int4*>(to), mistake);
  };
  std::string text = reverse(Mistake::kNone);
  expect("a copy", text.empty() && static_cast<int*>(to)[0] == 252, text);
  text = reverse(Mistake::kNoBarrier);
  expect("no barrier", text.find("shared memory") != std::string::npos, text);
  text = reverse(Mistake::kEarlyCopy);
  expect("an early copy", text.find("race") != std::string::npos, text);
  text = reverse(Mistake::kNoWait);
  expect("no wait", !text.empty() || static_cast<int*>(to)[0] == -1, text);
  text = run(32, fill_with_zeros, static_cast<int4*>(to));
  expect("zeros", text.empty() && static_cast<int*>(to)[127] == 0, text);
  cudaFree(from);
  cudaFree(to);
}

// ---- products ----

// out [16, 8] = a [16, kDepth] * b [kDepth, 8], through shared memory as the tiles do it.
template <class E>
void product(const E* a, const E* b, float* out) {
  constexpr int kDepth = 32 / static_cast<int>(sizeof(E)), kWide = 16;
  __shared__ __align__(16) E rows[16 * kDepth];
  __shared__ __align__(16) E weight[kDepth * kWide];
  const auto lane = static_cast<int>(threadIdx.x);
  for (int i = lane; i < 16 * kDepth; i += 32) rows[i] = a[i];
  for (int i = lane; i < kDepth * kWide; i += 32)
    weight[i] = i % kWide < 8 ? b[i / kWide * 8 + i % kWide] : E{};
  __syncthreads();
  uint32_t left[4], right[2];
  load_matrices<false>(left, rows + lane % 16 * kDepth + lane / 16 * kDepth / 2);
  if constexpr (sizeof(E) == 2) {
    uint32_t four[4];
    load_matrices<true>(four, weight + lane % 16 * kWide + lane / 16 * 8);
    right[0] = four[0];
    right[1] = four[1];
  } else {
    for (int i = 0; i < 2; ++i)
      right[i] = static_cast<uint32_t>(
          __float_as_int(to_float(weight[(lane % 4 + i * 4) * kWide + lane / 4])));
  }
  float sum[4] = {1, 1, 1, 1};
  multiply<E>(sum, left, right);
  for (int i = 0; i < 4; ++i) out[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = sum[i];
}

template <class E>
void test_product(const char* name) {
  constexpr int kDepth = 32 / static_cast<int>(sizeof(E));
  std::vector<E> a(16 * kDepth), b(kDepth * 8);
  // Small whole numbers: every type holds them, and their sums are exact.
  for (size_t i = 0; i < a.size(); ++i) from_float(static_cast<float>(i * 7 % 11) - 5, a[i]);
  for (size_t i = 0; i < b.size(); ++i) from_float(static_cast<float>(i * 5 % 13) - 6, b[i]);
  void *left = nullptr, *right = nullptr, *out = nullptr;
  cudaMalloc(&left, a.size() * sizeof(E));
  cudaMalloc(&right, b.size() * sizeof(E));
  cudaMalloc(&out, 16 * 8 * sizeof(float));
  cudaMemcpyAsync(left, a.data(), a.size() * sizeof(E), cudaMemcpyHostToDevice, nullptr);
  cudaMemcpyAsync(right, b.data(), b.size() * sizeof(E), cudaMemcpyHostToDevice, nullptr);
  const std::string text = run(32, product<E>, static_cast<const E*>(left),
                               static_cast<const E*>(right), static_cast<float*>(out));
  expect(name, text.empty(), text);
  for (size_t r = 0; r < 16; ++r)
    for (size_t c = 0; c < 8; ++c) {
      float sum = 1;
      for (size_t k = 0; k < kDepth; ++k) sum += to_float(a[r * kDepth + k]) * to_float(b[k * 8 + c]);
      const float found = static_cast<float*>(out)[r * 8 + c];
      expect(name, found == sum, std::to_string(found) + " instead of " + std::to_string(sum));
    }
  cudaFree(left);
  cudaFree(right);
  cudaFree(out);
}

}  // namespace

int test_matrices() {
  test_copies();
  test_product<F16>("f16");
  test_product<Bf16>("bf16");
  test_product<Tf32>("tf32");
  return failures;
}
